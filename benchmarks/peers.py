"""What people use instead: a job of python-telegram-bot's JobQueue for each task, or an asyncio task for each."""

import asyncio
import logging

import httpx
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from telegram.ext import Application, CallbackContext

from benchmarks.contest import INTERVAL, PATIENCE, Contest, run
from benchmarks.gateway import task_id

HEADERS = {"Authorization": "Bearer bench"}


async def by_jobs(contest: Contest) -> None:
    """A job for each task, and one httpx client for all of them."""
    application = Application.builder().token("1:bench").updater(None).build()
    queue = application.job_queue
    assert queue, "APScheduler is not installed"
    async with httpx.AsyncClient(headers=HEADERS, timeout=PATIENCE) as client:

        async def ask(context: CallbackContext) -> None:  # type: ignore[type-arg]
            assert context.job
            await _ask(client, contest, int(str(context.job.data)))

        def skip(_: object) -> None:
            contest.failed += 1

        # What it is too late for it leaves out, with a line of the log for each.
        queue.scheduler.add_listener(skip, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        await contest.begin()
        await queue.start()
        for number in range(contest.count):
            queue.run_repeating(ask, INTERVAL, first=contest.first(number), data=number)
        await asyncio.Event().wait()


async def by_tasks(contest: Contest) -> None:
    """Each task asks, sleeps and asks again, so its period is the interval and the answer's time."""
    async with httpx.AsyncClient(headers=HEADERS, timeout=PATIENCE) as client:

        async def follow(number: int) -> None:
            await asyncio.sleep(contest.first(number))
            while True:
                await _ask(client, contest, number)
                await asyncio.sleep(INTERVAL)

        await contest.begin()
        await asyncio.gather(*(follow(number) for number in range(contest.count)))


async def _ask(client: httpx.AsyncClient, contest: Contest, number: int) -> None:
    try:
        answer = await client.get(f"{contest.server}/v1/videos/{task_id(number)}")
        contest.failed += answer.json()["status"] != "in_progress"
    except (httpx.HTTPError, ValueError, KeyError):
        contest.failed += 1


if __name__ == "__main__":
    run({"jobs": by_jobs, "tasks": by_tasks})
