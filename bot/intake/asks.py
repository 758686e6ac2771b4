"""What a person said or pressed, read from Telegram's objects into plain values for the commands and the buttons."""

import re
from dataclasses import dataclass

from telegram import CallbackQuery, InlineQuery, Message, MessageEntity, User
from telegram.constants import ChatType

from bot.text.catalogue import language_of
from bot.tracking.gallery import Search
from bot.tracking.model import Subscription
from bot.tracking.seal import Seal

_COMMAND = re.compile(r"/([A-Za-z0-9_]+)(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)
_SET_APART = frozenset({MessageEntity.CODE, MessageEntity.PRE})
_DIGITS = 18  # of a number that SQLite can hold
_DATA = re.compile(r"([a-z]+)(?::([^\x00-\x1f]*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What every turn of a person has: the place and the person, and how their app speaks to them.

    `thread_id` 0 is no topic; `language` is one of ours, or None. `sender_chat_id`: the chat in whose name an
    anonymous admin acts, else 0. `is_chat_admin`: whether the person decides for the chat; always in private.
    """

    chat_id: int
    thread_id: int = 0
    user_id: int = 0
    message_id: int = 0
    name: str = ""
    language: str | None = None
    sender_chat_id: int = 0
    is_chat_admin: bool = False

    @property
    def origin(self) -> Subscription:
        """The place an answer goes to, and the wish that a subscription is made from."""
        return Subscription(0, 0, self.chat_id, self.thread_id, self.user_id, self.message_id)

    @property
    def is_private(self) -> bool:
        return self.chat_id > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Turn):
    """One message to the bot: its command and what followed it.

    `command` "" is no command and `arguments` then the whole text, `addressee` "" is no bot in particular. `quoted`:
    the text that it replies to, the likeliest part first; empty without a reply. `author`: the person who wrote that,
    0 for nobody, for a bot and for a chat.
    """

    command: str = ""
    addressee: str = ""
    arguments: str = ""
    quoted: tuple[str, ...] = ()
    author: int = 0
    author_name: str = ""
    chat_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press(Turn):
    """One button that was pressed: `message_id` is the message below which it hangs, `query_id` wants an answer."""

    query_id: str
    verb: str
    argument: str = ""


def command_in(text: str) -> tuple[str, str, str]:
    """The command, whom it is addressed to, both in lower case, and what follows; without a command ("", "", text)."""
    found = _COMMAND.fullmatch(text.strip())
    command, addressee, arguments = found.groups(default="") if found else ("", "", text)
    return command.lower(), addressee.lower(), arguments


def read_message(message: Message) -> Ask:
    """The message as the commands understand it; the caption of a file is its text."""
    command, addressee, arguments = command_in(message.text or message.caption or "")
    user, author = message.from_user, _author(message)
    return Ask(
        chat_id=message.chat_id,
        # A reply in a plain group carries a thread id too, which no topic of the group has.
        thread_id=(message.message_thread_id or 0) if message.is_topic_message else 0,
        user_id=user.id if user else 0,
        message_id=message.message_id,
        name=_name(user),
        language=language_of(user.language_code) if user else None,
        sender_chat_id=message.sender_chat.id if message.sender_chat else 0,
        is_chat_admin=message.chat.type == ChatType.PRIVATE,
        command=command,
        addressee=addressee,
        arguments=arguments,
        quoted=_quoted(message),
        author=author.id if author else 0,
        author_name=_name(author),
        chat_title=message.chat.title or "",
    )


def read_press(query: CallbackQuery, seal: Seal) -> Press | None:
    """The button as it was made; None where this bot never put such a button into that chat."""
    message = query.message
    if message is None:
        return None
    data = _DATA.fullmatch(seal.opened(query.data or "", message.chat.id) or "")
    if data is None:
        return None
    is_in_topic = isinstance(message, Message) and message.is_topic_message
    return Press(
        chat_id=message.chat.id,
        thread_id=(message.message_thread_id or 0) if isinstance(message, Message) and is_in_topic else 0,
        user_id=query.from_user.id,
        message_id=message.message_id,
        name=_name(query.from_user),
        language=language_of(query.from_user.language_code),
        is_chat_admin=message.chat.type == ChatType.PRIVATE,
        query_id=query.id,
        verb=data[1],
        argument=data[2] or "",
    )


def read_search(query: InlineQuery, *, is_let_in: bool) -> Search:
    """What somebody types behind the bot's name in some chat."""
    language = language_of(query.from_user.language_code)
    return Search(query.id, query.from_user.id, query.query, query.offset, language, is_let_in)


def number_in(argument: str) -> int:
    """The number of a row that a button names; 0, which no row has, for everything else."""
    return int(argument) if argument.isascii() and argument.isdigit() and len(argument) <= _DIGITS else 0


def _name(user: User | None) -> str:
    """How the person calls themselves: not unique, and not to be trusted."""
    if user is None:
        return ""
    return f"{user.full_name} (@{user.username})" if user.username else user.full_name


def _replied(message: Message) -> Message | None:
    """Every message in a topic is formally a reply to the one that opened it."""
    replied = message.reply_to_message
    return None if replied is None or replied.forum_topic_created else replied


def _author(message: Message) -> User | None:
    """The person behind the message that it replies to; who speaks in the name of a chat has none."""
    replied = _replied(message)
    if replied is None or replied.sender_chat or replied.from_user is None or replied.from_user.is_bot:
        return None
    return replied.from_user


def _quoted(message: Message) -> tuple[str, ...]:
    """What the message replies to: first what was picked out of it, last all of it."""
    parts = [message.quote.text] if message.quote else []
    replied = _replied(message)
    if replied:
        entities = {**replied.parse_entities(), **replied.parse_caption_entities()}
        if replied.from_user and replied.from_user.is_bot:
            # Bots set IDs apart from the names of models beside them; this one does.
            parts.append("\n".join(text for entity, text in entities.items() if entity.type in _SET_APART))
        links = [entity.url for entity in entities if entity.url]
        parts.append("\n".join([replied.text or replied.caption or "", *links]))
    return tuple(parts)
