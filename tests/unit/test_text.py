import html
import re
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import answers, cards, details, ends
from bot.text.catalogue import CATALOGUES, cut, say
from bot.text.message import ActionButton, CopyButton, LinkButton, Message
from bot.tracking.estimates import Estimate, Timing
from bot.tracking.history import Event, What
from bot.tracking.model import Delivery, Ending, OutboxKind, OutboxState, Strike, Subscription, Task
from providers.base import Output, OutputKind, Snapshot, State, TaskError
from providers.failures import FailureKind
from tests.hostile import HOSTILE

LANGUAGES = sorted(CATALOGUES)
FOLLOWER = Subscription(1, 1, 7, 0, 7, 3)
VIDEO = Output(OutputKind.VIDEO, "https://x.example/v")
ANY_TEXT = (*HOSTILE, "\ud800")


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_with_the_same_placeholders(language: str) -> None:
    english, other = CATALOGUES["en"], CATALOGUES[language]
    assert set(other) == set(english)
    assert {key: fields(text) for key, text in other.items()} == {key: fields(text) for key, text in english.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_word_has_its_sentences(language: str) -> None:
    words = set(CATALOGUES[language])
    assert {f"trouble.{strike}" for strike in Strike} <= words
    assert {f"list.{ending}" for ending in (Ending.DEADLINE, Ending.NOT_FOUND)} <= words
    assert {f"failure.{kind}" for kind in FailureKind} <= words
    assert {f"card.{state}_known" for state in (State.FAILED, State.CANCELLED, State.EXPIRED)} <= words
    happened = {*State, *What, "running_at", *(f"trouble_{strike}" for strike in Strike)}
    assert {f"event.{what}" for what in happened} <= words
    assert {f"end.{state}" for state in State if state not in {State.QUEUED, State.RUNNING}} <= words
    assert {f"end.{kind}" for kind in OutputKind if kind is not OutputKind.THUMBNAIL} <= words


@pytest.mark.parametrize("text", ANY_TEXT)
def test_values_can_not_become_markup(text: str) -> None:
    said = say("en", "card.failed", message=text)
    assert "<" not in said
    assert "\u202e" not in said
    said.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone", "@|everyone"),
        ("/start@other_bot", "/|start@|other_bot"),
        ("see http://evil.test/x", "see http:|//evil.|test/x"),
        ("tg://user?id=1", "tg:|//user?id=1"),
        ("10.0.0.1/x", "10.|0.0.1/x"),
        ("#tag $USD me@evil.test", "#|tag $|USD me@|evil.|test"),
        ("seedance-2.0, 16/9, a/b & 5 $", "seedance-2.0, 16/9, a/b &amp; 5 $"),
        ("Done. And 3.5 more", "Done. And 3.5 more"),
    ],
)
def test_values_can_not_become_mentions_commands_or_links(text: str, shown: str) -> None:
    assert say("en", "card.failed", message=text) == f"❌ Failed: {shown.replace('|', chr(0x2060))}"
    assert "\u2060" not in say("en", "card.id", id=text)


