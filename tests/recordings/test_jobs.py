"""From the carrier's announcement to words, whatever comes in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import soundfile
import time_machine
from sqlalchemy import insert, select, update

from calls.actions import call_arrived
from calls.models import Call, Leg, TurnSound
from carriers.base import CarrierError
from carriers.messages import CarrierRecording
from carriers.twilio.forms import recorded_by
from infra.clock import now
from infra.db import Database
from infra.outbox.rows import Outbox, enqueue
from infra.outbox.work import work
from infra.services import Services
from infra.storage.base import Storage
from recordings import actions, jobs
from recordings.models import Recording, TranscriptWord
from tests.recordings.conftest import CALL_SID, SID, TOLD, FakeCarrier, do, new_sid
from tests.recordings.sounds import bad_bodies, call_wav, speechlike, wav
from tickets.models import Report
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import file_report

SECONDS = 4.0
BODIES = bad_bodies(SECONDS)


def announce(services: Services, **other: Any) -> int:
    with services.database.transaction() as session:
        call_arrived(
            session,
            carrier_sid=CALL_SID,
            from_number="+13125550101",
            to_number="",
            direction="inbound",
            language="en",
        )
        return actions.register(session, **(TOLD | {"started_at": now()} | other)).id


def a_message_comes(services: Services, carrier: FakeCarrier) -> None:
    announce(services, purpose="message", channels=1)
    carrier.bodies[SID] = wav(speechlike(SECONDS))
    do(services, "carrier")
    do(services, "asr")


def the(database: Database, kind: type[Any]) -> Any:
    with database.read() as session:
        return session.scalars(select(kind)).one()


def row(database: Database, job: str) -> Outbox:
    with database.read() as session:
        found = select(Outbox).where(Outbox.job == f"recordings.jobs.{job}")
        return session.scalars(found.order_by(Outbox.id.desc())).first() or Outbox(state="none")


def files(services: Services) -> list[str]:
    root = services.settings.storage
    return sorted(path.suffix for path in root.rglob("*") if path.is_file())


def age(services: Services, by: timedelta) -> None:
    with services.database.transaction() as session:
        for recording in session.scalars(select(Recording)):
            recording.asked_at -= by
            recording.announced_at -= by


def test_not_there_then_there(services: Services, carrier: FakeCarrier) -> None:
    announce(services)
    do(services, "carrier")
    left = row(services.database, "fetch_recording")
    assert (left.state, left.failures) == ("waiting", 0)
    assert the(services.database, Recording).state == "announced"
    carrier.bodies[SID] = call_wav(SECONDS)
    do(services, "carrier")
    kept = the(services.database, Recording)
    assert (kept.state, kept.duration_s, kept.channels) == ("stored", SECONDS, 2)
    assert services.get(Storage).open(kept.storage_key).read() == call_wav(SECONDS)
    assert row(services.database, "transcribe_recording").state == "waiting"


def test_pauses_grow(services: Services) -> None:
    announce(services)
    pauses = []
    with time_machine.travel(now(), tick=False):
        for _ in range(5):
            do(services, "carrier")
            left = row(services.database, "fetch_recording")
            pauses.append(round((left.next_at - now()).total_seconds()))
    assert pauses == [1, 3, 10, 30, 60]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", sorted(BODIES))
def test_a_bad_body_is_never_stored(
    name: str, services: Services, carrier: FakeCarrier, database: Database
) -> None:
    announce(services)
    carrier.bodies[SID] = BODIES[name]
    do(services, "carrier")
    assert the(database, Recording).state == "announced"
    assert row(database, "fetch_recording").state == "waiting"
    assert files(services) == []


def test_an_empty_recording_announced_as_empty_is_absent(
    services: Services, carrier: FakeCarrier
) -> None:
    announce(services, duration_s=0)
    carrier.bodies[SID] = wav(np.zeros(0), np.zeros(0))
    do(services, "carrier")
    assert the(services.database, Recording).state == "absent"
    assert row(services.database, "fetch_recording").state == "done"
    assert files(services) == []


def test_an_endless_body_is_cut_off(
    services: Services, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_BYTES", 1_000_000)
    given = 0

    def endless() -> Iterator[bytes]:
        nonlocal given
        yield call_wav(SECONDS)
        while True:
            given += 65536
            yield b"\0" * 65536

    announce(services)
    carrier.bodies[SID] = endless()
    do(services, "carrier")
    assert the(services.database, Recording).state == "announced"
    assert given < 1_200_000
    assert files(services) == []


def test_a_carrier_that_fails_is_asked_again(services: Services, carrier: FakeCarrier) -> None:
    announce(services)
    carrier.bodies[SID] = CarrierError("recording: the carrier answered 500", permanent=False)
    for _ in range(10):
        do(services, "carrier")
    assert row(services.database, "fetch_recording").state == "waiting"
    carrier.bodies[SID] = call_wav(SECONDS)
    do(services, "carrier")
    assert the(services.database, Recording).state == "stored"


def test_after_a_day_a_person_decides(services: Services, carrier: FakeCarrier) -> None:
    announce(services)
    age(services, timedelta(hours=25))
    do(services, "carrier")
    assert the(services.database, Recording).state == "missing"
    assert row(services.database, "fetch_recording").state == "dead"
    with services.database.transaction() as session:
        actions.fetch_again(session, session.scalars(select(Recording)).one())
    carrier.bodies[SID] = call_wav(SECONDS)
    do(services, "carrier")
    assert the(services.database, Recording).state == "stored"


def test_both_speakers_words_in_order_then_a_small_file(
    services: Services, carrier: FakeCarrier
) -> None:
    announce(services)
    carrier.bodies[SID] = call_wav(SECONDS)
    do(services, "carrier")
    do(services, "asr")
    recording = the(services.database, Recording)
    assert (recording.state, recording.media_type) == ("transcribed", "audio/ogg; codecs=opus")
    do(services, "asr")
    assert files(services) == [".ogg"], "the original is dropped by a job of its own"
    info = soundfile.info(services.get(Storage).open(recording.storage_key))
    assert abs(info.duration - SECONDS) < 0.02
    assert recording.sha256 != recording.source_sha256
    with services.database.read() as session:
        words = session.scalars(select(TranscriptWord).order_by(TranscriptWord.start_s)).all()
    assert {(w.channel, w.speaker) for w in words} == {(0, "caller"), (1, "line")}
    assert all(w.word.startswith("pothole") for w in words if w.channel == 0)
    assert all(w.word.startswith("address") for w in words if w.channel == 1)
    assert all(0 <= w.start_s < w.end_s <= SECONDS + 1 for w in words)
    assert "pothole0" in recording.text and "address0" in recording.text


def test_transcribing_again_leaves_one_set_of_words(
    services: Services, carrier: FakeCarrier
) -> None:
    recording_id = announce(services)
    carrier.bodies[SID] = call_wav(SECONDS)
    do(services, "carrier")
    do(services, "asr")
    do(services, "asr")
    with services.database.read() as session:
        before = [(w.id, w.word) for w in session.scalars(select(TranscriptWord))]
    with services.database.transaction() as session:
        enqueue(
            session,
            queue="asr",
            job="recordings.jobs.transcribe_recording",
            key="again",
            args=[recording_id],
        )
    do(services, "asr")
    with services.database.read() as session:
        assert [(w.id, w.word) for w in session.scalars(select(TranscriptWord))] == before


def test_the_agents_words_are_the_agents(services: Services, carrier: FakeCarrier) -> None:
    began = now() - timedelta(minutes=5)
    announce(services, started_at=began)
    with services.database.transaction() as session:
        call_id = session.scalars(select(Call.id)).one()
        session.execute(
            insert(Leg).values(
                call_id=call_id,
                carrier_sid="CA" + "e" * 32,
                party="agent",
                answered_at=began + timedelta(seconds=2),
                ended_at=began + timedelta(seconds=10),
            )
        )
    carrier.bodies[SID] = call_wav(SECONDS)
    do(services, "carrier")
    do(services, "asr")
    with services.database.read() as session:
        words = session.scalars(select(TranscriptWord).where(TranscriptWord.channel == 1)).all()
    assert {(w.speaker, (w.start_s + w.end_s) / 2 >= 2) for w in words} == {
        ("line", False),
        ("agent", True),
    }


def test_who_is_on_which_channel_follows_from_the_recorded_leg(
    services: Services, carrier: FakeCarrier
) -> None:
    """Of a call that we place, and of one whose agent's leg was recorded."""
    began = now() - timedelta(minutes=5)
    agents_leg = "CA" + "e" * 32
    announce(services, started_at=began, call_sid=agents_leg)
    with services.database.transaction() as session:
        call = session.scalars(select(Call)).one()
        call.direction = "outbound-api"
        session.execute(update(Recording).values(call_id=call.id))
        session.execute(update(Leg).values(answered_at=began))
        agent = {"call_id": call.id, "carrier_sid": agents_leg, "party": "agent"}
        session.execute(insert(Leg).values(answered_at=began, **agent))
    carrier.bodies[SID] = call_wav(SECONDS)
    do(services, "carrier")
    do(services, "asr")
    with services.database.read() as session:
        words = session.scalars(select(TranscriptWord)).all()
    assert {(w.channel, w.speaker) for w in words} == {(0, "agent"), (1, "caller")}


