"""Whole calls through the front door: ring, conversation, ticket, text message, archive."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from calls.models import Call, CallEvent
from recordings.models import Recording, TranscriptWord
from simulator.callers import ScriptedCall
from tests.conftest import eventually
from tests.journeys.line import Line, seen, told
from tickets.models import Receipt, Report, Ticket
from tickets.reports.numbers import is_number

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.speech]


def call_sid(events: list[dict[str, Any]]) -> str:
    return next(str(event["call_sid"]) for event in events if event.get("call_sid"))


def ticket_of(line: Line, sid: str) -> Ticket:
    def look() -> Ticket | None:
        with line.database() as database, database.read() as session:
            return session.scalar(
                select(Ticket).join(Call, Call.id == Ticket.call_id).where(Call.carrier_sid == sid)
            )

    found = eventually(look)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def spoken_call(line: Line) -> tuple[int, list[dict[str, Any]]]:
    return line.scenario("pothole")


def test_a_report_by_voice_becomes_a_ticket(
    line: Line, spoken_call: tuple[int, list[dict[str, Any]]]
) -> None:
    status, events = spoken_call
    assert status == 0, told(events)
    ticket = ticket_of(line, call_sid(events))
    assert (ticket.category, ticket.department) == ("pothole", "streets")
    assert ticket.address == "1200 North Clark Street"
    assert ticket.state == "dispatched"
    assert is_number(ticket.number)
    shown = line.ticket(ticket.number)
    assert shown["call_sid"] == call_sid(events)
    assert shown["receipt"] == "sent"


def test_the_spoken_number_is_the_tickets_number(
    line: Line, spoken_call: tuple[int, list[dict[str, Any]]]
) -> None:
    _status, events = spoken_call
    ticket = ticket_of(line, call_sid(events))
    spoken = ["".join(c for c in event["text"] if c.isdigit()) for event in seen(events, "heard")]
    assert spoken.count(ticket.number) == 2


def test_the_call_is_archived_with_words_of_both_sides(
    line: Line, spoken_call: tuple[int, list[dict[str, Any]]]
) -> None:
    _status, events = spoken_call
    sid = call_sid(events)

    def transcribed() -> Recording | None:
        with line.database() as database, database.read() as session:
            return session.scalar(
                select(Recording).where(Recording.call_sid == sid, Recording.state == "transcribed")
            )

    recording = eventually(transcribed, within_s=120)
    assert recording is not None
    assert recording.channels == 2
    assert recording.sha256
    with line.database() as database, database.read() as session:
        words = session.scalars(
            select(TranscriptWord)
            .where(TranscriptWord.recording_id == recording.id)
            .order_by(TranscriptWord.start_s)
        ).all()
    said = {channel: " ".join(w.word for w in words if w.channel == channel) for channel in (0, 1)}
    assert "clark street" in said[0]
    assert "report number" in said[1]


def test_a_report_by_keys_alone(line: Line) -> None:
    status, events = line.scenario("keys")
    assert status == 0, told(events)
    ticket = ticket_of(line, call_sid(events))
    assert ticket.category == "street_light"
    assert ticket.address == "1200 North Clark Street"
    assert line.ticket(ticket.number)["source"] == "keys"


def test_silence_three_times_reaches_for_a_person(line: Line) -> None:
    status, events = line.scenario("silence")
    assert status == 0, told(events)
    with line.database() as database, database.read() as session:
        call = session.scalars(select(Call).where(Call.carrier_sid == call_sid(events))).one()
        assert call.draft["reason"] == "not_understood"


def test_nobody_there_means_a_message_that_becomes_a_ticket(line: Line) -> None:
    status, events = line.scenario("message")
    assert status == 0, told(events)
    sid = call_sid(events)
    ticket = ticket_of(line, sid)
    assert ticket.state == "triage"
    assert "message" in ticket.triage_reasons
    eventually(lambda: "traffic light" in ticket_of(line, sid).summary, within_s=120)


def test_a_repeated_webhook_gets_the_same_bytes_and_no_second_ticket(
    line: Line, spoken_call: tuple[int, list[dict[str, Any]]]
) -> None:
    _status, events = spoken_call
    sid = call_sid(events)
    call = ScriptedCall(line.simulator(""), sid)
    sent = [event for event in call.facts()["events"] if event["event"] == "webhook"]
    assert len(sent) >= 4
    before = counts(line)
    answers = [call.repeats_webhook(number) for number in range(len(sent))]
    assert [answer["status"] for answer in answers] == [200] * len(sent)
    assert all(answer["same"] for answer in answers)
    assert counts(line) == before


def counts(line: Line) -> dict[str, int]:
    with line.database() as database, database.read() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Ticket, Report, Receipt, CallEvent, Recording)
        }


@pytest.mark.parametrize("signature", [None, "", "bm90IGEgc2lnbmF0dXJl"])
def test_a_forged_webhook_is_refused_and_leaves_no_trace(line: Line, signature: str | None) -> None:
    before = counts(line)
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    form = {
        "CallSid": "CA" + "f" * 32,
        "AccountSid": line.settings.twilio_account_sid,
        "CallStatus": "ringing",
    }
    for path in (
        "/ivr/voice",
        "/ivr/turn?n=1",
        "/ivr/status",
        "/recordings/status",
        "/agents/wait",
    ):
        answer = requests.post(line.url(path), data=form, headers=headers, timeout=10)
        assert answer.status_code == 403, path
        assert "<" not in answer.text
    assert counts(line) == before


def test_every_dependency_answers(line: Line) -> None:
    answer = requests.get(line.url("/readyz"), timeout=10)
    assert answer.status_code == 200, answer.text
    assert requests.get(line.url("/healthz"), timeout=10).status_code == 200