@given(st.text())
def test_any_value_survives_as_text(text: str) -> None:
    said = say("en", "card.failed", message=text)
    assert not re.search(r"<|&(?!(?:amp|lt|gt|quot|#x27);)", said)
    html.unescape(said).encode()


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_cut_is_counted_as_telegram_counts(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert len(kept.encode("utf-16-le", "surrogatepass")) <= 2 * limit


def test_a_cut_splits_no_character() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcdef", 4) == "abc…"
    assert cut("a\U0001f600\U0001f600", 4) == "a\U0001f600…"


def task(snapshot: Snapshot | None = None, **values: object) -> Task:
    base = {"provider": "token360", "account": 0, "kind": "video", "external_id": "v_1", "created_at": 0.0}
    base |= {"changed_at": 0.0, "deadline": 1e9, "snapshot": snapshot, **values}
    return Task(id=1, **base)  # type: ignore[arg-type]


def shown(
    subject: Task,
    follower: Subscription = FOLLOWER,
    title: str = "Token360",
    language: str = "en",
    times: Timing | None = None,
) -> str:
    return cards.card(subject, follower, title, "APIPod, Token360", language, times).html


def test_the_card_of_a_whole_life() -> None:
    model = "seedance-2.0"
    assert shown(task(account=-1, provider=""), title="") == "🔎 Looking for this task…\n<code>v_1</code>"
    assert shown(task(Snapshot(State.QUEUED, model=model))) == (
        "<b>seedance-2.0</b> · Token360\n⏳ In the queue\n<code>v_1</code>"
    )
    assert shown(task(Snapshot(State.RUNNING, progress=42, model=model))) == (
        "<b>seedance-2.0</b> · Token360\n🎬 Rendering ▰▰▰▰▱▱▱▱▱▱ 42 %\n<code>v_1</code>"
    )
    done = Snapshot(State.SUCCEEDED, model=model, outputs=(Output(OutputKind.VIDEO, "https://x.example/v"),))
    assert shown(task(done, ending=Ending.DONE)) == "<b>seedance-2.0</b> · Token360\n✅ Done\n<code>v_1</code>"


def test_a_failure_tells_the_gateways_words() -> None:
    snapshot = Snapshot(State.FAILED, error=TaskError("Prompt <rejected>", "400"))
    assert "❌ Failed: Prompt &lt;rejected&gt; (code 400)" in shown(task(snapshot, ending=Ending.DONE))
    assert "失败：Prompt &lt;rejected&gt;（代码 400）" in shown(task(snapshot, ending=Ending.DONE), language="zh")
    assert "no reason" in shown(task(Snapshot(State.FAILED), ending=Ending.DONE))
    assert "Cancelled" in shown(task(Snapshot(State.CANCELLED), ending=Ending.DONE))
    expired = Snapshot(State.EXPIRED, error=TaskError("too late"))
    assert "too late" in shown(task(expired, ending=Ending.DONE))


def failed(message: str, code: str | None = None, state: State = State.FAILED) -> Task:
    return task(Snapshot(state, error=TaskError(message, code)), ending=Ending.DONE)


def test_a_failure_of_a_known_kind_is_a_plain_sentence_and_the_words_are_below_the_line() -> None:
    blocked = failed("blocked <by> moderation (request id: 4711)")
    assert shown(blocked) == (
        "<b>Token360</b>\n❌ Failed. A content filter did not let it pass. Change the prompt or the picture and submit"
        " it again.\n<code>v_1</code>"
    )
    assert shown(blocked, language="zh") == (
        "<b>Token360</b>\n❌ 失败。内容审核没有通过。请修改提示词或图片后重新提交。\n<code>v_1</code>"
    )
    assert ends.end_line(blocked, row(OutboxKind.HEADER), "Token360", "en").html == (
        "❌ <b>Token360</b>: failed\nA content filter did not let it pass. Change the prompt or the picture and submit"
        " it again.\n<blockquote expandable>blocked &lt;by&gt; moderation</blockquote>\n<code>v_1</code>"
    )
    late = failed("timed out", state=State.EXPIRED)
    assert "⌛ Expired at the gateway. The gateway was overloaded" in shown(late)
    assert "🚫 Cancelled at the gateway. The account's balance" in shown(failed("余额不足", state=State.CANCELLED))


def test_every_bad_end_has_its_id() -> None:
    for ended in (
        failed("no such luck"),
        task(Snapshot(State.FAILED), ending=Ending.DONE),
        task(ending=Ending.DEADLINE),
    ):
        assert ends.end_line(ended, row(OutboxKind.HEADER), "Token360", "en").html.endswith("\n<code>v_1</code>")


def test_an_unknown_id_says_who_was_asked_and_that_it_may_be_another_accounts() -> None:
    text = shown(task(account=-1, provider="", ending=Ending.NOT_FOUND), title="")
    assert "APIPod, Token360" in text
    assert "another account" in text


def test_giving_up_is_never_called_failing() -> None:
    text = shown(task(Snapshot(State.RUNNING), ending=Ending.DEADLINE, changed_at=86_400.0))
    assert "24 h" in text
    assert "ailed" not in text


def test_trouble_stands_below_the_state_while_the_task_is_open() -> None:
    troubled = task(Snapshot(State.RUNNING), trouble=Strike.AUTH)
    assert "does not accept the bot's key" in shown(troubled)
    assert "key" not in shown(task(Snapshot(State.RUNNING), trouble=Strike.AUTH, ending=Ending.DEADLINE))


def test_a_stopped_card_says_that_the_render_goes_on() -> None:
    stopped = Subscription(1, 1, 7, 0, 7, 3, stopped=True)
    assert "render itself goes on" in shown(task(Snapshot(State.RUNNING)), stopped)


QUEUED, RUNNING, HALFWAY = Snapshot(State.QUEUED), Snapshot(State.RUNNING), Snapshot(State.RUNNING, progress=50)
USUAL, SOON = Estimate(240.0), Estimate(240.0, 30.0)


@pytest.mark.parametrize(
    ("snapshot", "times", "en", "zh"),
    [
        (QUEUED, Timing(59, 0), "⏳ In the queue", "⏳ 排队中"),
        (QUEUED, Timing(119, 0, USUAL), "⏳ In the queue · 1 min so far", "⏳ 排队中 · 已 1 分钟"),
        (RUNNING, Timing(59, 0), "🎬 Rendering", "🎬 生成中"),
        (RUNNING, Timing(59, 0, USUAL), "🎬 Rendering · usually about 4 min", "🎬 生成中 · 通常约 4 分钟"),
        (RUNNING, Timing(179, 0), "🎬 Rendering · 2 min so far", "🎬 生成中 · 已 2 分钟"),
        (
            RUNNING,
            Timing(179, 0, Estimate(240.0, 61.0)),
            "🎬 Rendering · 2 min of usually about 4 min",
            "🎬 生成中 · 已 2 分钟，通常约 4 分钟",
        ),
        (
            RUNNING,
            Timing(60, 0, Estimate(20.0)),
            "🎬 Rendering · 1 min of usually less than a minute",
            "🎬 生成中 · 已 1 分钟，通常不到一分钟",
        ),
        (
            HALFWAY,
            Timing(170, 0, Estimate(None, 170.0)),
            "🎬 Rendering ▰▰▰▰▰▱▱▱▱▱ 50 % · about 3 min left",
            "🎬 生成中 ▰▰▰▰▰▱▱▱▱▱ 50% · 还需约 3 分钟",
        ),
        (
            HALFWAY,
            Timing(30, 0, SOON),
            "🎬 Rendering ▰▰▰▰▰▱▱▱▱▱ 50 % · less than a minute left",
            "🎬 生成中 ▰▰▰▰▰▱▱▱▱▱ 50% · 还需不到一分钟",
        ),
        (HALFWAY, Timing(30, 0, USUAL), "🎬 Rendering ▰▰▰▰▰▱▱▱▱▱ 50 %", "🎬 生成中 ▰▰▰▰▰▱▱▱▱▱ 50%"),
        (
            RUNNING,
            Timing(9000, 8000, is_stalled=True),
            "🎬 Rendering · 2 hours so far\n💤 No change for 2 hours; still watching.",
            "🎬 生成中 · 已 2 小时\n💤 已 2 小时没有变化，仍在跟踪。",
        ),
    ],
)
def test_an_open_card_tells_its_time(snapshot: Snapshot, times: Timing, en: str, zh: str) -> None:
    for language, words in (("en", en), ("zh", zh)):
        text = shown(task(snapshot), language=language, times=times)
        assert text == f"<b>Token360</b>\n{words}\n<code>v_1</code>"


@pytest.mark.parametrize("snapshot", [QUEUED, RUNNING, HALFWAY])
def test_what_is_drawn_twice_within_a_minute_reads_the_same(snapshot: Snapshot) -> None:
    drawn = {shown(task(snapshot), times=Timing(120.0 + second, 0, USUAL)) for second in range(60)}
    assert len(drawn) == 1


def test_trouble_explains_a_stall_better_than_its_time() -> None:
    text = shown(task(RUNNING, trouble=Strike.TRANSIENT), times=Timing(900, 900, is_stalled=True))
    assert "does not answer" in text
    assert "No change" not in text


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (0.4, "in 1 s", "用时 1 秒"),
        (74.0, "in 74 s", "用时 74 秒"),
        (180.0, "in 3 min", "用时 3 分钟"),
        (9000.0, "in 2 hours", "用时 2 小时"),
    ],
)
def test_a_card_that_is_done_tells_how_long_it_took(seconds: float, en: str, zh: str) -> None:
    done = Snapshot(State.SUCCEEDED, outputs=(VIDEO,), created_at=1000.0, completed_at=1000.0 + seconds)
    assert f"✅ Done {en}\n" in shown(task(done, ending=Ending.DONE))
    assert f"✅ 已完成，{zh}\n" in shown(task(done, ending=Ending.DONE), language="zh")


