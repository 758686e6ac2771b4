"""The chat in a browser: a real one, the real bot behind it, and somebody who types and presses."""

from pathlib import Path

from playwright.async_api import Page, expect

from sandbox.play import playing
from sandbox.player import Player
from sandbox.servers import PERSON, Origins
from tests.hostile import HOSTILE
from tests.sandbox.browsing import CUT, FAINT, NAMELESS, NEEDS_BROWSER, at_the_page, holds, write

pytestmark = NEEDS_BROWSER

FAULTS = 4


async def test_a_task_is_followed_from_the_command_to_the_film(origins: Origins, tmp_path: Path) -> None:
    async with playing(origins, tmp_path), at_the_page(origins) as page:
        async with Player(origins.sim, PERSON) as person:
            await person.tell("tasks", provider="token360", id="vid_page1", pace=4, outputs=["dawn.mp4"])
        await write(page, "/track vid_page1")
        card = page.locator("article.bot").first
        await expect(card).to_contain_text("queue")
        await page.evaluate("window.stillTheSamePage = true")
        refresh = card.get_by_role("button", name="Refresh")
        await refresh.press("Enter")
        await expect(page.locator("#toast")).to_be_visible()
        await expect(card).to_contain_text("Rendering")
        # Whoever is at a button of a card that changes is still there.
        await expect(refresh).to_be_focused()
        await expect(card).to_contain_text("Done")
        film = page.locator("article.bot video")
        await page.get_by_role("button", name="Play").click()
        await holds(page, "document.querySelector('video').currentTime > 0.3")
        await expect(film).to_be_focused()
        part = "{headers: {Range: 'bytes=0-9'}}"
        ranges = await page.evaluate(f"fetch(document.querySelector('video').src, {part}).then((told) => told.status)")
        assert (ranges, await page.evaluate("window.stillTheSamePage")) == (206, True)
        await _it_is_offered_inline(page)
        await _what_went_on_is_shown(page)

        await page.click("#show-places")
        await page.get_by_role("button", name="中文").click()
        await page.click("#show-places")
        await write(page, "/help")
        await expect(page.locator("article.bot").last).to_contain_text("任务")


async def _it_is_offered_inline(page: Page) -> None:
    await page.fill("#words", "@rushes_sandbox_bot vid_page1")
    await expect(page.get_by_role("option")).to_contain_text(["seedance-2.0"])
    await page.press("#words", "ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.own video")).to_have_count(1)


async def _what_went_on_is_shown(page: Page) -> None:
    await page.click("#show-backstage")
    entry = page.locator("#calls details", has_text="sendMessage").first
    await entry.locator("summary").press("Enter")
    await expect(entry.get_by_label("Request")).to_contain_text("vid_page1")
    await expect(entry.get_by_label("Answer")).to_contain_text('"message_id"')
    faults = page.locator("#faults button")
    for number in range(FAULTS):
        await faults.nth(number).press("Enter")
        await expect(page.locator("#waiting")).to_have_text(f"Calls that will go wrong: {number + 1}")
    await faults.last.press("Enter")
    await expect(page.locator("#waiting")).to_have_text("Calls that will go wrong: 0")
    await page.keyboard.press("Escape")
    await expect(page.locator("#show-backstage")).to_be_focused()


async def test_whatever_a_gateway_says_is_text_that_fits_and_no_mouse_is_needed(
    origins: Origins, tmp_path: Path
) -> None:
    async with playing(origins, tmp_path), at_the_page(origins, width=360) as page:
        async with Player(origins.sim, PERSON) as person:
            words = [*HOSTILE, "<img src=x onerror='window.harmed = 1'>", "<script>window.harmed = 1</script>"]
            ids = [f"vid_hostile{number}" for number in range(0, len(words), 3)]
            for number, task_id in enumerate(ids):
                prompt, model, error = (words[(number * 3 + step) % len(words)] for step in range(3))
                said = {"prompt": prompt, "model": model[:60]}
                task = {"provider": "token360", "id": task_id, "pace": 0.1, "extra": said}
                await person.tell("tasks", **task, end="failed", error={"code": error[:40], "message": error})
            await person.say("/track " + " ".join(ids))
        await expect(page.locator("article.bot .bubble", has_text="failed")).to_have_count(len(ids))
        foreign = "document.querySelectorAll('body :is(script, svg, iframe, [onload], [onerror])').length"
        assert await page.evaluate(f"[window.harmed ?? null, {foreign}]") == [None, 0]
        await _the_keys_do(page)
        await _a_topic_has_its_own_cards(page)
        for width in (360, 1200):
            await page.set_viewport_size({"width": width, "height": 740})
            await page.reload()
            await _looks_right(page)
        await _who_may_not_stop_a_task_reads_why(page)


