"""Chromium for tests of real pages, with a microphone that speaks a WAV file.

`chromium_page` is a function that opens a page:

    page = chromium_page(fake_audio=Path("hello.wav"))

The microphone says `fake_audio` once (16-bit PCM WAV, any rate) from the moment the page first
opens it, then keeps silent, or begins again with `endless=True`; without a file it gives
Chromium's beep once a second. With
`microphone=False` the person refuses the microphone. Every page has its own browser profile, and
everything is closed when the test ends. A page's uncaught error fails the test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

if TYPE_CHECKING:
    from tests.browser.house import House

# How fast a machine is fails no test.
expect.set_options(timeout=30_000)

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FAKE_MICROPHONE = "--use-fake-device-for-media-stream"
GRANT_MICROPHONE = "--use-fake-ui-for-media-stream"
DENY_MICROPHONE = "--deny-permission-prompts"


class OpensPage(Protocol):
    """Opens a blank page in a Chromium of its own."""

    def __call__(
        self,
        fake_audio: Path | None = None,
        *,
        endless: bool = False,
        microphone: bool = True,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
    ) -> Page: ...


def chromium_path() -> str | None:
    """Where Chromium is: CHROMIUM_PATH, or the first of the usual names on the PATH."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


def _flags(fake_audio: Path | None, endless: bool, microphone: bool) -> list[str]:
    flags = [*QUIET, FAKE_MICROPHONE, GRANT_MICROPHONE if microphone else DENY_MICROPHONE]
    if fake_audio is not None:
        again = "" if endless else "%noloop"
        flags.append(f"--use-file-for-fake-audio-capture={fake_audio.resolve()}{again}")
    return flags


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Our own pages, with something on each."""
    # Here, for the house is filled by the agents' fixtures, which use these.
    from tests.browser.house import open_house

    with open_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def playwright_driver() -> Iterator[Playwright]:
    """Playwright's own process. While it runs, `asyncio.run` cannot be used in this thread."""
    if chromium_path() is None:
        pytest.skip("no Chromium found: install the package chromium or set CHROMIUM_PATH")
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def chromium_page(playwright_driver: Playwright) -> Iterator[OpensPage]:
    """A function that opens a page in a new Chromium; see the module's docstring."""
    browsers: list[Browser] = []
    errors: list[str] = []

    def opens(
        fake_audio: Path | None = None,
        *,
        endless: bool = False,
        microphone: bool = True,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
    ) -> Page:
        browser = playwright_driver.chromium.launch(
            executable_path=chromium_path(), args=_flags(fake_audio, endless, microphone)
        )
        browsers.append(browser)
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opens
    for browser in browsers:
        browser.close()
    assert not errors, f"the page raised: {errors}"