STOPPED = replace(FOLLOWER, stopped=True)
FAILED = Snapshot(State.FAILED)


@pytest.mark.parametrize(
    ("subject", "follower", "wanted"),
    [
        (task(account=-1), FOLLOWER, ["refresh:1 stop:1", "copy"]),
        (task(RUNNING), FOLLOWER, ["refresh:1 stop:1", "copy"]),
        (task(RUNNING), STOPPED, ["again:1", "copy"]),
        (task(Snapshot(State.SUCCEEDED, outputs=(VIDEO,)), ending=Ending.DONE), FOLLOWER, ["copy"]),
        (task(FAILED, ending=Ending.DONE), FOLLOWER, ["again:1 details:1", "copy"]),
        (task(Snapshot(State.CANCELLED), ending=Ending.DONE), FOLLOWER, ["again:1 details:1", "copy"]),
        (task(RUNNING, ending=Ending.DEADLINE), FOLLOWER, ["again:1 details:1", "copy"]),
        (task(account=-1, ending=Ending.NOT_FOUND), FOLLOWER, ["again:1", "copy"]),
        (task(FAILED, ending=Ending.DONE, external_id="x" * 257), FOLLOWER, ["again:1 details:1"]),
        (task(RUNNING, external_id="x" * 256), FOLLOWER, ["refresh:1 stop:1", "copy"]),
    ],
)
def test_the_buttons_of_every_state(subject: Task, follower: Subscription, wanted: list[str]) -> None:
    rows = cards.card(subject, follower, "Token360", "", "en").buttons
    assert [" ".join(getattr(button, "data", "copy") for button in row) for row in rows] == wanted
    assert all(len(button.text) <= 16 for row in rows for button in row)