async def _looks_right(page: Page) -> None:
    await page.click("#show-fates")
    await expect(page.get_by_role("option").first).to_be_focused()
    await page.keyboard.press("Enter")
    await holds(page, "document.querySelector('#words').value.startsWith('/track ')")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.bot .row button").first).to_be_visible()
    for opener in ("#show-menu", "#show-backstage", "#show-places"):
        if await page.locator(opener).get_attribute("aria-expanded") == "false":
            await page.click(opener)
        await expect(page.locator(opener)).to_have_attribute("aria-expanded", "true")
        for _ in ("light", "dark"):
            assert await page.evaluate(CUT) == {"wider": 0, "cut": []}, opener
            assert await page.evaluate(NAMELESS) == [], opener
            assert await page.evaluate(FAINT) == [], opener
            await page.evaluate("document.documentElement.classList.toggle('dark')")
        await page.locator(opener).press("Escape")


async def _who_may_not_stop_a_task_reads_why(page: Page) -> None:
    await page.click("#show-places")
    await _enter(page, "Group", person="You (let in)")
    await write(page, "/track vid_stuck1")
    await expect(page.locator("article.bot").get_by_role("button", name="Stop")).to_be_visible()
    await _enter(page, "Group", person="Stranger")
    await expect(page.locator("article.other .name")).to_have_text("You (let in)")
    await page.get_by_role("button", name="Stop").press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("Only whoever tracks this")
    await page.keyboard.press("Escape")
    await expect(page.locator("#alert")).not_to_be_visible()
    await expect(page.get_by_role("button", name="Stop")).to_be_focused()


async def _enter(page: Page, room: str, *, person: str) -> None:
    await page.locator("#people").get_by_role("button", name=person).click()
    await page.locator("#rooms").get_by_role("button", name=room, exact=True).click()
    await expect(page.locator("#rooms [aria-current]")).to_contain_text(room)


async def _the_keys_do(page: Page) -> None:
    words, focus = page.locator("#words"), page.locator(":focus")
    await expect(words).to_be_focused()
    menu = "fetch('/sim/menu?chat_id=1001&user_id=1001&language=en').then((answer) => answer.json())"
    await holds(page, f"{menu}.then((told) => told.commands.length > 0)")
    await page.keyboard.type("/tr")
    await expect(page.get_by_role("option")).to_contain_text(["/track"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(words).to_have_value("/track ")
    for name in ("A task to try", "Send"):
        await page.keyboard.press("Tab")
        await expect(focus).to_have_attribute("aria-label", name)
    for _ in range(3):
        await page.keyboard.press("Shift+Tab")
    await expect(focus).to_have_attribute("aria-label", "Commands")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("option").first).to_be_focused()
    await page.keyboard.press("End")
    await expect(page.get_by_role("option").last).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("option").first).to_be_focused()
    assert await focus.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
    await page.keyboard.press("Escape")
    await expect(focus).to_have_attribute("aria-label", "Commands")
    await expect(page.get_by_role("option").first).not_to_be_visible()
    for opener, panel in (("#show-places", "#places"), ("#show-backstage", "#backstage")):
        await page.locator(opener).press("Enter")
        await expect(page.locator(f"{panel} button").first).to_be_focused()
        assert await page.evaluate("document.querySelector('#composer').inert")
        await page.keyboard.press("Escape")
        await expect(page.locator(opener)).to_be_focused()
        await expect(page.locator(panel)).not_to_be_visible()
        assert not await page.evaluate("document.querySelector('#composer').inert")


async def _a_topic_has_its_own_cards(page: Page) -> None:
    await page.locator("#show-places").press("Enter")
    await page.get_by_role("button", name="Topic 7").press("Enter")
    await expect(page.locator("#places")).not_to_be_visible()
    await expect(page.locator("#title")).to_have_text("Group with topics")
    await write(page, "/track vid_stuck1")
    await expect(page.locator("article.bot")).to_contain_text("vid_stuck1")
    await page.locator("article.own .answer").press("Enter")
    await expect(page.locator("#replying")).to_contain_text("/track vid_stuck1")
    await expect(page.locator("#words")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#replying")).not_to_be_visible()
    await page.locator("#show-places").press("Enter")
    await page.get_by_role("button", name="Topic 9").press("Enter")
    await expect(page.locator("#empty")).to_be_visible()
    await expect(page.locator("article")).to_have_count(0)
