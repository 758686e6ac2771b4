"""What a chat or a topic chooses, as people do it: the panel, its buttons, `/lang`, and what comes of it."""

import asyncio
import itertools
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from sandbox.media import Media
from sandbox.player import Player
from tests.acceptance.world import World, card_shows, delivered, texts_of_bot, until

Json = dict[str, Any]

GROUP, ADMIN, MEMBER = -100500, 1001, 7007
BOTH = ["video", "document"]


def labels(message: Json) -> list[str]:
    return [button["text"] for row in message["buttons"] for button in row]


async def panel(person: Player, *words: str, **more: Any) -> Json:
    """Waits for a message with all of these words on its buttons, the newest one of them."""

    async def look() -> Json | None:
        found = [m for m in await person.messages() if all(any(w in text for text in labels(m)) for w in words)]
        found = [m for m in found if all(m[name] == value for name, value in more.items())]
        return found[-1] if found else None

    message = await until(look)
    assert message is not None
    return message


async def opened(person: Player, language: str = "Language", **more: Any) -> Json:
    command = await person.say("/settings", **more)
    return await panel(person, language, reply_to=command)


class Chooser:
    """Presses the buttons of one panel."""

    def __init__(self, person: Player, chat_id: int, user_id: int, message_id: int) -> None:
        self._person = person
        self._where = {"chat_id": chat_id, "user_id": user_id, "message_id": message_id}

    async def press(self, label: str) -> str:
        """The button that begins so; the id of the press."""
        button = next(text for text in labels(await self.panel()) if text.startswith(label))
        told = await self._person.tell("press", button=button, **self._where)
        return str(told["callback_query_id"])

    async def panel(self) -> Json:
        return next(m for m in await self._person.messages() if m["message_id"] == self._where["message_id"])

    async def shows(self, *texts: str) -> Json:
        async def look() -> Json | None:
            message = await self.panel()
            return message if all(any(text in label for label in labels(message)) for text in texts) else None

        message = await until(look)
        assert message is not None
        return message

    async def choose(self, field: str, value: str) -> None:
        """From wherever the panel stands to the choice."""
        if any(text.startswith("‹") for text in labels(await self.panel())):
            await self.press("‹")
            await self.shows(field)
        await self.press(field)
        await self.shows("‹")
        await self.press(value)
        await self.shows(f"✅ {value}")


async def chooser(person: Player, chat_id: int = ADMIN, user_id: int = ADMIN, **more: Any) -> Chooser:
    return Chooser(person, chat_id, user_id, (await opened(person, **more))["message_id"])


async def answered(world: World, query_id: str) -> Json:
    async def look() -> Json | None:
        calls = await world.calls("answerCallbackQuery")
        return next((c["params"] for c in calls if c["params"]["callback_query_id"] == query_id), None)

    params = await until(look)
    assert params is not None
    return params


def waiting(world: World) -> int:
    """How many rows are still on their way to whatever chat."""
    with closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True, timeout=5)) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'doubt')")
        return int(count)


FIELDS: tuple[tuple[str, str, str, str], ...] = (
    ("🌐 Language", "Automatic", "中文", "🌐 语言：中文"),
    ("🔔 Notify", "Every change", "Silent", "🔔 Notify: Silent"),
    ("📦 Deliver as", "Media", "Link", "📦 Deliver as: Link"),
    ("🙈 Spoiler", "off", "on", "🙈 Spoiler: on"),
    ("🔒 Protect content", "off", "on", "🔒 Protect content: on"),
    ("🧭 Preferred gateway", "none", "AI-Nebula", "🧭 Preferred gateway: AI-Nebula"),
)


