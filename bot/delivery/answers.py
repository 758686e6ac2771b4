"""What a command or a button is answered with: the facts of a row, with what the tables say by now, as a message."""

from collections.abc import Callable

from bot.delivery.links import expires_at
from bot.storage.store import Store
from bot.text import answers, details, doors, forgetting, lists, options
from bot.text.message import Message
from bot.tracking.choices import Choices, usual
from bot.tracking.gateways import Gateways
from bot.tracking.lists import Which
from bot.tracking.model import Delivery, OutboxKind, Task
from providers.base import OutputKind

# Of those who were let in from inside.
GUESTS_SHOWN = 30


class Answers:
    """Makes the message of rows that are about no subscription: answers, panels, notices, toasts.

    `clock` gives epoch seconds.
    """

    def __init__(self, store: Store, gateways: Gateways, clock: Callable[[], float]) -> None:
        self._store = store
        self._gateways = gateways
        self._clock = clock

    async def message(self, row: Delivery, choices: Choices) -> Message:
        """The row's message, in the chosen language."""
        language, facts = str(choices.language), row.facts
        if row.kind is OutboxKind.NOTICE:
            return answers.notice(facts, self._gateways.title(facts["provider"]), language)
        if facts["say"] in doors.MESSAGES:
            return doors.MESSAGES[facts["say"]](facts, language)
        if facts["say"] == "guests":
            return doors.guests(await self._store.let_in(GUESTS_SHOWN), language)
        if facts["say"] == "forget":
            return forgetting.question(facts, language)
        if facts["say"] == "list":
            return await self._list(row, language)
        if facts["say"] == "choices":
            return options.panel(await self._place(row), facts["page"], language)
        if facts["say"] == "status":
            return await self._status(facts, language)
        return answers.reply(facts, ", ".join(self._gateways.names), language)

    async def _place(self, row: Delivery) -> options.Place:
        is_topic = row.thread_id != 0
        return options.Place(
            own=await self._store.chosen(row.chat_id, row.thread_id),
            beyond=await self._store.choices(row.chat_id, 0) if is_topic else usual(row.chat_id),
            is_topic=is_topic,
            is_private=row.chat_id > 0,
            providers={provider.name: provider.title for provider in self._gateways.providers},
        )

    async def _list(self, row: Delivery, language: str) -> Message:
        which, number = Which(row.facts.get("which", Which.ALL)), int(row.facts.get("page", "1"))
        page = await self._store.followed_in(row.chat_id, row.thread_id, which, number)
        titles = tuple(self._gateways.title(task.speaker) for _, task in page.entries)
        return lists.listing(page, titles, self._clock(), language)

    async def _status(self, facts: dict[str, str], language: str) -> Message:
        found = await self._store.subject(int(facts["subscription"]))
        if found is None:  # forgotten since it was asked for
            return answers.reply({"say": "not_followed", "not_followed": facts["id"]}, "", language)
        subscription, task = found
        known = details.Details(
            task,
            subscription,
            self._gateways.title(task.speaker),
            ", ".join(map(self._gateways.title, self._gateways.names)),
            accounts=len(self._gateways.candidates(task.provider)) if task.is_located else 0,
            since=await self._store.followed_since(subscription.id),
            links_die=_links_die(task),
            events=await self._store.latest_events(task.id, details.EVENTS),
            now=self._clock(),
        )
        return details.panel(known, language)


def _links_die(task: Task) -> float | None:
    if task.snapshot is None:
        return None
    urls = [output.url for output in task.snapshot.outputs if output.kind is not OutputKind.THUMBNAIL]
    return min(filter(None, map(expires_at, urls)), default=task.snapshot.expires_at)
