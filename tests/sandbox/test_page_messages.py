"""What the page makes of messages, whoever wrote them; the test is the bot here."""

import pytest
from playwright.async_api import Page, expect
from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultCachedVideo,
    InlineQueryResultsButton,
    InputMediaPhoto,
    Message,
    MessageEntity,
    Update,
)
from telegram.constants import ChatAction, ParseMode

from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import PERSON, Origins
from tests.hostile import HOSTILE
from tests.sandbox.browsing import CUT, FAINT, NAMELESS, NEEDS_BROWSER, at_the_page, holds

pytestmark = NEEDS_BROWSER

KINDS = """<b>bold</b> <i>italic</i> <u>underlined</u> <s>struck</s> <b><i>both</i></b>
<blockquote>a quote</blockquote>
<blockquote expandable>a
long
quote
that
unfolds</blockquote>
<code>vid_code</code> <tg-spoiler>hidden <b>words</b></tg-spoiler>
<pre><code class="language-python">print(1)</code></pre>
<a href="https://example.test/a">a link</a> https://example.test/b /help @somebody"""
MARKUP = (
    *HOSTILE,
    "<img src=x onerror='window.harmed = 1'>",
    "<script>window.harmed = 1</script>",
    "javascript:window.harmed=1",
    "data:text/html,<script>window.harmed=1</script>",
    "'\"><svg onload=window.harmed=1>",
    "</pre></details><iframe srcdoc='<script>parent.harmed=1</script>'>",
    "[x](javascript:window.harmed=1)",
    "{{constructor.constructor('window.harmed=1')()}} ${window.harmed=1} {task_id} %s __proto__ constructor",
    "a\u0000b\u0007c\r\n\u200b\u200d\ufeffd \u2066e\u2069 \u061cf",
    "\uff1cscript\uff1e \u0663 \ufdfa z\u0335\u0321\u0322a\u0335l\u0335g\u0335o\u0335",
    "'; drop table task;--",
    "W" * 300,
)