def row(kind: OutboxKind = OutboxKind.RESULT, *outputs: int, part: int = 0) -> Delivery:
    return Delivery(1, 7, 0, kind, OutboxState.PENDING, subscription_id=1, outputs=outputs, part=part)


def test_the_end_in_one_line_and_with_the_prompt_below_the_media() -> None:
    outputs = (Output(OutputKind.VIDEO, "https://x.example/v"), Output(OutputKind.LAST_FRAME, "https://x.example/f"))
    subject = task(Snapshot(State.SUCCEEDED, outputs=outputs, prompt="a <cat>"), ending=Ending.DONE)
    video = row(OutboxKind.RESULT, 0)
    assert ends.end_line(subject, video, "Token360", "en").html == "✅ <b>Token360</b>: the video is ready"
    assert "a &lt;cat&gt;" in ends.caption(subject, video, "Token360", "en")
    assert ends.caption(subject, row(OutboxKind.RESULT, 1, part=1), "Token360", "en").startswith("🎞")


@pytest.mark.parametrize(
    ("snapshot", "seconds", "en", "zh"),
    [
        (Snapshot(State.SUCCEEDED), None, "", ""),
        (Snapshot(State.SUCCEEDED), 5.2, "5 s long\n", "时长 5 秒\n"),
        (Snapshot(State.SUCCEEDED, created_at=10.0, completed_at=190.0), None, "made in 3 min\n", "生成用时 3 分钟\n"),
        (
            Snapshot(State.SUCCEEDED, created_at=10.0, completed_at=190.0),
            5.2,
            "5 s long · made in 3 min\n",
            "时长 5 秒 · 生成用时 3 分钟\n",
        ),
    ],
)
def test_below_the_media_stand_its_times_and_its_id(snapshot: Snapshot, seconds: float, en: str, zh: str) -> None:
    subject = task(replace(snapshot, outputs=(VIDEO,), prompt="a cat", model="m"), ending=Ending.DONE)
    for language, words in (("en", en), ("zh", zh)):
        text = ends.caption(subject, row(OutboxKind.RESULT, 0), "Token360", language, seconds)
        assert text.endswith(f"<blockquote expandable>a cat</blockquote>\n{words}<code>v_1</code>")
        assert text.startswith("✅ <b>m</b> · Token360")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", [*ANY_TEXT, "字" * 5000, "x" * 5000])