def test_a_message_gives_its_report_its_words(services: Services, carrier: FakeCarrier) -> None:
    announce(services, purpose="message", channels=1)
    file_a_report(services, recording_sid=SID)
    file_a_report(services, recording_sid=new_sid(), key="other")
    carrier.bodies[SID] = wav(speechlike(SECONDS))
    do(services, "carrier")
    do(services, "asr")
    with services.database.read() as session:
        texts = {
            report.recording_sid: report.problem_text for report in session.scalars(select(Report))
        }
    assert texts.pop(SID).startswith("pothole")
    assert list(texts.values()) == [""]


def test_a_report_that_comes_after_the_words_gets_them_from_reconciling(
    services: Services, carrier: FakeCarrier
) -> None:
    a_message_comes(services, carrier)
    file_a_report(services, recording_sid=SID)
    reconcile(services)
    assert the(services.database, Report).problem_text.startswith("pothole")


def test_a_message_nobody_told_us_of_still_becomes_a_report(
    services: Services, carrier: FakeCarrier
) -> None:
    a_message_comes(services, carrier)
    reconcile(services)
    with services.database.read() as session:
        assert session.scalars(select(Report)).all() == []
    age(services, timedelta(minutes=11))
    with services.database.transaction() as session:
        session.scalars(select(Call)).one().ended_at = now() - timedelta(minutes=1)
    for _ in range(2):
        with services.database.transaction() as session:
            job, key = "ivr.jobs.adopt_messages", f"adopt:{new_sid()}"
            enqueue(session, queue="tickets", job=job, key=key)
        do(services, "tickets")
        reconcile(services)
    report = the(services.database, Report)
    assert (report.source, report.recording_sid) == ("message", SID)
    assert report.problem_text.startswith("pothole")


