"""What the carrier says about a recording, in any order and as often as it likes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from calls.actions import call_arrived
from infra.clock import now
from infra.db import Database
from infra.lifecycle import NotAllowed
from infra.outbox.rows import Outbox
from infra.storage.base import Stored
from recordings import actions
from recordings.life import State
from recordings.models import Recording, TranscriptWord
from recordings.queries import Known, known_by_sid
from recordings.sound import Shape
from recordings.transcript import Said
from tests.recordings.conftest import CALL_SID, SID, TOLD, new_sid

BEGAN = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def told(session: Session, **other: Any) -> Recording:
    return actions.register(session, **(TOLD | {"started_at": BEGAN} | other))


def stored(session: Session, recording: Recording) -> None:
    actions.keep(
        session,
        recording,
        stored=Stored("2026/11/24/x.wav", 100, "ab" * 32),
        shape=Shape(2, 8000, 4.0, [[0.5], [0.4]]),
    )


def arrived(session: Session, sid: str = CALL_SID) -> int:
    return call_arrived(
        session, carrier_sid=sid, from_number="", to_number="", direction="inbound", language="en"
    ).id


def fetches(session: Session) -> int:
    query = select(func.count()).where(Outbox.job == "recordings.jobs.fetch_recording")
    return session.scalar(query) or 0


def test_news_in_any_order_and_repeated_gives_one_recording_fetched_once(
    database: Database,
) -> None:
    changes = (
        {"status": "in-progress", "duration_s": None},
        {"status": "completed"},
        {"status": "completed", "started_at": None, "call_sid": ""},
        {"status": "completed", "purpose": "message"},
    )
    for order in permutations(range(len(changes))):
        sid = new_sid()
        with database.transaction() as session:
            before = fetches(session)
            for number in (*order, *order):
                told(session, carrier_sid=sid, **changes[number])
        with database.read() as session:
            found = session.scalars(select(Recording).where(Recording.carrier_sid == sid)).one()
            assert (found.state, found.announced_s, found.channels) == ("announced", 4, 2)
            assert (found.started_at, found.call_sid) == (BEGAN, CALL_SID)
            assert fetches(session) == before + 1


@pytest.mark.parametrize("status", ["absent", "failed"])
def test_an_end_is_an_end(status: str, database: Database) -> None:
    with database.transaction() as session:
        told(session, status=status)
        told(session, status="completed")
    with database.read() as session:
        assert session.scalars(select(Recording)).one().state == status
        assert fetches(session) == 0


def test_late_news_leaves_our_own_copy_alone(database: Database) -> None:
    with database.transaction() as session:
        recording = told(session)
        stored(session, recording)
        for status in ("absent", "failed", "completed", "in-progress", "no such status"):
            told(session, status=status, channels=1, duration_s=99)
    with database.read() as session:
        kept = session.scalars(select(Recording)).one()
        assert (kept.state, kept.duration_s, kept.channels, kept.announced_s) == (
            "stored",
            4.0,
            2,
            4,
        )
        assert fetches(session) == 1


def test_a_recording_finds_its_call_when_that_comes_later(database: Database) -> None:
    with database.transaction() as session:
        recording = told(session)
        assert recording.call_id is None
        other = arrived(session, new_sid("CA"))
        call_id = arrived(session)
        told(session)
    with database.read() as session:
        linked = session.scalars(select(Recording)).one()
        assert linked.call_id == call_id != other


def test_a_spoken_answer_that_turns_out_to_be_a_message_is_one(database: Database) -> None:
    with database.transaction() as session:
        told(session, purpose="turn")
        assert told(session, purpose="message").purpose == "message"
        assert told(session, purpose="turn").purpose == "message"


def test_words_replace_words(database: Database) -> None:
    with database.transaction() as session:
        recording = told(session)
        stored(session, recording)
        first = (Said(0, "caller", "hole", 0.1, 0.4, 0.9), Said(1, "line", "where", 1, 1.2, 0.9))
        actions.replace_words(session, recording, first)
        actions.replace_words(session, recording, first[:1])
    with database.read() as session:
        words = session.scalars(select(TranscriptWord)).all()
        recording = session.scalars(select(Recording)).one()
        assert [word.word for word in words] == ["hole"]
        assert (recording.state, recording.text) == ("transcribed", "hole")


def test_only_a_recording_with_sound_can_be_listened_to(database: Database) -> None:
    with database.transaction() as session:
        recording = told(session)
        with pytest.raises(NotAllowed, match="no sound"):
            actions.start_listening(session, recording, staff_id=1, sign_in_id=1)


def test_a_missing_recording_can_be_asked_for_again(database: Database) -> None:
    with database.transaction() as session:
        recording = told(session)
        recording.asked_at = recording.announced_at = BEGAN
        actions.give_up(session, recording.id)
        assert recording.state == State.MISSING
        actions.fetch_again(session, recording)
        assert recording.state == State.ANNOUNCED
        assert (now() - recording.asked_at).total_seconds() < 60
        with pytest.raises(NotAllowed):
            actions.fetch_again(session, recording)
    with database.read() as session:
        assert fetches(session) == 2


@pytest.mark.parametrize(
    ("ours", "status", "changes"),
    [
        (None, "in-progress", True),
        (None, "completed", True),
        (Known(State.ANNOUNCED, is_complete=False), "in-progress", False),
        (Known(State.ANNOUNCED, is_complete=False), "completed", True),
        (Known(State.ANNOUNCED, is_complete=True), "completed", False),
        (Known(State.ANNOUNCED, is_complete=True), "failed", True),
        (Known(State.STORED, is_complete=True), "completed", False),
        (Known(State.STORED, is_complete=True), "absent", False),
        (Known(State.MISSING, is_complete=True), "completed", False),
    ],
)
def test_what_the_carrier_says_is_news_only_if_it_changes_our_books(
    ours: Known | None, status: str, changes: bool
) -> None:
    assert actions.changes_ours(ours, status) is changes


def test_a_length_told_before_the_end_does_not_make_a_recording_complete(
    database: Database,
) -> None:
    with database.transaction() as session:
        told(session, status="processing", duration_s=4)
        known = known_by_sid(session, [SID])[SID]
    assert not known.is_complete and actions.changes_ours(known, "completed")
    with database.transaction() as session:
        assert told(session).announced_s == 4
        assert known_by_sid(session, [SID])[SID].is_complete
