"""What a command or a button is answered with: the facts of a row, with what the tables say by now, as a message."""

from bot.storage.store import Store
from bot.text import answers, options
from bot.text.message import Message
from bot.tracking.choices import Choices, usual
from bot.tracking.gateways import Gateways
from bot.tracking.model import Delivery, OutboxKind


class Answers:
    """Makes the message of rows that are about no subscription: answers, panels, notices, toasts."""

    def __init__(self, store: Store, gateways: Gateways) -> None:
        self._store = store
        self._gateways = gateways

    async def message(self, row: Delivery, choices: Choices) -> Message:
        """The row's message, in the chosen language."""
        language, facts = str(choices.language), row.facts
        if row.kind is OutboxKind.NOTICE:
            return answers.notice(facts, self._gateways.title(facts["provider"]), language)
        if facts["say"] == "list":
            found = await self._store.followed_in(row.chat_id, row.thread_id, answers.LIST_PAGE + 1)
            return answers.listing([(sub, task, self._gateways.title(task.speaker)) for sub, task in found], language)
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