@pytest.mark.parametrize("external_id", ["v_1", "x" * 512])
def test_no_caption_grows_past_telegrams_limit_and_the_id_is_never_cut(
    text: str, language: str, external_id: str
) -> None:
    done = Snapshot(State.SUCCEEDED, outputs=(VIDEO,), model=text, prompt=text, created_at=1.0, completed_at=9.0)
    subject = task(done, ending=Ending.DONE, external_id=external_id)
    caption = ends.caption(subject, row(OutboxKind.RESULT, 0), text, language, 5.0)
    visible = html.unescape(re.sub(r"<[^>]+>", "", caption))
    assert len(visible.encode("utf-16-le")) // 2 <= 1024
    assert caption.endswith(f"\n<code>{external_id}</code>")


def test_the_reaction_speaks_for_all_that_one_message_asked_for() -> None:
    open_one, done = task(RUNNING), task(Snapshot(State.SUCCEEDED, outputs=(VIDEO,)), ending=Ending.DONE)
    failed = task(FAILED, ending=Ending.DONE)
    assert ends.reaction([]) == ""
    assert ends.reaction([done, open_one, failed]) == "👀"
    assert ends.reaction([done, done]) == "🎉"
    assert ends.reaction([done, failed]) == "👎"


def link(subject: Task, why: str, size: int | None = None, left: float | None = None, language: str = "en") -> Message:
    return ends.link(subject, row(OutboxKind.RESULT, 0), "Token360", language, ends.Link(why, size, left))


def test_a_link_is_offered_only_where_there_is_one() -> None:
    outputs = (Output(OutputKind.VIDEO, "https://x.example/v"),)
    subject = task(Snapshot(State.SUCCEEDED, outputs=outputs), ending=Ending.DONE)
    large = link(subject, "too_large", 61_000_001)
    assert "62 MB" in large.html
    assert large.html.endswith("\n<code>v_1</code>")
    assert large.buttons == ((LinkButton("Open the file (62 MB)", "https://x.example/v"),),)
    assert link(subject, "gone").buttons == ()
    assert link(subject, "gone").html.endswith("\n<code>v_1</code>")
    assert link(subject, "unavailable", left=-1.0).html == link(subject, "gone").html
    inline = task(Snapshot(State.SUCCEEDED, needs_fetch=True), ending=Ending.DONE)
    assert link(inline, "refused").buttons == ()


@pytest.mark.parametrize(
    ("left", "en", "zh"),
    [
        (30.0, "1 min", "1 分钟"),
        (3599.0, "59 min", "59 分钟"),
        (7199.0, "119 min", "119 分钟"),
        (7200.0, "2 hours", "2 小时"),
        (86_399.0 * 2, "47 hours", "47 小时"),
        (86_400.0 * 7, "7 days", "7 天"),
    ],
)
def test_a_link_says_how_long_it_lives(left: float, en: str, zh: str) -> None:
    outputs = (Output(OutputKind.VIDEO, "https://x.example/v"),)
    subject = task(Snapshot(State.SUCCEEDED, outputs=outputs), ending=Ending.DONE)
    for why in ("too_large", "refused", "not_allowed", "unavailable"):
        assert f"about {en}." in link(subject, why, left=left).html
        assert zh in link(subject, why, left=left, language="zh").html
    assert "about" not in link(subject, "refused").html


DAY = 86_400.0


def panel(subject: Task, follower: Subscription = FOLLOWER, **values: object) -> details.Details:
    base = {"title": "Token360", "asked": "Token360", "accounts": 1, "since": DAY, "links_die": None, "events": ()}
    return details.Details(subject, follower, **{**base, "now": DAY + 600, **values})  # type: ignore[arg-type]


