"""The chat in a browser: a real one, the real bot behind it, and somebody who types and presses."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from sandbox.media import Media
from sandbox.play import GROUP, playing
from sandbox.player import Player
from sandbox.servers import PERSON, Origins, serving
from tests.hostile import HOSTILE

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 30_000  # milliseconds
MARKUP = (
    *HOSTILE,
    "<img src=x onerror='window.harmed = 1'>",
    "<script>window.harmed = 1</script>",
    "javascript:window.harmed=1",
    "'\"><svg onload=window.harmed=1>",
    "[x](javascript:window.harmed=1)",
)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here; Debian's package is called chromium")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Media:
    made = Media(tmp_path_factory.mktemp("media"))
    made.make()
    return made


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=quiet)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def at_the_page(media: Media, folder: Path, **settings: str) -> AsyncIterator[tuple[Page, Origins, list[str]]]:
    """The page, where the stand-ins are, and what the browser complained about or asked from elsewhere."""
    async with serving(media=media) as origins, playing(origins, folder, **settings) as address, browsing() as browser:
        page = await browser.new_page(viewport={"width": 390, "height": 780})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        amiss: list[str] = []
        page.on("pageerror", lambda error: amiss.append(str(error)))
        page.on("console", lambda said: amiss.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("request", lambda asked: amiss.append(asked.url) if not _is_ours(asked.url, origins) else None)
        await page.goto(address)
        yield page, origins, amiss


def _is_ours(url: str, origins: Origins) -> bool:
    return url.startswith((origins.telegram, "data:"))


async def write(page: Page, words: str) -> None:
    await page.fill("#words", words)
    await page.press("#words", "Enter")


async def holds(page: Page, condition: str) -> None:
    """Waits until it is true in the page; the page's own policy forbids what the driver would do for that."""
    async with asyncio.timeout(PATIENCE / 1000):
        while not await page.evaluate(condition):  # noqa: ASYNC110 - the page is another process's
            await asyncio.sleep(0.05)


async def test_a_task_is_followed_from_the_command_to_the_film(media: Media, tmp_path: Path) -> None:
    async with at_the_page(media, tmp_path) as (page, origins, amiss):
        async with Player(origins.sim, PERSON) as person:
            await person.tell("tasks", provider="token360", id="vid_page1", pace=4, outputs=["dawn.mp4"])
        await write(page, "/track vid_page1")
        card = page.locator("article.bot").first
        await expect(card).to_contain_text("queue")
        await page.evaluate("window.stillTheSamePage = true")
        await card.get_by_role("button", name="Refresh").click()
        await expect(page.locator("#toast")).to_be_visible()
        await expect(card).to_contain_text("Rendering")
        await expect(card).to_contain_text("Done")
        film = page.locator("article.bot video")
        await film.click()
        await holds(page, "document.querySelector('video').currentTime > 0.3")
        part = "{headers: {Range: 'bytes=0-9'}}"
        ranges = await page.evaluate(f"fetch(document.querySelector('video').src, {part}).then((told) => told.status)")
        assert (ranges, await page.evaluate("window.stillTheSamePage")) == (206, True)

        await page.click("#show-places")
        await page.get_by_role("button", name="中文").click()
        await page.click("#show-places")
        await write(page, "/help")
        await expect(page.locator("article.bot").last).to_contain_text("任务")
        assert amiss == []


async def test_nothing_that_somebody_wrote_becomes_markup(media: Media, tmp_path: Path) -> None:
    async with at_the_page(media, tmp_path) as (page, origins, amiss):
        async with Player(origins.sim, PERSON) as person:
            for number, words in enumerate(MARKUP):
                error = {"code": words[:40], "message": words}
                extra = {"prompt": words, "model": words[:60]}
                task = {"provider": "token360", "id": f"vid_hostile{number}", "pace": 0.1, "extra": extra}
                await person.tell("tasks", **task, end="failed", error=error)
                await person.say(words)
            await person.say("/track " + " ".join(f"vid_hostile{number}" for number in range(len(MARKUP))))
        await expect(page.locator("article.bot .bubble", has_text="❌")).not_to_have_count(0)
        await page.click("#show-backstage")
        await expect(page.locator("#calls details")).not_to_have_count(0)
        await page.click("#show-backstage")
        found = await page.evaluate(
            """() => ({
                harmed: window.harmed ?? null,
                foreign: document.querySelectorAll("main :is(script, svg, iframe, [onload], [onerror])").length,
                links: [...document.querySelectorAll("#messages a")].map((link) => link.protocol),
            })"""
        )
        assert (found["harmed"], found["foreign"]) == (None, 0)
        assert set(found["links"]) <= {"http:", "https:", "tg:"}
        assert amiss == []


async def test_it_fits_any_screen_and_everything_has_a_name(media: Media, tmp_path: Path) -> None:
    async with at_the_page(media, tmp_path) as (page, origins, amiss):
        async with Player(origins.sim, GROUP, PERSON) as person:
            await person.tell("tasks", provider="token360", id="vid_page2", end="stuck")
            await person.say("/track vid_page2")
        for width in (360, 1200):
            await page.set_viewport_size({"width": width, "height": 740})
            await page.reload()
            await _looks_right(page)
        await _who_may_not_stop_a_task_reads_why(page)
        assert amiss == []


async def _looks_right(page: Page) -> None:
    await page.click("#show-fates")
    await page.locator("#offers li").first.press("Enter")
    await holds(page, "document.querySelector('#words').value.startsWith('/track ')")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.bot .row button").first).to_be_visible()
    for opener in ("#show-menu", "#show-backstage", "#show-places"):
        await page.click(opener)
        found = await page.evaluate(
            """() => ({
                wider: document.documentElement.scrollWidth - innerWidth,
                nameless: [...document.querySelectorAll("button, textarea, a")].filter((element) =>
                    element.checkVisibility() && !(element.textContent.trim() || element.ariaLabel)).length,
                cut: [...document.querySelectorAll(".bubble, .row > *")].filter((element) =>
                    element.scrollWidth > element.clientWidth + 1).length,
            })"""
        )
        assert found == {"wider": 0, "nameless": 0, "cut": 0}, opener
        await page.keyboard.press("Escape")
        if await page.locator("#backstage").is_visible():
            await page.click("#show-backstage")


async def _who_may_not_stop_a_task_reads_why(page: Page) -> None:
    if not await page.locator("#places").is_visible():
        await page.click("#show-places")
    await page.get_by_role("button", name="Stranger").click()
    await page.locator("#rooms").get_by_role("button", name="Group").first.click()
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("#alert")).to_contain_text("Only whoever tracks this")
    await page.keyboard.press("Enter")
    await expect(page.locator("#alert")).not_to_be_visible()