async def test_every_choice_is_made_on_one_panel_and_survives_a_restart(world: World) -> None:
    people = [(9000 + number, await world.person(9000 + number)) for number in range(len(FIELDS))]
    bot = await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")

    async def go_through(chat_id: int, person: Player, field: str, usual: str, value: str, after: str) -> None:
        panel = await chooser(person, chat_id, chat_id)
        await panel.shows(f"{field}: {usual}", *(f"{name}: {first}" for name, first, _, _ in FIELDS))
        await panel.press(field)
        page = await panel.shows(f"✅ {usual}", value, "‹")
        assert page["text"].startswith(field)
        assert (await answered(world, await panel.press(value)))["text"].startswith("✅")
        page = await panel.shows(f"✅ {value}", usual if field != "🌐 Language" else "自动")
        assert len([text for text in labels(page) if text.startswith("✅")]) == 1
        await panel.press("‹")
        await panel.shows(after)
        assert len([m for m in await person.messages() if m["from_bot"]]) == 1

    await asyncio.gather(*(go_through(*who, *field) for who, field in zip(people, FIELDS, strict=True)))
    await bot.stop()
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*", AI_NEBULA_API_KEY="")
    for (_, person), (_, _, _, after) in zip(people, FIELDS, strict=True):
        assert after.replace("AI-Nebula", "ai_nebula") in labels(await opened(person, after[:2]))
    # A gateway that is not set up any more stands in nobody's way, and whoever wants no sound hears none.
    await people[0][1].tell("tasks", provider="token360", id="t1", pace=0.2)
    for number in (1, 5):
        await people[number][1].say("/track t1")
        (message,) = await delivered(people[number][1])
        assert message["silent"] == (number == 1)


async def test_the_language_of_cards_answers_and_results(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=3)
    await world.start_bot()
    await person.say("/track t1 token360")
    await card_shows(person, "t1", "Token360")
    panel = await chooser(person)
    await panel.press("🌐 Language")
    await panel.shows("中文")
    await panel.press("中文")
    await panel.shows("✅ 中文")
    await delivered(person)
    await card_shows(person, "t1", "已完成")
    await person.say("/list")

    async def listed() -> bool:
        return any("这里的任务" in text for text in texts_of_bot(await person.messages()))

    await until(listed)
    assert (await delivered(person))[0]["caption"].startswith("✅ seedance-2.0 · Token360：视频好了")


@pytest.mark.parametrize(
    ("said", "answer", "later"),
    [
        ("/lang zh", "以后在这里用中文", "设置"),
        ("/lang 中文", "以后在这里用中文", "设置"),
        ("/lang Chinese", "以后在这里用中文", "设置"),
        ("/LANG zh-Hans", "以后在这里用中文", "设置"),
        ("/lang@rushes_sandbox_bot zh", "以后在这里用中文", "设置"),
        ("/lang english", "I speak English", "Settings"),
        ("/lang 英语", "I speak English", "Settings"),
        ("/lang auto", "automatically", "Settings"),
        ("/lang klingon <b>", "I do not speak klingon <b>, but: English (en), 中文 (zh)", "Settings"),
    ],
)
async def test_lang_takes_codes_and_names(languages: "Languages", said: str, answer: str, later: str) -> None:
    person = await languages.person()
    await answer_to(person, said, answer)
    await answer_to(person, "/settings", later)


