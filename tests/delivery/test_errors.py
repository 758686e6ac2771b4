import httpx
import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.delivery.errors import (
    BadButtons,
    BadText,
    ChatGone,
    ChatMoved,
    DeliveryError,
    EmptyUpload,
    FileTooLarge,
    HoldsMedia,
    InDoubt,
    NotAllowed,
    NotSent,
    Refused,
    Removed,
    RetryLater,
    TargetGone,
    TopicGone,
    Unchanged,
    classify,
)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Message is not modified: specified new message content and reply markup are exactly the same", Unchanged),
        ("Canceled by new edit message request", NotSent),
        ("Chat not found", ChatGone),
        ("Private chat not found", ChatGone),
        ("Message thread not found", TopicGone),
        ("Topic_closed", TopicGone),
        ("Message to edit not found", TargetGone),
        ("Message can't be edited", TargetGone),
        ("Group send failed", RetryLater),
        ("Wrong file identifier/http url specified", Refused),
        ("Failed to get http url content", Refused),
        ("Wrong type of the web page content", Refused),
        ("Photo_invalid_dimensions", Refused),
        ("Image_process_failed", Refused),
        ("Photo_save_file_invalid", Refused),
        ("Message caption is too long", BadText),
        ("Media_caption_too_long", BadText),
        ("Message is too long", BadText),
        ("Can't parse entities: unsupported start tag", BadText),
        ("File must be non-empty", EmptyUpload),
        ("There is no text in the message to edit", HoldsMedia),
        ("Not enough rights to send videos to the chat", NotAllowed),
        ("Chat_send_videos_forbidden", NotAllowed),
        ("Chat_send_plain_forbidden", ChatGone),
        ("Not enough rights to send text messages to the chat", ChatGone),
        ("Have no write access to the chat", ChatGone),
        ("Chat_write_forbidden", ChatGone),
        ("Peer_id_invalid", ChatGone),
        ("Topic_deleted", TopicGone),
        ("Message_id_invalid", TargetGone),
        ("Can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard", BadButtons),
        ("Inline keyboard button URL 'x' is invalid: Wrong HTTP URL", BadButtons),
        ("Button_data_invalid", BadButtons),
        ("Something that nobody has seen yet", Refused),
    ],
)
def test_what_telegram_says_no_to(text: str, meaning: type[DeliveryError]) -> None:
    assert type(classify(BadRequest(text))) is meaning


@pytest.mark.parametrize(
    "text",
    [
        "Forbidden: bot was blocked by the user",
        "Forbidden: user is deactivated",
        "Forbidden: bot was kicked from the supergroup chat",
        "Forbidden: bot can't initiate conversation with a user",
    ],
)
def test_chats_that_are_closed(text: str) -> None:
    assert type(classify(Forbidden(text))) is ChatGone


def caused(error: NetworkError, cause: Exception) -> NetworkError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (caused(NetworkError("x"), httpx.ConnectError("refused")), NotSent),
        (caused(TimedOut("x"), httpx.ConnectTimeout("slow")), NotSent),
        (TimedOut("Pool timeout: All connections are occupied. Request was *not* sent to Telegram."), NotSent),
        (caused(TimedOut("x"), httpx.ReadTimeout("x")), InDoubt),
        (caused(TimedOut("x"), httpx.WriteTimeout("x")), InDoubt),
        (caused(NetworkError("x"), httpx.ReadError("x")), InDoubt),
        (caused(NetworkError("x"), httpx.RemoteProtocolError("x")), InDoubt),
        (NetworkError("Bad Gateway"), InDoubt),
        (NetworkError("Internal Server Error: restart"), InDoubt),
        (NetworkError("Request Entity Too Large"), FileTooLarge),
        (NetworkError("Content Too Large (413)"), FileTooLarge),
        (NetworkError("Internal: sent message was immediately deleted and can't be returned"), Removed),
        (TelegramError("Invalid server response"), InDoubt),
        (KeyError("result"), InDoubt),
        (Conflict("x"), InDoubt),
    ],
)
def test_what_is_known_about_a_call_that_broke(error: Exception, meaning: type[DeliveryError]) -> None:
    assert type(classify(error)) is meaning


def test_a_wait_is_as_long_as_telegram_says() -> None:
    for error in (RetryAfter(7), NetworkError("Too Many Requests: retry after 7")):
        verdict = classify(error)
        assert isinstance(verdict, RetryLater)
        assert (verdict.after, verdict.everywhere) == (7, False)


def test_a_server_that_does_not_serve_the_token_pauses_everything() -> None:
    for text in ("Misdirected Request (421)", "Misdirected Request"):
        verdict = classify(NetworkError(text))
        assert isinstance(verdict, RetryLater)
        assert verdict.everywhere


def test_a_rejected_token_pauses_everything_and_is_not_repeated() -> None:
    verdict = classify(InvalidToken("The token `123:SECRET` was rejected by the server."))
    assert isinstance(verdict, RetryLater)
    assert verdict.everywhere
    assert "SECRET" not in str(verdict)


def test_a_group_that_moved_names_its_new_id() -> None:
    verdict = classify(ChatMigrated(-1005))
    assert isinstance(verdict, ChatMoved)
    assert verdict.chat_id == -1005
