"""The ground that every poller starts from: a process of its own, told what to do on its standard input.

It says that it is ready before it knows any task; `go` starts it, `report` asks it for what only it can know. The rest
(processor time, memory, who was asked when) is looked at from outside.
"""

import asyncio
import gc
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping

INTERVAL = 5.0
# No more questions at once than an operator would allow, for whoever can bound them.
IN_FLIGHT = 1024
# One question and its whole answer, in seconds.
PATIENCE = 20.0
BLINK = 0.005


class Contest:
    """What one poller is to do: ask `server` about so many tasks, each every `INTERVAL` seconds.

    `errors` are questions without a proper answer, `facts` whatever else it has to say. With `watched` the longest time
    for which the event loop was kept from its work is measured, which costs processor time itself.
    """

    def __init__(self, server: str, count: int, *, watched: bool, database: str = "") -> None:
        self.server = server
        self.count = count
        self.database = database
        self.errors: Callable[[], int] = lambda: self.failed
        self.failed = 0
        self.facts: dict[str, float] = {}
        self._watched = watched
        self._blocked = 0.0
        self._going = asyncio.Event()

    async def begin(self) -> None:
        """To be awaited when everything stands but no task is known: memory is looked at now."""
        gc.collect()
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._obey, args=(loop,), daemon=True).start()
        print("ready", flush=True)
        await self._going.wait()
        if self._watched:
            self._blink(loop)

    def first(self, place: int) -> float:
        """Seconds after which that task is asked for first: they are spread over the interval."""
        return INTERVAL * place / self.count

    def _obey(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread, because the loop of some pollers comes to nothing else any more."""
        for line in sys.stdin:
            if line.strip() == "go":
                loop.call_soon_threadsafe(self._going.set)
            else:
                report = {"errors": self.errors(), "blocked_ms": self._blocked * 1000, **self.facts}
                print(json.dumps(report), flush=True)
        os._exit(0)  # also when whoever started it is no more

    def _blink(self, loop: asyncio.AbstractEventLoop) -> None:
        asked = time.monotonic()

        def open_eyes() -> None:
            self._blocked = max(self._blocked, time.monotonic() - asked - BLINK)
            self._blink(loop)

        loop.call_later(BLINK, open_eyes)


Poller = Callable[[Contest], Awaitable[None]]


def run(pollers: Mapping[str, Poller]) -> None:
    """`python -m benchmarks.… WHICH SERVER COUNT {watched,plain} [DATABASE]`."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    which, server, count, watched, *database = sys.argv[1:]

    async def poll() -> None:
        await pollers[which](Contest(server, int(count), watched=watched == "watched", database="".join(database)))

    asyncio.run(poll())
