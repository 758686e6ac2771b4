"""What a command or a button is answered with: the facts of a row, with what the tables say by now, as a message."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.delivery.links import expires_at
from bot.storage.store import Store
from bot.text import answers, details, doors, forgetting, lists, options, programs
from bot.text.catalogue import language_of
from bot.text.message import Message
from bot.tracking.choices import Choices, usual
from bot.tracking.gateways import Gateways
from bot.tracking.lists import Which
from bot.tracking.model import Delivery, OutboxKind, Task
from bot.tracking.programs import Secrets
from providers.base import OutputKind

# Of those who were let in from inside.
GUESTS_SHOWN = 30


class Answers:
    """Makes the message of rows that are about no subscription: answers, panels, notices, toasts.

    `clock` gives epoch seconds; `secrets` makes what rows never hold.
    """

    def __init__(
        self, store: Store, gateways: Gateways, clock: Callable[[], float], secrets: Secrets, default_language: str
    ) -> None:
        self.default_language = default_language
        self._store = store
        self._gateways = gateways
        self._clock = clock
        self._secrets = secrets
        self._panels: Mapping[str, Callable[[Delivery, str], Awaitable[Message]]] = {
            "guests": self._guests,
            "forget": self._forget,
            "list": self._list,
            "choices": self._choices,
            "status": self._status,
            "token": self._token,
            "tokens": self._tokens,
        }

    async def choices(self, row: Delivery) -> Choices:
        """What the row's topic has chosen, always with a language; it may be all that the row itself still knows."""
        chosen = await self._store.choices(row.chat_id, row.thread_id)
        # A language that was chosen once may not be there any more.
        language = language_of(row.facts.get("speaks")) or language_of(chosen.language)
        return replace(chosen, language=language or self.default_language)

    async def message(self, row: Delivery, choices: Choices) -> Message:
        """The row's message, in the chosen language."""
        language, facts = str(choices.language), row.facts
        if row.kind is OutboxKind.NOTICE:
            return answers.notice(facts, self._gateways.title(facts["provider"]), language)
        if facts["say"] in doors.MESSAGES:
            return doors.MESSAGES[facts["say"]](facts, language)
        if facts["say"] in self._panels:
            return await self._panels[facts["say"]](row, language)
        return answers.reply(facts, ", ".join(self._gateways.names), language)

    async def _guests(self, _: Delivery, language: str) -> Message:
        return doors.guests(await self._store.let_in(GUESTS_SHOWN), language)

    async def _forget(self, row: Delivery, language: str) -> Message:
        return forgetting.question(row.facts, language)

    async def _choices(self, row: Delivery, language: str) -> Message:
        return options.panel(await self._place(row), row.facts["page"], language)

    async def _token(self, row: Delivery, language: str) -> Message:
        program = await self._store.programs.numbered(int(row.facts["token"]))
        if program is None:  # revoked before it was shown
            return programs.gone(language)
        is_here = (row.chat_id, row.thread_id) == (program.chat_id, program.thread_id)
        return programs.token(program, self._secrets, language, is_here=is_here)

    async def _tokens(self, row: Delivery, language: str) -> Message:
        return programs.panel(await self._store.programs.of_chat(row.chat_id, row.thread_id), language)

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

    async def _status(self, row: Delivery, language: str) -> Message:
        facts = row.facts
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
