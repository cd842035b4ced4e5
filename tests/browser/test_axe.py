"""Every page that a person sees, judged by axe-core: both widths, light and dark.

A new page goes into `LOOKS` of house.py (test_every_page.py fails until it does) or into the
simulator's list here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import FAKE_MICROPHONE, GRANT_MICROPHONE, QUIET, chromium_path
from tests.browser.house import LOOKS, House, Look
from tests.browser.lineapp import LineApp, start_line
from tests.browser.looks import each_way, sideways_px
from tests.browser.sounds import voice, write_wav

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.long]

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
SIMULATOR_PAGES = ("/", "/calls", "/debugger", "/faults")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all pages of this file."""
    if chromium_path() is None:
        pytest.skip("no Chromium found: install the package chromium or set CHROMIUM_PATH")
    flags = [*QUIET, FAKE_MICROPHONE, GRANT_MICROPHONE]
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium_path(), args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineApp]:
    """The simulator's pages, before a small application."""
    folder = tmp_path_factory.mktemp("line")
    with start_line(write_wav(folder / "tune.wav", voice(3, seed=2)).read_bytes(), folder) as app:
        yield app


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_a_page_of_ours_is_for_everybody(look: Look, house: House, browser: Browser) -> None:
    page = browser.new_context().new_page()
    page.goto(house.show(page.context, look))
    is_for_everybody(page)


@pytest.mark.parametrize("path", SIMULATOR_PAGES)
def test_a_page_of_the_simulator_is_for_everybody(
    path: str, line: LineApp, browser: Browser
) -> None:
    page = browser.new_context().new_page()
    page.goto(line.simulator + path)
    is_for_everybody(page)


def test_the_simulators_pages_stay_so_while_somebody_calls(line: LineApp, browser: Browser) -> None:
    phone = browser.new_context().new_page()
    phone.goto(line.simulator)
    phone.get_by_role("button", name="Call", exact=True).click()
    expect(phone.locator("#state")).to_have_text("Connected")
    calls = phone.context.new_page()
    calls.goto(f"{line.simulator}/calls")
    expect(calls.get_by_text("in-progress").first).to_be_visible()
    is_for_everybody(calls)
    is_for_everybody(phone)


def is_for_everybody(page: Page) -> None:
    """No rule of axe-core is broken, and nothing is cut off at the side, whichever way."""
    page.evaluate(AXE.read_text())
    wrong = [
        f"{way}: {words}"
        for way in each_way(page)
        for words in (*_violations(page), *_overhang(page))
    ]
    page.close()
    assert not wrong, "\n".join(wrong)


def _violations(page: Page) -> list[str]:
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [
        f"{rule['id']} at {node['target']}: {' '.join(node['failureSummary'].split())}"
        for rule in found
        for node in rule["nodes"]
    ]


def _overhang(page: Page) -> list[str]:
    px = sideways_px(page)
    return [f"{px} px wider than the window"] if px > 0 else []
