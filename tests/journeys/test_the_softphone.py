"""A newcomer opens the softphone, presses Call and talks: a ticket comes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect
from sqlalchemy import select

from simulator.speech.synthesiser import Speaker
from sound.files import read_sound
from sound.mulaw import from_mulaw
from sound.resampling import resampled
from sound.samples import LINE_RATE
from tests.browser.conftest import OpensPage
from tests.conftest import eventually
from tests.journeys.line import ROOT, Line
from tickets.models import Report, Ticket

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.speech, pytest.mark.browser]

TIMEOUT_MS = 60_000
NUMBER = "+13125550131"
YES = ROOT / "tests" / "fixtures" / "speech" / "an4" / "an251-fash-b.flac"


def conversation(folder: Path) -> Path:
    """What the microphone says, with pauses in which the line speaks."""
    speaker = Speaker(folder)
    channels, rate = read_sound(YES)
    said = [
        (6.5, from_mulaw(speaker.speak("there is graffiti on the wall", "en"))),
        (9.0, from_mulaw(speaker.speak("twelve hundred north clark street", "en"))),
        (10.5, resampled(channels[0], rate, LINE_RATE)),
        (40.0, np.zeros(1, dtype=np.int16)),
    ]
    parts = []
    for pause_s, sound in said:
        parts += [np.zeros(round(pause_s * LINE_RATE), dtype=np.int16), sound]
    soundfile.write(folder / "caller.wav", np.concatenate(parts), LINE_RATE)
    return folder / "caller.wav"


def test_a_report_spoken_into_the_browser_becomes_a_ticket(
    line: Line, chromium_page: OpensPage, tmp_path: Path
) -> None:
    page = chromium_page(conversation(tmp_path))
    page.goto(line.simulator("/"))
    page.locator("#from").fill(NUMBER)
    page.get_by_role("button", name="Call", exact=True).click()
    lines = page.locator("#lines")
    expect(lines).to_contain_text("What is the problem?", timeout=TIMEOUT_MS)
    expect(lines).to_contain_text("Where is it?", timeout=TIMEOUT_MS)
    expect(lines).to_contain_text("twelve hundred North Clark Street", timeout=TIMEOUT_MS)
    expect(lines).to_contain_text("Your report number is", timeout=TIMEOUT_MS)
    expect(page.locator("#texts")).to_contain_text("your report", timeout=TIMEOUT_MS)
    expect(page.locator("#state")).to_have_text("The line hung up", timeout=TIMEOUT_MS)
    ticket = eventually(lambda: ticket_from(line))
    assert ticket is not None
    assert (ticket.category, ticket.address) == ("graffiti", "1200 North Clark Street")


def ticket_from(line: Line) -> Ticket | None:
    with line.database() as database, database.read() as session:
        return session.scalar(
            select(Ticket)
            .join(Report, Report.id == Ticket.report_id)
            .where(Report.caller_number == NUMBER)
        )