class Languages:
    """People who all speak to one bot."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(9000)

    async def person(self) -> Player:
        return await self._world.person(next(self._numbers))


@pytest.fixture
async def languages(world: World) -> Languages:
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    return Languages(world)


async def answer_to(person: Player, said: str, words: str, **more: Any) -> Json:
    command = await person.say(said, **more)

    async def look() -> Json | None:
        found = [m for m in await person.messages() if m["reply_to"] == command and m["from_bot"]]
        return found[0] if found else None

    message = await until(look)
    assert message is not None
    assert words in message["text"]
    return message


async def test_lang_alone_shows_the_languages_and_auto_follows_the_app(world: World) -> None:
    person = await world.person()
    await world.start_bot()
    page = await answer_to(person, "/lang", "Language")
    assert labels(page) == ["English", "中文", "✅ Automatic", "‹ All settings"]
    await answer_to(person, "/help", "/track", language_code="zh-hans")
    await answer_to(person, "/lang en", "I speak English", language_code="zh-hans")
    await answer_to(person, "/lang auto", "恢复自动", language_code="zh-hans")


async def result(world: World, person: Player, kinds: list[str], **task: Any) -> list[Json]:
    """What a finished task brings into the chat, once everything has come."""
    await person.tell("tasks", **{"provider": "token360", "id": "t1", "pace": 0.2, **task})
    command = await person.say(f"/track {task.get('id', 't1')} {task.get('provider', 'token360')}")

    async def look() -> list[Json]:
        shown = [m for m in await person.messages() if m["reply_to"] == command and m["media"]]
        return shown if len(shown) >= len(kinds) and not waiting(world) else []

    shown = await until(look)
    assert [m["media"]["kind"] for m in shown] == kinds
    return shown


async def edits_with_bytes(world: World) -> list[Json]:
    return [call for call in await world.calls("editMessageMedia") if "sha256" in str(call["params"])]


async def choose(person: Player, *pairs: tuple[str, str]) -> None:
    panel = await chooser(person)
    for field, value in pairs:
        await panel.choose(field, value)


async def test_as_a_file_it_comes_untouched_and_is_kept_apart_from_the_media(world: World, media: Media) -> None:
    one, two, three = [(number, await world.person(number)) for number in (1001, 1003, 1004)]
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    for number, person in (one, two):
        await (await chooser(person, number, number)).choose("📦", "File")
    (first,) = await result(world, one[1], ["document"], outputs=["noon.mp4"])
    (second,) = await result(world, two[1], ["document"], outputs=["noon.mp4"])
    (third,) = await result(world, three[1], ["video"], outputs=["noon.mp4"])
    assert {m["media"]["sha256"] for m in (first, second, third)} == {media.sha256("noon.mp4")}
    assert first["media"]["file_name"] == "t1_1.mp4"
    assert first["media"]["thumbnail"]
    assert first["media"]["file_id"] == second["media"]["file_id"] != third["media"]["file_id"]
    await (await chooser(three[1], three[0], three[0])).choose("📦", "File")
    await three[1].say("/resend t1")
    again = (await delivered(three[1], 2))[1]
    assert again["media"]["file_id"] == first["media"]["file_id"]
    assert len(await edits_with_bytes(world)) == 2


async def test_media_and_file(world: World, media: Media) -> None:
    person = await world.person()
    await world.start_bot()
    await choose(person, ("📦", "Media and file"))
    shown = await result(world, person, BOTH, outputs=["noon.mp4"])
    assert [m["silent"] for m in shown] == [False, True]
    assert {m["media"]["sha256"] for m in shown} == {media.sha256("noon.mp4")}
    assert shown[1]["caption"].endswith("the file itself")
    # As media it is a file already: that is enough.
    (alone,) = await result(world, person, ["document"], id="t2", outputs=["noon.webp"])
    # What has become of it once is not made anew.
    uploads = len(await edits_with_bytes(world))
    await person.say("/resend t1")
    again = await delivered(person, 5)
    assert [m["media"]["file_id"] for m in again[3:]] == [m["media"]["file_id"] for m in shown]
    assert len(await edits_with_bytes(world)) == uploads
    assert alone["media"]["sha256"] == media.sha256("noon.webp")


async def test_several_pictures_as_media_and_as_files_are_two_albums(world: World, media: Media) -> None:
    person = await world.person()
    await world.start_bot()
    await choose(person, ("📦", "Media and file"))
    names = ["dawn.png", "noon.png", "noon.webp"]
    task = {"provider": "apipod", "kind": "image", "outputs": names}
    shown = await result(world, person, ["photo", "photo", "document", "document", "document"], **task)
    assert [m["media"]["sha256"] for m in shown] == [media.sha256(names[place]) for place in (0, 1, 2, 0, 1)]
    groups = [m["media_group_id"] for m in shown]
    assert groups[0] == groups[1] != groups[3] == groups[4]
    assert shown[3]["media"]["thumbnail"]
    assert all(m["silent"] for m in shown)


async def test_a_file_that_is_too_large_is_told_of_once(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", outputs=["big-60000000.mp4"], pace=0.2)
    await world.start_bot()
    await choose(person, ("📦", "Media and file"))
    command = await person.say("/track t1 token360")

    async def told() -> Json | None:
        return next((m for m in await person.messages() if "60 MB" in str(m["text"])), None)

    await until(told)

    async def gone() -> list[Json]:
        return [m for m in (await person.ask("chats/1001"))["deleted"] if "file itself" in str(m["text"])]

    await until(gone)
    linked = [m for m in await person.messages() if m["reply_to"] == command and "60 MB" in str(m["text"])]
    assert len(linked) == 1


async def test_a_link_instead_of_the_file(world: World) -> None:
    person = await world.person()
    await world.start_bot()
    await choose(person, ("📦", "Link"), ("🔒", "on"))
    await person.tell("tasks", provider="token360", id="t1", pace=0.2, link_life=7800, last_frame="noon-last-frame.png")
    await person.tell("tasks", provider="apipod", kind="image", id="i1", pace=0.2, outputs=["dawn.png", "noon.png"])
    await person.tell("tasks", provider="ai_nebula", id="v1", pace=0.2, fetch=True)
    commands = [await person.say(f"/track {task}") for task in ("t1 token360", "i1 apipod image", "v1 ai_nebula")]
    (message,) = await delivered(person)
    assert message["reply_to"] == commands[2]  # without an address: as media

    async def linked() -> list[Json]:
        found = [m for m in await person.messages() if any("url" in b for row in m["buttons"] for b in row)]
        return found if len(found) == 3 else []

    one, frame, many = sorted(await until(linked), key=lambda m: (m["reply_to"], m["message_id"]))
    assert "the video is ready; it is behind the button." in one["text"]
    assert "about 2 hours" in one["text"]
    assert "/files/dawn.mp4?" in one["buttons"][0][0]["url"]
    assert (one["silent"], frame["silent"], one["protected"]) == (False, True, True)
    assert "the last frame" in frame["text"]
    assert "2 files are ready; they are behind the buttons." in many["text"]
    assert labels(many) == ["Open file 1", "Open file 2"]
    assert [call["params"]["message_id"] for call in await world.calls("editMessageMedia")] == [message["message_id"]]


async def test_a_link_that_has_died_is_asked_for_anew_and_what_has_none_comes_as_it_can(world: World) -> None:
    person = await world.person()
    await world.start_bot()
    await choose(person, ("📦", "Link"))
    await person.tell("tasks", provider="token360", id="t1", pace=0.2, link_life=-5)
    await person.say("/track t1 token360")

    async def told() -> bool:
        return any("link has expired" in text for text in texts_of_bot(await person.messages()))

    await until(told)
    refusal = {"kind": "error", "code": 400, "description": "Bad Request: BUTTON_URL_INVALID"}
    await person.tell("tasks", provider="token360", id="t2", pace=0.2)
    await person.tell("faults", method="sendMessage", skip=1, **refusal)
    await person.say("/track t2 token360")
    await delivered(person)
    assert any("the video is ready" in text for text in texts_of_bot(await person.messages()))


@pytest.mark.long
async def test_spoiler_and_protection_go_with_every_result_and_with_nothing_else(world: World) -> None:
    veiled, other = await world.person(), await world.person(1003)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    await choose(veiled, ("🙈", "on"), ("🔒", "on"))
    pictures: Json = {"provider": "apipod", "kind": "image", "id": "i1", "outputs": ["dawn.png", "noon.png"]}
    shown = await result(world, veiled, ["photo", "photo"], **pictures)
    shown += await result(world, veiled, ["video"])
    assert [(m["media"]["spoiler"], m["protected"]) for m in shown] == [(True, True)] * 3
    assert all(c["params"]["media"]["has_spoiler"] is True for c in await world.calls("editMessageMedia"))
    assert [c["params"]["protect_content"] for c in await world.calls("sendMediaGroup")] == [True]
    card = await card_shows(veiled, "i1", "Done")
    header = next(m for m in await veiled.messages() if "2 files" in str(m["text"]))
    assert (card["protected"], header["protected"]) == (False, True)
    shown = await result(world, other, ["photo", "photo"], **pictures)
    shown += await result(world, other, ["video"])
    assert [(m["media"]["spoiler"], m["protected"]) for m in shown] == [(False, False)] * 3


async def test_a_change_does_not_touch_what_is_half_delivered(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.2)
    await world.start_bot()
    await choose(person, ("📦", "File"))
    await person.tell("faults", method="editMessageMedia", kind="drop_before", times=2)
    await person.say("/track t1 token360")

    async def ready() -> bool:
        return any("is ready" in text for text in texts_of_bot(await person.messages()))

    await until(ready)
    panel = await chooser(person)
    await panel.choose("📦", "Media")
    (message,) = await delivered(person)
    assert message["media"]["kind"] == "document"


async def test_a_topic_inherits_overrides_and_gives_up_its_choices(world: World) -> None:
    person = await world.person()
    await person.tell("chat", id=1001, type="private", first_name="You", topics=[7, 8])
    await world.start_bot()
    await answer_to(person, "/lang zh", "以后在这里用中文")
    topic = await chooser(person, language="🌐 语言：中文 ↑", message_thread_id=7)
    shown = await topic.panel()
    assert "本话题" in shown["text"]
    assert shown["thread_id"] == 7
    await topic.press("🌐")
    await topic.shows("✅ 与整个聊天一致（中文）")
    await topic.press("English")
    await topic.shows("✅ English", "As in the whole chat (中文)")
    await answer_to(person, "/list", "Nothing is watched", message_thread_id=7)
    await answer_to(person, "/list", "还没有", message_thread_id=8)
    await topic.press("As in the whole chat")
    await topic.shows("✅ 与整个聊天一致（中文）")
    await topic.press("‹")
    await topic.shows("🌐 语言：中文 ↑")


async def test_a_plain_member_looks_but_does_not_choose(world: World) -> None:
    admin, member = await world.person(GROUP, ADMIN), await world.person(GROUP, MEMBER)
    await admin.tell("chat", id=GROUP, type="supergroup", title="Studio", admins=[ADMIN])
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    theirs = Chooser(member, GROUP, MEMBER, (await opened(member))["message_id"])
    before = await theirs.shows("Notify: Only the end")
    assert "this group" in before["text"]
    assert "Only admins" in (await answered(world, await theirs.press("🙈")))["text"]
    await answer_to(member, "/lang zh", "Only admins of this group")
    assert await theirs.panel() == before
    ours = Chooser(admin, GROUP, ADMIN, before["message_id"])
    await ours.press("🙈")
    await ours.shows("✅ off")
    assert "Only admins" in (await answered(world, await theirs.press("on")))["text"]
    await ours.shows("✅ off")
    await ours.press("on")
    await ours.shows("✅ on")


async def test_a_group_that_becomes_a_supergroup_keeps_its_choices(world: World) -> None:
    group = await world.person(-500, ADMIN)
    await group.tell("chat", id=-500, type="group", title="Group", admins=[ADMIN])
    await group.tell("tasks", provider="token360", id="t1", pace=2)
    await world.start_bot()
    await answer_to(group, "/lang zh", "中文")
    await group.say("/track t1 token360")
    await card_shows(group, "t1", "Token360")
    await group.tell("chat", id=-1000500, type="supergroup", title="Group", admins=[ADMIN])
    await group.tell("chat", id=-500, type="group", title="Group", migrated_to=-1000500)
    (message,) = await delivered(await world.person(-1000500, ADMIN))
    assert "视频好了" in message["caption"]


async def test_a_crash_between_media_and_file_brings_each_once(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.2)
    bot = await world.start_bot()
    await choose(person, ("📦", "Media and file"))
    await person.tell("faults", method="editMessageMedia", kind="delay", seconds=4, skip=1)
    await person.say("/track t1 token360")

    async def half() -> bool:
        return any("the file itself" in text for text in texts_of_bot(await person.messages()))

    await until(half)
    await bot.kill()
    await world.start_bot()
    await delivered(person, 2)

    async def quiet() -> bool:
        return not waiting(world)

    await until(quiet)
    shown = [m for m in await person.messages() if m["media"]]
    assert [m["media"]["kind"] for m in shown] == BOTH


async def test_an_id_that_two_gateways_know_is_the_preferred_ones_and_a_wrong_preference_hides_none(
    world: World,
) -> None:
    person = await world.person()
    for provider in ("token360", "octopusx"):
        for task_id in ("same-1", "same-2"):
            await person.tell("tasks", provider=provider, id=task_id, end="stuck")
    await person.tell("tasks", provider="token360", id="only-1", end="stuck")
    await world.start_bot()
    panel = await chooser(person)
    for preferred, task_id in (("OctopusX", "same-1"), ("Token360", "same-2"), ("OctopusX", "same-1")):
        await panel.choose("🧭", preferred)
        await person.say(f"/track {task_id}")
        await card_shows(person, task_id, preferred)
    await person.say("/track only-1")
    await card_shows(person, "only-1", "Token360")
