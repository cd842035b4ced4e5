"""Pictures of every page, laptop and phone, light and dark, to be looked at.

python -m tests.browser.screenshots FOLDER [part of a page's name ...]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FAKE_MICROPHONE, GRANT_MICROPHONE, QUIET, chromium_path
from tests.browser.house import LOOKS, open_house
from tests.browser.lineapp import start_line
from tests.browser.looks import each_way, sideways_px
from tests.browser.sounds import voice, write_wav

SIMULATOR_PAGES = {
    "softphone": "/",
    "calls": "/calls",
    "debugger": "/debugger",
    "faults": "/faults",
}


def main(folder: Path, wanted: list[str]) -> None:
    """Take the pictures whose name has one of the wanted parts; all of them without any."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = [*QUIET, FAKE_MICROPHONE, GRANT_MICROPHONE]
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as scratch:
        browser = driver.chromium.launch(executable_path=chromium_path(), args=flags)
        _house(browser, folder, Path(scratch), wanted)
        if _is_wanted("simulator", wanted):
            _simulator(browser, folder, Path(scratch))
        browser.close()


def _house(browser: Browser, folder: Path, scratch: Path, wanted: list[str]) -> None:
    with open_house(scratch) as house:
        for look in LOOKS:
            if not _is_wanted(look.name, wanted):
                continue
            page = browser.new_page()
            page.goto(house.show(page.context, look))
            _take(page, folder, look.name)


def _simulator(browser: Browser, folder: Path, scratch: Path) -> None:
    with start_line(write_wav(scratch / "tune.wav", voice(3, seed=2)).read_bytes(), scratch) as app:
        for name, path in SIMULATOR_PAGES.items():
            page = browser.new_page()
            page.goto(app.simulator + path)
            _take(page, folder, f"simulator-{name}")


def _take(page: Page, folder: Path, name: str) -> None:
    for way in each_way(page):
        page.wait_for_timeout(300)
        page.screenshot(path=folder / f"{name}-{way}.png", full_page=True)
        if sideways_px(page) > 0:
            print(f"{name}-{way} is wider than its window")
    page.close()


def _is_wanted(name: str, wanted: list[str]) -> bool:
    return not wanted or any(part in name for part in wanted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
