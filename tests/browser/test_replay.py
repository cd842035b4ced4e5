"""Listening in a real Chromium: words light up as they sound, and a click goes there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

import recordings.pages
from config.settings import Settings
from infra.clock import now
from infra.db import Database
from recordings.models import Listening, Recording
from tests.browser.archive import a_recording
from tests.browser.conftest import OpensPage
from tests.conftest import eventually
from tests.serving import serving
from tests.web.conftest import make_app, person
from web.access.guard import Role
from web.access.staff import COOKIE, sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

LIT = "[...document.querySelectorAll('.w--now')].map((w) => [+w.dataset.s, +w.dataset.e])"
NOW = "document.getElementById('sound').currentTime"


@pytest.fixture
def address(settings: Settings, database: Database) -> Iterator[str]:
    """A running web process with the archive's pages."""
    with serving(make_app(settings, database, recordings.pages)) as root:
        yield root


@pytest.fixture
def recording(settings: Settings, database: Database, tmp_path: Path) -> Recording:
    """Forty seconds, a word each half second; caller and line take turns of five."""
    return a_recording(settings, database, tmp_path)


@pytest.fixture
def reviewer(address: str, database: Database, chromium_page: OpensPage) -> Page:
    """A page of somebody who may listen."""
    return signed_in(chromium_page(), address, database)


def signed_in(page: Page, address: str, database: Database) -> Page:
    somebody = person(database, "maria", Role.QA)
    with database.transaction() as session:
        token = sign_in(session, somebody.id)
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
    return page


def open_replay(page: Page, address: str, recording: Recording, query: str = "") -> None:
    page.goto(f"{address}/recordings/{recording.public_id}{query}")
    page.wait_for_selector("[data-ready]")


def position(page: Page) -> float:
    return float(page.evaluate(NOW))


def test_the_word_under_the_playhead_is_lit(
    reviewer: Page, address: str, recording: Recording
) -> None:
    open_replay(reviewer, address, recording)
    reviewer.click("#play")
    for _ in range(5):
        _plays_on(reviewer)
        eventually(lambda: _is_lit_where_it_plays(reviewer))


def _plays_on(page: Page) -> None:
    after = position(page) + 0.4
    eventually(lambda: position(page) > after)


def _is_lit_where_it_plays(page: Page) -> bool:
    """Whether one word is lit, the one that sounds; a page may be a frame behind its sound."""
    lit, at = page.evaluate(f"[{LIT}, {NOW}]")
    return len(lit) == 1 and bool(lit[0][0] - 0.15 <= at <= lit[0][1] + 0.15)


def test_nothing_of_the_sound_is_loaded_before_play(
    reviewer: Page, address: str, recording: Recording, database: Database
) -> None:
    asked: list[str] = []
    reviewer.on("request", lambda request: asked.append(urlsplit(request.url).path))
    open_replay(reviewer, address, recording)
    canvases = "document.querySelector('#wave > div').shadowRoot.querySelectorAll('canvas').length"
    assert eventually(lambda: reviewer.evaluate(canvases)) >= 2
    assert not any(path.endswith(("/sound", "/listen")) for path in asked)
    reviewer.click("#play")
    eventually(lambda: position(reviewer) > 0.2)
    with database.read() as session:
        assert len(session.scalars(select(Listening)).all()) == 1
    reviewer.click("#play")
    reviewer.click("#play")
    eventually(lambda: any(path.endswith("/sound") for path in asked))
    assert sum(path.endswith("/listen") for path in asked) == 1


def test_a_click_on_a_word_plays_from_there(
    reviewer: Page, address: str, recording: Recording
) -> None:
    open_replay(reviewer, address, recording)
    reviewer.get_by_text("word40", exact=True).click()
    eventually(lambda: position(reviewer) > 20.1)
    assert position(reviewer) < 30
    reviewer.get_by_text("word4", exact=True).click()
    eventually(lambda: 2 <= position(reviewer) < 10)


