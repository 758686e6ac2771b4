"""The sandbox's page in a real browser, with an eye on whatever the browser complains about or asks from elsewhere."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

from sandbox.servers import Origins

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEEDS_BROWSER = pytest.mark.skipif(BROWSER is None, reason="no Chromium here; Debian's package is called chromium")
PATIENCE = 30_000  # milliseconds
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_TELL_VIOLATIONS = """
    addEventListener("securitypolicyviolation", (found) => console.error(`forbidden: ${found.violatedDirective}`))
"""


@dataclass
class Amiss:
    """What should not have happened: scripts that failed, forbidden things that were tried, requests elsewhere."""

    origin: str
    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.found.append(str(error)))
        page.on("console", self._hear)
        page.on("dialog", lambda dialog: self.found.append(dialog.message))
        page.context.on("page", lambda opened: self.found.append(f"opened {opened.url}"))
        page.context.on("request", lambda asked: self._judge(asked.url))

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.found.append(said.text)

    def _judge(self, url: str) -> None:
        if not url.startswith(f"{self.origin}/"):
            self.found.append(url)


@asynccontextmanager
async def at_the_page(origins: Origins, asked: str = "", width: int = 390) -> AsyncIterator[Page]:
    """The page, opened; at the end nothing may have been amiss."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=_QUIET)
        try:
            context = await browser.new_context(viewport={"width": width, "height": 780})
            await context.grant_permissions(["clipboard-read", "clipboard-write"])
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            amiss = Amiss(origins.telegram)
            amiss.watch(page)
            await page.add_init_script(_TELL_VIOLATIONS)
            await page.goto(f"{origins.telegram}/chat/index.html{asked}")
            yield page
            assert amiss.found == []
        finally:
            await browser.close()


async def holds(page: Page, condition: str) -> None:
    """Waits until it is true in the page; the page's own policy forbids what the driver would do for that."""
    async with asyncio.timeout(PATIENCE / 1000):
        while not await page.evaluate(condition):  # noqa: ASYNC110 - the page is another process's
            await asyncio.sleep(0.05)


async def write(page: Page, words: str) -> None:
    """Types it and sends it."""
    await page.fill("#words", words)
    await page.press("#words", "Enter")


# What each of these finds is too much: text too close in colour to what lies below it, controls without a name, and
# what does not fit.
FAINT = """() => {
    const numbers = (color) => { const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
    const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];
    const light = (color) => color.map((part) => part / 255)
        .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
        .reduce((sum, part, place) => sum + part * [.2126, .7152, .0722][place], 0);
    const behind = (element) => {
        if (!element) return [255, 255, 255];
        return over(numbers(getComputedStyle(element).backgroundColor), behind(element.parentElement));
    };
    const faint = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { parentElement: element, data } = walker.currentNode;
        if (!/[\\p{L}\\p{N}]/u.test(data) || element.closest("[hidden], .spoiler, #news, :disabled, .answer")) continue;
        if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        const below = behind(element), color = over(numbers(getComputedStyle(element).color), below);
        const [dark, bright] = [light(below), light(color)].sort((one, other) => one - other);
        const contrast = (bright + .05) / (dark + .05);
        if (contrast < 4.5) faint.add(`${element.tagName}.${element.className} ${data.slice(0, 20)} ${contrast}`);
    }
    return [...faint];
}"""
NAMELESS = """() => [...document.querySelectorAll("button, textarea, a, video, nav, aside, [role]:not([role=status])")]
    .filter((element) => element.checkVisibility() && !(element.textContent.trim() || element.ariaLabel))
    .map((element) => element.outerHTML)"""
CUT = """() => ({
    wider: document.documentElement.scrollWidth - innerWidth,
    cut: [...document.querySelectorAll(".bubble, .row > *, #offers li, .choices > *")].filter((element) =>
        element.scrollWidth > element.clientWidth + 1).map((element) => element.outerHTML.slice(0, 200)),
})"""
