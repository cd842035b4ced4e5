"""A caller presses 0 and talks with an agent at the real desk in Chromium, both heard."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from agents.models import Handover
from calls.models import Utterance
from recordings.models import Recording
from simulator.callers import Caller
from sound.files import read_sound
from sound.resampling import resampled
from sound.samples import LINE_RATE
from tests.browser.conftest import OpensPage
from tests.browser.sounds import keep_sound, likeness, played, voice, write_wav
from tests.conftest import eventually
from tests.journeys.line import ROOT, Line, told
from tests.journeys.test_a_call import ticket_of

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.speech, pytest.mark.browser]

TIMEOUT_MS = 60_000
CLIP = ROOT / "tests" / "fixtures" / "speech" / "misc" / "jfk.flac"


def signs_in(page: Page, line: Line, username: str, path: str) -> None:
    page.goto(line.url(f"/signin?next={path}"))
    page.fill("[name=username]", username)
    page.fill("[name=password]", line.password(username))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^[^?]*" + re.escape(path)))


def test_a_caller_who_presses_0_talks_with_an_agent_who_saw_what_was_said(
    line: Line, chromium_page: OpensPage, tmp_path: Path
) -> None:
    agents_voice = voice(12, seed=7)
    page = chromium_page(write_wav(tmp_path / "agent.wav", agents_voice))
    signs_in(page, line, "agent", "/agents/desk")
    page.click("#go-ready")
    call = Caller(line.simulator(""), number="+13125550121").dials()
    call.hears("what is the problem").says("there is a big pothole in the road")
    call.hears("where is it").interrupts(presses="0")
    call.hears("i am connecting you to a person")
    page.locator("#accept").click(timeout=TIMEOUT_MS)
    call.is_transferred(within_s=60)
    expect(page.locator("#sound-word")).to_have_text("Connected", timeout=TIMEOUT_MS)
    expect(page.locator("#said")).to_contain_text("hole", timeout=TIMEOUT_MS)
    keep_sound(page, 20)
    call.says(clip=CLIP, within_s=60)
    assert likeness(played(page), caller_says()) > 0.5
    expect(page.locator("#said")).to_contain_text("your country", timeout=TIMEOUT_MS)
    page.keyboard.press("Control+Shift+1")
    call.is_hung_up_on(within_s=60)

    recording = eventually(lambda: transcribed(line, call.sid), within_s=180)
    assert recording is not None
    assert likeness(heard_by_caller(line, recording), agents_voice) > 0.4
    with line.database() as database, database.read() as session:
        speakers = set(session.scalars(select(Utterance.speaker)))
        handover = session.scalars(select(Handover).order_by(Handover.id.desc())).first()
    assert {"caller", "line"} <= speakers
    assert handover is not None
    assert (handover.state, handover.ended_by) == ("ended", "agent")


def test_the_shipped_caller_who_wants_a_person_gets_one(
    line: Line, chromium_page: OpensPage, tmp_path: Path
) -> None:
    page = chromium_page(write_wav(tmp_path / "agent.wav", voice(12, seed=7)))
    signs_in(page, line, "agent", "/agents/desk")
    page.click("#go-ready")
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(lambda: line.scenario("agent"))
        page.locator("#accept").click(timeout=TIMEOUT_MS)
        status, events = called.result()
    assert status == 0, told(events)
    with line.database() as database, database.read() as session:
        handover = session.scalars(select(Handover).order_by(Handover.id.desc())).first()
    assert handover is not None and handover.accepted_at is not None


def test_the_officer_sees_the_ticket_and_qa_hears_the_call(
    line: Line, chromium_page: OpensPage
) -> None:
    call = Caller(line.simulator(""), number="+13125550122").dials()
    call.hears("what is the problem").says("there is a big pothole in the road")
    call.hears("where is it").says("twelve hundred north clark street")
    call.hears("is that right", within_s=60).presses("1")
    call.is_hung_up_on(within_s=60)
    ticket = ticket_of(line, call.sid)

    officer = chromium_page()
    signs_in(officer, line, "officer", "/tickets")
    expect(officer.locator(f"#ticket-{ticket.number}")).to_be_visible(timeout=TIMEOUT_MS)
    expect(officer.locator("main")).to_contain_text(ticket.address)

    recording = eventually(lambda: transcribed(line, call.sid), within_s=180)
    assert recording is not None
    qa = chromium_page()
    signs_in(qa, line, "qa", f"/recordings/{recording.public_id}")
    words = qa.locator(".w[data-s]")
    expect(words.first).to_be_visible(timeout=TIMEOUT_MS)
    words.nth(5).click()
    expect(qa.locator(".w--now")).to_be_visible(timeout=TIMEOUT_MS)

    refused = chromium_page()
    signs_in(refused, line, "officer", "/tickets")
    answer = refused.goto(line.url(f"/recordings/{recording.public_id}"))
    assert answer is not None
    assert answer.status == 403


def caller_says() -> np.ndarray:
    channels, rate = read_sound(CLIP)
    return np.asarray(resampled(channels[0], rate, LINE_RATE)[: 6 * LINE_RATE] / 32768)


def transcribed(line: Line, sid: str) -> Recording | None:
    with line.database() as database, database.read() as session:
        return session.scalar(
            select(Recording).where(
                Recording.call_sid == sid,
                Recording.purpose == "call",
                Recording.state == "transcribed",
            )
        )


def heard_by_caller(line: Line, recording: Recording) -> np.ndarray:
    """The second channel of the archive."""
    assert recording.storage_key is not None
    channels, rate = read_sound(line.settings.storage / recording.storage_key)
    return np.asarray(resampled(channels[1], rate, LINE_RATE) / 32768)