def test_reconciling_registers_what_no_webhook_told(
    services: Services, carrier: FakeCarrier
) -> None:
    known = announce(services)
    answer, message, running = new_sid(), new_sid(), new_sid()
    with services.database.transaction() as session:
        call_id = session.scalars(select(Call.id)).one()
        session.add(TurnSound(call_id=call_id, number=1, recording_sid=answer))
    carrier.records = [
        in_records(SID, "StartCallRecordingAPI"),
        in_records(answer, "RecordVerb"),
        in_records(message, "RecordVerb"),
        in_records(running, "StartCallRecordingAPI", status="in-progress"),
    ]
    reconcile(services)
    reconcile(services)
    with services.database.read() as session:
        found = {r.carrier_sid: r for r in session.scalars(select(Recording))}
        fetches = session.scalars(
            select(Outbox.args).where(Outbox.job == "recordings.jobs.fetch_recording")
        ).all()
    assert found[SID].id == known
    assert {sid: r.purpose for sid, r in found.items()} == {
        SID: "call",
        answer: "turn",
        message: "message",
        running: "call",
    }
    assert sorted(fetches) == sorted([[found[sid].id] for sid in (SID, answer, message)])


def test_a_recording_of_a_long_call_is_found_complete_though_it_began_long_ago(
    services: Services, carrier: FakeCarrier
) -> None:
    long_ago = now() - timedelta(minutes=40)
    announce(services, status="in-progress", duration_s=None, started_at=long_ago)
    carrier.records = [replace(in_records(SID, "StartCallRecordingAPI"), started_at=long_ago)]
    with services.database.transaction() as session:
        call = session.scalars(select(Call)).one()
        call.started_at = long_ago
    reconcile(services)
    assert carrier.asked == [], "the call is still on"
    with services.database.transaction() as session:
        session.scalars(select(Call)).one().ended_at = now()
    reconcile(services)
    reconcile(services)
    assert carrier.asked == [CALL_SID], "what is known to be complete is not asked for again"
    assert the(services.database, Recording).announced_s == SECONDS
    assert row(services.database, "fetch_recording").state == "waiting"