def test_a_panel_tells_all_that_is_known() -> None:
    snapshot = Snapshot(
        State.FAILED, error=TaskError("odd <thing> (request id: 99)", "E7"), model="seedance-2.0", created_at=DAY - 7200
    )
    subject = task(snapshot, ending=Ending.DONE, created_at=DAY, changed_at=DAY + 300)
    log = (Event(DAY - DAY / 2, "queued"), Event(DAY + 60, "running", "40"), Event(DAY + 300, "failed"))
    message = details.panel(panel(subject, accounts=2, events=log), "en")
    assert message.html == (
        "<b>seedance-2.0</b> · Token360\n❌ failed\n<code>v_1</code>\nKind: video\nAccount: 1 of 2\n"
        "Made at the gateway 2 hours ago (22:00 UTC)\nSent here 10 min ago (00:00 UTC)\nEnded 5 min ago (00:05 UTC)\n"
        "What the gateway said (code E7):\n"
        "<blockquote expandable>odd &lt;thing&gt; (request id: 99)</blockquote>\nWhat happened (UTC):\n"
        "<blockquote expandable>12:00 in the queue\n00:01 rendering, 40 %\n00:05 failed</blockquote>"
    )
    assert message.buttons == (
        (
            ActionButton("🔄 Refresh", "details:1:panel"),
            ActionButton("🔁 Check again", "again:1"),
            CopyButton("📋 Copy ID", "v_1"),
        ),
    )


def test_a_panel_of_a_result_tells_how_long_its_links_live() -> None:
    outputs = (Output(OutputKind.VIDEO, "https://x.example/v"), Output(OutputKind.THUMBNAIL, "https://x.example/t"))
    done = task(Snapshot(State.SUCCEEDED, outputs=outputs), ending=Ending.DONE, changed_at=60.0)
    alive = details.panel(panel(done, links_die=DAY + 600 + 7200), "en")
    assert "Files: 1\nThe links work for about 2 hours more." in alive.html
    assert "01-01 00:01 UTC" in alive.html
    assert len(alive.buttons[0]) == 2
    assert "The links have expired" in details.panel(panel(done, links_die=DAY), "en").html


def test_a_panel_of_what_is_not_watched_or_not_known_offers_to_ask_again() -> None:
    stopped = Subscription(1, 1, 7, 0, 7, 3, stopped=True)
    assert "stopped watching" in details.panel(panel(task(Snapshot(State.RUNNING)), stopped), "en").html
    for one in (panel(task(Snapshot(State.RUNNING)), stopped), panel(task(account=-1, ending=Ending.NOT_FOUND))):
        assert details.panel(one, "en").buttons[0][1] == ActionButton("🔁 Check again", "again:1")
    looking = details.panel(panel(task(account=-1, kind="", external_id="x" * 257)), "en")
    assert len(looking.buttons[0]) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ANY_TEXT)
def test_no_card_grows_past_telegrams_limit(text: str, language: str) -> None:
    snapshot = Snapshot(State.FAILED, raw_status=text, model=text, prompt=text, error=TaskError(text, text))
    subject = task(snapshot, ending=Ending.DONE, external_id="x" * 512)
    for message in (
        cards.card(subject, FOLLOWER, text[:50], text[:50], language),
        ends.end_line(subject, row(OutboxKind.HEADER), "T", language),
        details.panel(panel(subject, events=[Event(0.0, "unknown", text)] * 12), language),
    ):
        visible = html.unescape(re.sub(r"<[^>]+>", "", message.html))
        assert len(visible.encode("utf-16-le")) // 2 <= 4096


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_about_many_ids_is_one_message(language: str) -> None:
    many = "\n".join(f"{number}{'x' * 511}" for number in range(10))
    said = answers.reply({"say": "already untracked", "already": many, "untracked": "<b>"}, "apipod", language).html
    assert said.count("<code>") == 11
    assert "<code>&lt;b&gt;</code>" in said
    assert "10" in said
    assert len(html.unescape(re.sub(r"<[^>]+>", "", said))) <= 4096


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_about_many_stands_beside_the_one_about_one(language: str) -> None:
    sentences = CATALOGUES[language]
    many = {key for key in sentences if key.endswith("_many")}
    for key in many:
        assert fields(sentences[key]) == fields(sentences[key.removesuffix("_many")]) | {"count"}
    counted = {key for key in sentences if key.startswith("reply.") and "ids" in fields(sentences[key])}
    assert {f"{key}_many" for key in counted - many} == many


def test_an_answer_repeats_only_the_beginning_of_a_long_text() -> None:
    said = answers.reply({"say": "bad_id", "text": "../" + "x" * 600}, "apipod", "en")
    assert "../xxx" in said.html
    assert len(said.html) < 300
