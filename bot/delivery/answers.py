"""What a command or a button is answered with: the facts of a row, with what the tables say by now, as a message."""

from collections.abc import Callable

from bot.storage.store import Store
from bot.text import answers, lists, options
from bot.text.message import Message
from bot.tracking.choices import Choices, usual
from bot.tracking.gateways import Gateways
from bot.tracking.lists import Which
from bot.tracking.model import Delivery, OutboxKind


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
        if facts["say"] == "list":
            return await self._list(row, language)
        if facts["say"] == "choices":
            return options.panel(await self._place(row), facts["page"], language)
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
