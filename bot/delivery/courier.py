"""Carries one row of the outbox to its chat: renders the facts as they are at that moment, sends or edits.

Whatever goes wrong is raised as a `DeliveryError`; when to try again is the sender's business.
"""

import hashlib
from collections.abc import Callable

import structlog
from structlog.contextvars import bind_contextvars

from bot.delivery.albums import Albums
from bot.delivery.answers import Answers
from bot.delivery.errors import DeliveryError
from bot.delivery.headers import Headers
from bot.delivery.results import Results
from bot.delivery.stats import StatsAnswer
from bot.delivery.steps import Steps
from bot.delivery.stock import Stock
from bot.delivery.subject import Subject
from bot.delivery.telegram import Telegram
from bot.storage.store import Store
from bot.text import answers as replies
from bot.text import cards, doors, ends
from bot.text.message import Message
from bot.tracking.choices import Notify
from bot.tracking.estimates import Timing, kind_of, next_look, timing
from bot.tracking.gateways import Gateways
from bot.tracking.model import Delivery, OutboxKind, OutboxState, Subscription
from bot.tracking.results import parts

log = structlog.stdlib.get_logger(__name__)


class Courier:
    """Delivers rows for whoever calls `carry`; several calls may run side by side, one for each row.

    `clock` gives epoch seconds.
    """

    def __init__(
        self,
        store: Store,
        telegram: Telegram,
        stock: Stock,
        gateways: Gateways,
        clock: Callable[[], float],
        answers: Answers,
    ) -> None:
        self._store = store
        self._telegram = telegram
        self._steps = Steps(store, telegram, clock)
        self._results = Results(telegram, stock, self._steps)
        self._albums = Albums(telegram, stock, self._steps)
        self._headers = Headers(stock, self._steps)
        self._answers = answers
        self._stats = StatsAnswer(store, telegram, self._steps, gateways, clock)
        self._gateways = gateways
        self._clock = clock

    async def carry(self, row: Delivery) -> None:
        """Brings the row to its chat and records that. Raises `DeliveryError` if it is not through."""
        if row.subscription_id is None:
            await self._answer(row)
            return
        subject = await self._subject(row, row.subscription_id)
        if subject is None:
            return  # forgotten meanwhile, and the row with it
        bind_contextvars(task=subject.task.external_id, provider=subject.task.speaker)
        match row.kind:
            case OutboxKind.CARD:
                await self._show_card(row, subject)
            case OutboxKind.REACTION:
                await self._react(row)
            case OutboxKind.HEADER:
                await self._headers.show(row, subject)
            case OutboxKind.ALBUM:
                await self._albums.show(row, subject)
            case _:
                await self._results.show(row, subject)

    def wind_up(self) -> None:
        """What is under way may finish; nothing that would have to be finished is begun."""
        self._steps.stop_sending()

    async def refuse(self, origin: Subscription, language: str | None, *, may_ask: bool) -> None:
        """Tells somebody who is not let in; nothing of it is stored, and if it fails nothing is lost."""
        language = language or self._answers.default_language
        await self._mention(origin, doors.refusal(origin.user_id, language, may_ask=may_ask))

    async def slow_down(self, origin: Subscription, language: str | None) -> None:
        """Tells somebody whose commands are dropped; as little is stored of it."""
        await self._mention(origin, doors.slow_down(language or self._answers.default_language))

    async def dismiss(self, query_id: str, say: str, language: str | None) -> None:
        """Answers a press that leads nowhere; nothing of it is stored either."""
        facts = {"say": say}
        words = replies.toast(facts, language or self._answers.default_language)
        try:
            await self._telegram.answer_press(query_id, words, alert=replies.is_alert(facts))
        except DeliveryError as error:
            log.info("a press was not answered", error=error)

    async def _mention(self, origin: Subscription, message: Message) -> None:
        try:
            await self._telegram.send_text(
                origin.chat_id, origin.thread_id, message, reply_to=origin.request_message_id, silent=False
            )
        except DeliveryError as error:
            log.info("a message at the gate did not go out", chat=origin.chat_id, error=error)

    async def _say(self, row: Delivery, message: Message, *, silent: bool) -> None:
        if not row.message_ids:
            await self._steps.send_text(row, message, silent=silent)
        await self._steps.finish(row)

    async def _answer(self, row: Delivery) -> None:
        choices = await self._answers.choices(row)
        if row.kind is OutboxKind.TOAST:
            words = replies.toast(row.facts, str(choices.language))
            await self._telegram.answer_press(row.facts["query"], words, alert=replies.is_alert(row.facts))
            await self._steps.finish(row)
            return
        if row.facts.get("say") == "stats":
            if not row.message_ids:
                await self._stats.show(row, str(choices.language))
            await self._steps.finish(row)
            return
        message = await self._answers.message(row, choices)
        if "panel" in row.facts:
            await self._telegram.edit_text(row.chat_id, int(row.facts["panel"]), message)
            await self._steps.finish(row)
            return
        await self._say(row, message, silent=False)

    async def _react(self, row: Delivery) -> None:
        """What has become of all that the person's message asked for, as the bot's one reaction to it."""
        # Those whose message has no number any more have nothing to hang an emoji on.
        found = await self._store.reactions_due(row.chat_id, row.reply_to) if row.reply_to else []
        emoji = ends.reaction([task for _, _, task in found]) or row.look
        if emoji != row.look:
            await self._telegram.react(row.chat_id, row.reply_to, emoji)
        said = {row.id: row.wanted, **{row_id: wanted for row_id, wanted, _ in found}}
        await self._steps.finish_reactions(said, emoji)

    async def _show_card(self, row: Delivery, subject: Subject) -> None:
        task, subscription = subject.task, subject.subscription
        times, look_again_at = self._times(subject)
        message = cards.card(task, subscription, subject.title, subject.asked, subject.language, times)
        look = hashlib.sha256(repr(message).encode("utf-8", "replace")).hexdigest()[:16]
        is_in_doubt = row.state is OutboxState.DOUBT and not row.message_ids
        if is_in_doubt and task.ending and parts(task):
            log.info("a card in doubt is not repeated, the result says it all")
        elif not row.message_ids:
            await self._steps.send_text(row, message, silent=True)
        elif look != row.look:
            await self._telegram.edit_text(row.chat_id, row.message_ids[0], message)
        await self._steps.finish(row, look, look_again_at)

    def _times(self, subject: Subject) -> tuple[Timing | None, float | None]:
        """The times that the card may speak of while the gateway is at it, and when it is to be looked at again.

        Where a chat does not want every step, nobody looks again, and only what stays true is said.
        """
        task = subject.task
        if task.snapshot is None or task.ending is not None or subject.subscription.stopped:
            return None, None
        times = timing(task, self._store.forecasts.expect(*kind_of(task)), subject.now)
        if subject.choices.notify is not Notify.ALL:
            return times.lasting, None
        return times, subject.now + next_look(times.quiet)

    async def _subject(self, row: Delivery, subscription_id: int) -> Subject | None:
        found = await self._store.subject(subscription_id)
        if found is None:
            return None
        subscription, task = found
        rows = self._gateways.candidates("" if task.is_located else task.provider, task.kind)
        asked = ", ".join(dict.fromkeys(self._gateways.title(row[0].provider) for row in rows))
        title = self._gateways.title(task.speaker)
        return Subject(task, subscription, title, asked, await self._answers.choices(row), self._clock())