def keyboard(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(rows)


def pressed(words: str, style: str | None = None) -> InlineKeyboardButton:
    return InlineKeyboardButton(words, callback_data=words[:10], style=style)


async def film(api: Bot, media: Media, caption: str = "", name: str = "dawn.mp4") -> Message:
    path = media.path("dawn.mp4")
    assert path is not None
    return await api.send_video(PERSON, path.read_bytes(), caption=caption, filename=name, has_spoiler=True)


async def _asked(api: Bot) -> str:
    """The ID of the next press, or of the next inline question, that the page makes."""
    offset = 0
    while True:
        for update in await api.get_updates(offset, timeout=10, allowed_updates=Update.ALL_TYPES):
            offset = update.update_id + 1
            query = update.callback_query or update.inline_query
            if query is not None:
                await api.get_updates(offset)
                return query.id


async def _answer(api: Bot, words: str, *, show_alert: bool) -> None:
    await api.answer_callback_query(await _asked(api), words, show_alert=show_alert)


@pytest.mark.usefixtures("person")
async def test_every_kind_of_message_is_shown(origins: Origins, api: Bot, media: Media) -> None:
    async with at_the_page(origins) as page:
        await api.send_message(PERSON, KINDS, parse_mode=ParseMode.HTML, disable_notification=True)
        text = page.locator("article.bot .text")
        for tag, words in {"b": "bold", "i": "italic", "u": "underlined", "s": "struck", "b i": "both"}.items():
            await expect(text.locator(tag, has_text=words).first).to_be_visible()
        await expect(text.locator(".block")).to_contain_text("python")
        assert await text.locator("a").evaluate_all("(all) => all.map((one) => [one.href, one.target, one.rel])") == [
            ["https://example.test/a", "_blank", "noreferrer noopener"],
            ["https://example.test/b", "_blank", "noreferrer noopener"],
        ]
        await _what_is_covered_opens(page)
        await _buttons_do_what_they_say_and_the_focus_stays(page, api)
        await _media_are_shown(page, api, media)
        assert await page.evaluate(NAMELESS) == []
        for _ in ("light", "dark"):
            assert await page.evaluate(FAINT) == []
            await page.click("#theme")


async def _what_is_covered_opens(page: Page) -> None:
    spoiler = page.get_by_role("button", name="Hidden; show it")
    await expect(page.get_by_text("hidden words")).not_to_be_visible()
    await spoiler.press(" ")
    await expect(page.get_by_text("hidden words")).to_be_visible()
    await expect(page.get_by_role("button", name="Hidden; show it")).to_have_count(0)
    quote, knob = page.locator("blockquote").nth(1), page.locator(".unfold")
    low = await quote.evaluate("(quote) => quote.clientHeight")
    for is_open in (True, False):
        await knob.press("Enter")
        await expect(knob).to_have_attribute("aria-expanded", str(is_open).lower())
        assert (await quote.evaluate("(quote) => quote.clientHeight") > low) == is_open
    for control, words in ((page.locator(".text > code"), "vid_code"), (page.locator(".block button"), "print(1)")):
        await control.press("Enter")
        await expect(page.locator("#toast")).to_have_text(f"Copied: {words}")
        assert await page.evaluate("navigator.clipboard.readText()") == words


async def _media_are_shown(page: Page, api: Bot, media: Media) -> None:
    sent = await film(api, media, "A film")
    veil = page.locator(".veil")
    await veil.press("Enter")
    await expect(page.locator(".veil")).to_have_count(0)
    await page.get_by_role("button", name="Play").press("Enter")
    await holds(page, "document.querySelector('video').currentTime > 0.2")
    await page.evaluate("window.film = document.querySelector('video')")
    await api.edit_message_caption(PERSON, sent.message_id, caption="Another caption")
    await expect(page.locator("article.bot", has_text="Another caption")).to_be_visible()
    # The same film goes on, still uncovered.
    await holds(page, "document.querySelector('video') === window.film && !document.querySelector('.veil')")
    assert await page.evaluate("window.film.currentTime > 0 && document.activeElement === window.film")

    await api.send_document(PERSON, b"x" * 12_345, filename="a report.pdf")
    await expect(page.locator(".file")).to_have_text("⬇a report.pdf12 kB")
    pictures = [path for name in ("dawn.png", "noon.png", "dusk.jpg") if (path := media.path(name))]
    await api.send_media_group(PERSON, [InputMediaPhoto(path.read_bytes(), filename=path.name) for path in pictures])
    await expect(page.locator(".album img")).to_have_count(len(pictures))
    await api.set_message_reaction(PERSON, 1, "🎉")
    await expect(page.locator(".own .reaction")).to_have_text("🎉")
    for action, words in ((ChatAction.TYPING, "typing…"), (ChatAction.UPLOAD_VIDEO, "sending a video…")):
        await api.send_chat_action(PERSON, action)
        await expect(page.locator("#doing")).to_have_text(words)


async def _buttons_do_what_they_say_and_the_focus_stays(page: Page, api: Bot) -> None:
    styled = [pressed("Plain"), *(pressed(style.title(), style) for style in ("danger", "success", "primary"))]
    copied = InlineKeyboardButton("Copy it", copy_text=CopyTextButton("the copied words"))
    opens = InlineKeyboardButton("Open", url="https://example.test/x")
    sent = await api.send_message(PERSON, "A card", reply_markup=keyboard(styled, [copied, opens]))
    row = page.locator(".row > *")
    await expect(row).to_have_text(["Plain", "Danger", "Success", "Primary", "Copy it", "Open ↗"])
    styles = await row.evaluate_all("(all) => all.map((one) => one.className)")
    assert styles[:4] == ["", "danger", "success", "primary"]
    assert await row.nth(5).evaluate("(one) => [one.href, one.target, one.rel]") == [
        "https://example.test/x",
        "_blank",
        "noreferrer noopener",
    ]
    await page.get_by_role("button", name="Copy it").press("Enter")
    await expect(page.locator("#news")).to_have_text("Copied: the copied words")
    assert await page.evaluate("navigator.clipboard.readText()") == "the copied words"

    danger = page.get_by_role("button", name="Danger")
    await danger.press("Enter")
    await _answer(api, "<b>Only a moment</b>", show_alert=False)
    await expect(page.locator("#toast")).to_have_text("<b>Only a moment</b>")
    await danger.press("Enter")
    await _answer(api, "<i>Read this</i>", show_alert=True)
    await expect(page.get_by_role("dialog", name="<i>Read this</i>")).to_be_visible()
    await api.edit_message_text("A card that changed", PERSON, sent.message_id, reply_markup=keyboard(styled[1:]))
    await expect(page.locator("article.bot .text").last).to_have_text("A card that changed")
    await page.keyboard.press("Escape")
    await expect(page.locator("#alert")).not_to_be_visible()
    await expect(danger).to_be_focused()
    await api.edit_message_text("Once more", PERSON, sent.message_id, reply_markup=keyboard(styled[:2]))
    await expect(page.locator("article.bot .text").last).to_have_text("Once more")
    await expect(danger).to_be_focused()


async def test_a_long_chat_stays_where_its_reader_is(origins: Origins, person: Player, api: Bot) -> None:
    await person.say("A line of a long chat", times=299)
    async with at_the_page(origins, width=320) as page:
        await expect(page.locator("article")).to_have_count(300)
        loud = await api.send_message(PERSON, "Loud")
        await expect(page.locator("#news")).to_have_text("Rushes: Loud")
        await expect(page.locator("article.rings")).to_have_count(1)
        assert await page.evaluate("document.activeElement.id") == "words"
        await holds(
            page,
            "(() => { const log = document.querySelector('#messages');"
            " return log.scrollHeight - log.scrollTop - log.clientHeight < 2; })()",
        )
        await page.evaluate("document.querySelector('#messages').scrollTop = 1000")
        await expect(page.locator("#below")).to_be_visible()
        await page.evaluate("for (const one of document.querySelectorAll('article')) one.kept = true")
        await api.edit_message_text("Louder", PERSON, loud.message_id)
        await api.send_message(PERSON, "Silent", disable_notification=True)
        await expect(
            page.locator("article", has_text="Silent").get_by_role("img", name="Sent without a sound")
        ).to_have_count(1)
        await expect(page.locator("#below")).to_have_text("↓ 1")
        # Two were drawn, the others stand untouched, and nothing silent was read aloud or rang.
        assert await page.evaluate(
            """() => [
                [...document.querySelectorAll("article")].filter((one) => !one.kept).length,
                document.querySelector("#messages").scrollTop,
                document.querySelector("#news").textContent,
                [...document.querySelectorAll(".rings")].filter((one) => one.textContent.includes("Silent")).length,
            ]"""
        ) == [2, 1000, "Rushes: Loud", 0]
        assert await page.evaluate(CUT) == {"wider": 0, "cut": []}
        await page.click("#below")
        await expect(page.locator("#below")).not_to_be_visible()


async def test_nothing_that_somebody_wrote_becomes_markup(
    origins: Origins, person: Player, api: Bot, media: Media
) -> None:
    async with Player(origins.sim, -1001, PERSON) as group:
        await group.tell("chat", id=-1001, title="<img src=x onerror='window.harmed = 1'>")
    async with at_the_page(origins) as page:
        await page.click("#show-backstage")
        await page.keyboard.press("Escape")
        for words in MARKUP:
            label = words[:60].replace("\u0000", " ").strip()
            buttons = [pressed(label), InlineKeyboardButton(label, copy_text=CopyTextButton(label))]
            await person.say(words[:2000], first_name=words[:40])
            sent = await api.send_message(PERSON, words[:2000], reply_markup=keyboard(buttons), reply_to_message_id=1)
        for target in (
            "javascript:window.harmed=1",
            " JavaScript:window.harmed=1",
            "data:text/html,x",
            "file:///x",
            "blob:x",
        ):
            crossing = [MessageEntity("text_link", 0, 5, url=target), MessageEntity("bold", 3, 500)]
            await api.send_message(PERSON, f"Press {target}", entities=crossing)
        posted = await film(api, media, MARKUP[-8], name="<img src=x onerror='window.harmed = 1'>.mp4")
        await api.send_document(
            PERSON, b"<script>window.harmed = 1</script>", filename="<svg onload='window.harmed=1'>.html"
        )
        assert posted.video is not None
        await _inline_results_are_text(page, api, posted.video.file_id)
        await expect(page.locator("article", has_text="drop table")).not_to_have_count(0)
        await page.evaluate("for (const one of document.querySelectorAll('[data-cover]')) one.reveal()")
        await page.get_by_role("button", name="'; drop table").first.click()
        await _answer(api, MARKUP[-10], show_alert=True)
        await expect(page.locator("#alert p")).to_have_text(MARKUP[-10])
        await page.keyboard.press("Enter")
        await page.locator(f"#m{sent.message_id} .row button").last.click()
        await expect(page.locator("#toast")).to_contain_text("WWW")
        await page.locator("article.bot .answer").first.click()
        await page.click("#show-places")
        await page.click("#show-backstage")
        await expect(page.locator("#calls")).to_contain_text("<script>window.harmed")
        await page.evaluate("for (const one of document.querySelectorAll('#calls details')) one.open = true")
        found = await page.evaluate(
            """() => ({
                harmed: window.harmed ?? null,
                foreign: document.querySelectorAll("body :is(script, svg, iframe, style, [onload], [onerror])").length,
                links: [...new Set([...document.querySelectorAll("a")].map((link) => link.protocol))],
            })"""
        )
        assert (found["harmed"], found["foreign"]) == (None, 0)
        assert set(found["links"]) <= {"http:", "https:", "tg:"}
        for width in (320, 1200):
            await page.set_viewport_size({"width": width, "height": 780})
            assert await page.evaluate(CUT) == {"wider": 0, "cut": []}
        for _ in ("light", "dark"):
            assert await page.evaluate(FAINT) == []
            await page.click("#theme")


async def _inline_results_are_text(page: Page, api: Bot, file_id: str) -> None:
    await page.fill("#words", "@rushes_sandbox_bot <b>")
    query_id = await _asked(api)
    results = [
        InlineQueryResultCachedVideo(str(number), file_id, words[:100], description=words[:200])
        for number, words in enumerate(MARKUP)
    ]
    button = InlineQueryResultsButton(MARKUP[-12][:64], start_parameter="inline")
    await api.answer_inline_query(query_id, results, 0, button=button)
    await expect(page.get_by_role("option")).to_have_count(len(MARKUP) + 1)
    assert await page.evaluate(CUT) == {"wider": 0, "cut": []}
    await page.press("#words", "ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.own video")).to_have_count(1)
    assert await page.input_value("#words") == ""
