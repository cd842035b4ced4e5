"""One line for the journeys of this folder, started by the command that a newcomer types."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from asr.models.derived import ensure_model
from config.city import load_city
from config.settings import load_settings
from tests.browser.conftest import chromium_page, playwright_driver
from tests.journeys.line import Line, line_of_its_own
from voice.ahead import speak_all_with_bar

__all__ = ["chromium_page", "playwright_driver"]


@pytest.fixture(scope="session")
def prepared() -> None:
    """The checkout's own model and prompts, which every line of a test then shares."""
    settings = load_settings()
    ensure_model(settings, "en", Console(file=io.StringIO()))
    speak_all_with_bar(settings, load_city(settings.city))


@pytest.fixture(scope="session")
def line(prepared: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A running line on SQLite, with short waits."""
    with line_of_its_own(
        tmp_path_factory.mktemp("line"),
        SWIFTLINE_NO_INPUT_S="4",
        SWIFTLINE_NOBODY_WAIT_S="3",
        SWIFTLINE_AGENT_WAIT_S="30",
        SWIFTLINE_RECONCILE_S="5",
        SWIFTLINE_LEASE_S="5",
    ) as running:
        yield running