def test_the_lit_word_stays_in_view(reviewer: Page, address: str, recording: Recording) -> None:
    open_replay(reviewer, address, recording)
    reviewer.set_viewport_size({"width": 1000, "height": 500})
    reviewer.get_by_role("button", name="0:30", exact=True).click()
    inside = """(() => { const w = document.querySelector('.w--now'); if (!w) return false;
      const b = document.getElementById('words').getBoundingClientRect();
      const r = w.getBoundingClientRect();
      return +w.dataset.s >= 30 && r.top >= b.top && r.bottom <= b.bottom; })()"""
    assert eventually(lambda: reviewer.evaluate(inside))


def test_keys_play_pause_and_step(reviewer: Page, address: str, recording: Recording) -> None:
    open_replay(reviewer, address, recording)
    reviewer.keyboard.press("Space")
    eventually(lambda: position(reviewer) > 0.1)
    reviewer.focus("#find")
    reviewer.keyboard.press("Space")
    assert not reviewer.evaluate("document.getElementById('sound').paused")
    reviewer.keyboard.press("Alt+Space")
    eventually(lambda: reviewer.evaluate("document.getElementById('sound').paused"))
    reviewer.evaluate("document.activeElement.blur()")
    before = position(reviewer)
    reviewer.keyboard.press("ArrowRight")
    eventually(lambda: abs(position(reviewer) - before - 5) < 0.2)
    reviewer.keyboard.press("ArrowLeft")
    eventually(lambda: abs(position(reviewer) - before) < 0.2)


def test_the_speed_is_kept_for_the_session(
    reviewer: Page, address: str, recording: Recording
) -> None:
    open_replay(reviewer, address, recording)
    reviewer.get_by_role("button", name="1.5×").click()
    reviewer.click("#play")
    eventually(lambda: position(reviewer) > 0.2)
    assert reviewer.evaluate("document.getElementById('sound').playbackRate") == 1.5
    open_replay(reviewer, address, recording)
    expect(reviewer.get_by_role("button", name="1.5×")).to_have_attribute("aria-pressed", "true")


def test_a_deep_link_starts_at_its_second(
    reviewer: Page, address: str, recording: Recording
) -> None:
    open_replay(reviewer, address, recording, "?t=31.4")
    expect(reviewer.locator("#now")).to_have_text("0:31")
    reviewer.click("#play")
    eventually(lambda: position(reviewer) > 31.5)
    assert position(reviewer) < 39


def test_words_are_found(reviewer: Page, address: str, recording: Recording) -> None:
    open_replay(reviewer, address, recording)
    reviewer.fill("#find", "WORD20 word21")
    expect(reviewer.locator("#found")).to_have_text("1 of 1")
    assert reviewer.locator(".w--hit").all_inner_texts() == ["word20", "word21"]
    assert reviewer.locator("#find-marks i").count() == 1
    reviewer.fill("#find", "word1")
    expect(reviewer.locator("#found")).to_have_text("1 of 11")
    reviewer.press("#find", "Enter")
    expect(reviewer.locator("#found")).to_have_text("2 of 11")
    reviewer.fill("#find", "nobody said this")
    expect(reviewer.locator("#found")).to_have_text("0 found")


def test_a_link_that_ran_out_is_mended_while_playing(
    reviewer: Page, address: str, recording: Recording, database: Database
) -> None:
    open_replay(reviewer, address, recording)
    reviewer.click("#play")
    eventually(lambda: position(reviewer) > 0.2)
    with database.transaction() as session:
        session.scalars(select(Listening)).one().open_until = now()
    reviewer.evaluate("document.getElementById('sound').load()")
    reviewer.evaluate("document.getElementById('sound').play().catch(() => {})")
    eventually(lambda: position(reviewer) > 0.5)
    expect(reviewer.locator("#replay-note")).to_be_hidden()
