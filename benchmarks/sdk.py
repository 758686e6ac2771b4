"""As the vendor's library offers it: `videos.poll` of openai, once for each task."""

import asyncio
import warnings

from openai import AsyncOpenAI, OpenAIError

from benchmarks.contest import INTERVAL, PATIENCE, Contest, run
from benchmarks.gateway import task_id


async def by_poll(contest: Contest) -> None:
    """It asks, sleeps and asks again by itself; after an error somebody has to begin anew."""
    warnings.simplefilter("ignore", DeprecationWarning)
    async with AsyncOpenAI(api_key="bench", base_url=f"{contest.server}/v1", timeout=PATIENCE) as client:

        async def follow(number: int) -> None:
            await asyncio.sleep(contest.first(number))
            while True:
                try:
                    await client.videos.poll(task_id(number), poll_interval_ms=int(INTERVAL * 1000))
                except OpenAIError:
                    contest.failed += 1
                    await asyncio.sleep(INTERVAL)

        await contest.begin()
        await asyncio.gather(*(follow(number) for number in range(contest.count)))


if __name__ == "__main__":
    run({"poll": by_poll})
