"""A real browser for pages on disk: what a page says, asks for and draws, and what axe-core finds in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
GRAVE = ("serious", "critical")
MODES = ("light", "dark", "narrow", "print")
WIDTHS = {"narrow": 390}
DRAWN = """
[...document.querySelectorAll('figure[data-chart]')].map(one => {
  const kinds = ['path', 'text', 'line'].map(kind => '.chart svg [class*="mark-"] ' + kind).join();
  const marks = [...one.querySelectorAll(kinds)]
    .filter(mark => { const box = mark.getBoundingClientRect(); return box.width + box.height > 0; });
  return {name: one.dataset.chart, drawn: one.dataset.drawn, marks: marks.length,
          rows: one.querySelectorAll('details.data tbody tr').length};
})
"""


@dataclass
class Seen:
    """An open page, and what it said on the console, asked for and did wrong so far."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def charts(self) -> list[dict[str, object]]:
        """Every chart with whether it was drawn, how many marks can be seen and the rows of its table."""
        self.page.wait_for_function(
            "[...document.querySelectorAll('figure[data-chart]')].every(one => one.dataset.drawn)"
        )
        found: list[dict[str, object]] = self.page.evaluate(DRAWN)
        return found

    def grave(self) -> list[str]:
        """What axe-core calls serious or critical."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['html'][:120]}"
            for one in found
            if one["impact"] in GRAVE
            for node in one["nodes"]
        ]

    @property
    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; skips where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: it comes from the system's packages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, path: Path, mode: str = "light") -> Iterator[Seen]:
    """A page from the file system in light, dark, narrow or print."""
    scheme = "dark" if mode == "dark" else "light"
    context = browser.new_context(
        viewport={"width": WIDTHS.get(mode, 1280), "height": 900}, color_scheme=scheme
    )
    seen = Seen(context.new_page())
    seen.page.on(
        "console", lambda one: seen.said.append(one.text) if one.type in ("error", "warning") else None
    )
    seen.page.on("pageerror", lambda one: seen.said.append(str(one)))
    seen.page.on("request", lambda one: seen.asked.append(one.url))
    if mode == "print":
        seen.page.emulate_media(media="print")
    seen.page.goto(path.as_uri())
    yield seen
    context.close()


def faults(browser: Browser, path: Path, mode: str) -> list[str]:
    """What is wrong with a page that stands alone."""
    with opened(browser, path, mode) as seen:
        return faults_of(seen, path, mode, path.as_uri())


def faults_of(seen: Seen, path: Path, mode: str, base: str) -> list[str]:
    """What is wrong with an open page: said on the console, asked for outside `base`, too wide for a
    telephone, or seriously inaccessible.
    """
    found = [f"says {one}" for one in seen.said]
    found += [f"asks for {one}" for one in seen.asked if not one.startswith((base, "data:"))]
    if mode == "narrow" and seen.overflow > 0:
        found.append(f"is {seen.overflow} px too wide")
    if mode != "print":
        found += seen.grave()
    return [f"{path.parent.name}/{path.name}, {mode}: {one}" for one in found]