def test_one_call_that_the_carrier_does_not_answer_for_holds_up_no_other(
    services: Services, carrier: FakeCarrier
) -> None:
    long_ago = now() - timedelta(minutes=40)
    calls = [new_sid("CA") for _ in range(3)]
    sounds = [new_sid() for _ in calls]
    for call_sid, sound in zip(calls, sounds, strict=True):
        announce(
            services,
            carrier_sid=sound,
            call_sid=call_sid,
            status="in-progress",
            duration_s=None,
            started_at=long_ago,
        )
        listed = replace(in_records(sound, "StartCallRecordingAPI"), call_sid=call_sid)
        carrier.records.append(replace(listed, started_at=long_ago))
    carrier.refuses = {calls[1]}
    reconcile(services)
    assert row(services.database, "reconcile").state == "done"
    with services.database.read() as session:
        known = {r.carrier_sid: r.announced_s for r in session.scalars(select(Recording))}
    assert [known[sound] for sound in sounds] == [SECONDS, None, SECONDS]
    carrier.refuses = set()
    reconcile(services)
    with services.database.read() as session:
        assert all(r.announced_s == SECONDS for r in session.scalars(select(Recording)))


def test_a_recording_that_ended_in_a_long_absence_of_ours_is_asked_for(
    services: Services, carrier: FakeCarrier
) -> None:
    reconcile(services)
    with services.database.transaction() as session:
        session.execute(update(Outbox).values(created_at=now() - timedelta(hours=2)))
    began, ended = now() - timedelta(hours=3), now() - timedelta(hours=1)
    announce(services, status="in-progress", duration_s=None, started_at=began)
    carrier.records = [replace(in_records(SID, "StartCallRecordingAPI"), started_at=began)]
    with services.database.transaction() as session:
        session.scalars(select(Call)).one().ended_at = ended
    reconcile(services)
    assert the(services.database, Recording).announced_s == SECONDS


def test_what_a_killed_attempt_left_is_cleared(services: Services) -> None:
    workshop = services.settings.var_dir / "tmp" / "recordings"
    old, fresh = workshop / "old", workshop / "fresh"
    for folder in (old, fresh):
        folder.mkdir(parents=True)
        (folder / "fetched.wav").write_bytes(b"half")
    yesterday = (now() - timedelta(hours=25)).timestamp()
    os.utime(old, (yesterday, yesterday))
    reconcile(services, "reconcile_day")
    assert [folder.name for folder in workshop.iterdir()] == ["fresh"]


def in_records(sid: str, source: str, status: str = "completed") -> CarrierRecording:
    return CarrierRecording(
        sid=sid,
        call_sid=CALL_SID,
        status=status,
        channels=2,
        duration_s=4,
        recorded_by=recorded_by(source),
        started_at=now(),
    )


def file_a_report(services: Services, *, recording_sid: str, key: str = "message") -> None:
    with services.database.transaction() as session:
        file_report(
            session,
            ReportDraft(
                source_key=key,
                call_id=session.scalars(select(Call.id)).one(),
                source="message",
                language="en",
                recording_sid=recording_sid,
            ),
        )


def reconcile(services: Services, name: str = "reconcile") -> None:
    """Let the clock ask for the comparison, and nothing else."""
    with services.database.transaction() as session:
        for waiting in session.scalars(select(Outbox).where(Outbox.state == "waiting")):
            waiting.next_at = now() + timedelta(hours=1)
        enqueue(session, queue="live", job=f"recordings.jobs.{name}", key=f"reconcile:{new_sid()}")
    assert work(services, "live") == 1
