"""Somebody's own finished media: how it is searched for, and what is found. Plain values."""

from dataclasses import dataclass

from bot.tracking.model import Task

# What `/start` brings from the button that opens the bot where nothing was found.
OPENED = "inline"


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody types behind the bot's name in some chat. `offset`: where an earlier answer ended, "" at first.

    `is_let_in`: whether the person may use the bot; `language` is that of their app, if it is one of ours.
    """

    query_id: str
    user_id: int
    text: str
    offset: str
    language: str | None
    is_let_in: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a person's media: the subscription that brought it, and which output it is."""

    subscription_id: int
    output: int


@dataclass(frozen=True, slots=True)
class Find:
    """One output of a finished task that was delivered, and how Telegram holds it: `form` is video, photo, ..."""

    place: Place
    task: Task
    form: str
    file_id: str
