"""The queue of updates with Telegram's long poll; knows nothing of what the updates say."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.refusal import CONFLICT, ApiError

_SILENT_UNLESS_ASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_MAX_TIMEOUT = 50
_MAX_LIMIT = 100
_OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_WEBHOOK_SET = "Conflict: terminated by setWebhook request"
_UNDISTURBED = ""
QUERY_LIFE = 150.0

Update = Mapping[str, Any]


class Updates:
    """Updates wait here until a later offset confirms them. One poller at a time: a new one ends the old one.

    `news` is set when there may be something to tell a webhook.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.news = asyncio.Event()
        self._clock = clock
        self._waiting: list[dict[str, Any]] = []
        self._last_id = 100_000
        self._allowed: frozenset[str] | None = None
        self._poller: asyncio.Future[str] | None = None
        self._queries: dict[str, float] = {}

    @property
    def pending(self) -> int:
        """How many updates nobody has confirmed yet."""
        return len(self._waiting)

    @property
    def allowed(self) -> list[str]:
        """The kinds of update asked for; empty means Telegram's default."""
        return sorted(self._allowed or ())

    def push(self, kind: str, body: Any) -> int:
        """Queue an update and wake the poller; its id is used up even where nobody wants the kind."""
        self._last_id += 1
        if self._wanted(kind):
            self._waiting.append({"update_id": self._last_id, kind: body})
            self._wake(_UNDISTURBED)
            self.news.set()
        return self._last_id

    def ask(self, query_id: str) -> None:
        """Remember when a button was pressed, so that a late answer can be refused."""
        self._queries[query_id] = self._clock()

    def is_open(self, query_id: str) -> bool:
        """Whether a callback query may still be answered."""
        return self._clock() - self._queries.get(query_id, float("-inf")) < QUERY_LIFE

    def allow(self, kinds: Sequence[str] | None) -> None:
        """`allowed_updates`: None keeps what was set before, an empty list is the default."""
        if kinds is not None:
            self._allowed = frozenset(kinds) or None

    def drop(self) -> None:
        """Forget everything that waits."""
        self._waiting.clear()

    async def get(self, offset: int, limit: int, timeout: float) -> list[Update]:  # noqa: ASYNC109 - Telegram's word
        """One getUpdates: confirms what lies before `offset`, then waits up to `timeout` seconds for more."""
        self._wake(_OTHER_POLLER)
        self._confirm(offset)
        count = min(max(limit, 1), _MAX_LIMIT)
        if not self._waiting and timeout > 0:
            await self._wait(min(timeout, _MAX_TIMEOUT))
        return list(self._waiting[:count])

    def release(self) -> None:
        """End the long poll that is under way, so that the server can stop."""
        self._wake(_UNDISTURBED)

    def cut(self) -> None:
        """End the long poll that is under way, because a webhook is set."""
        self._wake(_WEBHOOK_SET)

    def waiting(self) -> Sequence[Update]:
        """What nobody has confirmed yet, in order."""
        return self._waiting

    def settle(self, update: Update) -> None:
        """Somebody has taken this one."""
        self._waiting = [other for other in self._waiting if other is not update]

    def _wanted(self, kind: str) -> bool:
        return kind in self._allowed if self._allowed is not None else kind not in _SILENT_UNLESS_ASKED

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._waiting = self._waiting[offset:]
        else:
            self._waiting = [update for update in self._waiting if update["update_id"] >= offset]

    async def _wait(self, seconds: float) -> None:
        poller: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._poller = poller
        try:
            disturbed = await asyncio.wait_for(poller, seconds)
        except TimeoutError:
            return
        finally:
            if self._poller is poller:
                self._poller = None
        if disturbed:
            raise ApiError(CONFLICT, disturbed)

    def _wake(self, why: str) -> None:
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(why)
        self._poller = None
