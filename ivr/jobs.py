"""Work of the conversation that outlives a request: recognising, settling, reconciling."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from agents.desk.queries import is_on_a_desk
from agents.handovers.actions import caller_gone
from asr.batch import transcribe
from asr.models.pool import Models
from calls.actions import call_arrived, end_call, ended_by_sid, find_call
from calls.fallback import is_late
from calls.life import TurnSoundState
from calls.models import Call, Turn, TurnSound
from carriers.base import Carrier, CarrierCall, NotThereYet
from carriers.messages import ENDED, Silence
from config.city import City
from infra.clock import now
from infra.log import logger
from infra.outbox.jobs import Later, Run, job
from infra.outbox.reconcile import DAY, WEEK, since_last
from infra.outbox.rows import enqueue
from ivr import turns
from ivr.reporting import place_in, report_cut_off, report_message
from ivr.understanding.emergencies import Certainty, emergency
from recordings.models import Recording
from tickets.emergencies.kinds import UNKNOWN
from tickets.models import Report
from tickets.queries import messages_to_look_into
from tickets.triage.actions import raise_emergency
from voice.ahead import speak_all
from voice.cache import VoiceCache
from voice.prompts import Prompts

_log = logger(__name__)
_WRAP_UP_S = 10
_AT_A_TIME = 20
_QUIET = timedelta(seconds=30)
_LOOK_BACK = timedelta(days=7)
_KEEP_PHRASES = timedelta(days=7)
_TOGETHER = timedelta(seconds=5)
_HEARD_OUT = timedelta(minutes=1)


@job
def recognise_answer(run: Run, call_id: int, number: int) -> None:
    """Recognise a recorded answer while its caller holds the line, or has just hung up."""
    with run.database.read() as session:
        sound = _sound(session, call_id, number)
        call = session.get_one(Call, call_id)
    if is_late(sound, run.settings) and not _is_left(sound, call):
        return
    text, confidence = _recognise(run, sound.recording_sid, call.language)
    with run.finish() as session:
        call = session.get_one(Call, call_id, with_for_update=True)
        sound = _sound(session, call_id, number)
        sound.text, sound.confidence, sound.state = text, confidence, TurnSoundState.HEARD
        if call.settled_at is not None:
            _keep_what_is_left(run, session, call)


@job
def settle(run: Run, call_id: int) -> None:
    """After a call: free who waited for it, and keep what a cut-off caller had said.

    While an agent is still wrapping up, theirs is the report.
    """
    with run.database.transaction("ivr.jobs.settle.free") as session:
        caller_gone(session, call_id)
        at_desk = is_on_a_desk(session, call_id)
    if at_desk:
        raise Later(_WRAP_UP_S, "an agent is still wrapping up")
    with run.finish() as session:
        call = session.get_one(Call, call_id, with_for_update=True)
        if call.settled_at is None:
            _keep_what_is_left(run, session, call)
            call.settled_at = now()


@job
def reconcile(run: Run) -> None:
    """Compare our calls since the last comparison with the carrier's records; repair ours (SW)."""
    _compare(run, since=since_last(run))


@job
def reconcile_day(run: Run) -> None:
    """The same for the last day."""
    _compare(run, since=now() - DAY)


@job
def reconcile_week(run: Run) -> None:
    """The same for the last week."""
    _compare(run, since=now() - WEEK)


@job
def adopt_messages(run: Run) -> None:
    """Make reports of messages that were left while we did not answer (deploy/fallback.xml)."""
    with run.database.read() as session:
        left = _messages_without_report(session)
    for begin in range(0, len(left), _AT_A_TIME):
        with run.database.transaction("ivr.jobs.adopt_messages") as session:
            for sid, call_id in left[begin : begin + _AT_A_TIME]:
                _adopt(session, sid, session.get_one(Call, call_id))


@job
def look_into_messages(run: Run) -> None:
    """Look for emergencies in the words of messages left after the tone.

    Nobody can be asked whether anyone is in danger: words that leave it open count.
    """
    city = run.get(City)
    with run.database.read() as session:
        messages = messages_to_look_into(session, most=_AT_A_TIME)
    # Judging takes a tenth of a second each: callers' turns must not wait for it to write.
    judged = [(each.id, emergency(city, each.problem_text, each.language)) for each in messages]
    with run.finish() as session:
        for report_id, told in judged:
            report = session.get_one(Report, report_id, with_for_update=True)
            report.looked_into = True
            if told.certainty is not Certainty.NO:
                place = place_in(city, report.problem_text, report.language)
                raise_emergency(session, city, report, kind=told.kind or UNKNOWN, place=place)


def _adopt(session: Session, sid: str, call: Call) -> None:
    """Safe to repeat: the key of a report is made of its call and its recording."""
    report = report_message(session, call, sid)
    if report.recording_sid != sid:
        report_message(session, call, sid, key=f":message:{sid}")


def _messages_without_report(session: Session) -> list[tuple[str, int]]:
    """Recordings after a tone that no turn of their call has taken, once the call is over.

    The carrier's id of each, and the id of its call.
    """
    found = session.scalars(
        select(Recording)
        .join(Call, Call.id == Recording.call_id)
        .where(Recording.purpose == "message", Recording.announced_at > now() - _LOOK_BACK)
        .where(Call.ended_at.is_not(None), Call.ended_at < now() - _QUIET)
        .where(~exists().where(Report.recording_sid == Recording.carrier_sid))
        .where(~exists().where(TurnSound.recording_sid == Recording.carrier_sid))
        .order_by(Recording.id)
    )
    return [
        (one.carrier_sid, one.call_id)
        for one in found
        if one.call_id is not None and not _was_silence(session, one)
    ]


def _was_silence(session: Session, recording: Recording) -> bool:
    """Whether a turn took the silence that was recorded.

    Of an empty recording the carrier tells nothing in the dialogue: its document goes on to the
    turn, which comes as the recording ends.
    """
    length = timedelta(seconds=recording.duration_s or recording.announced_s or 0)
    over = recording.started_at + length if recording.started_at else recording.announced_at
    heard = session.scalars(
        select(Turn.heard)
        .where(Turn.call_id == recording.call_id)
        .where(Turn.created_at.between(over - _TOGETHER, over + _TOGETHER))
    )
    return any(one["heard"] == Silence.__name__ for one in heard)


@job
def forget_phrases(run: Run) -> None:
    """Delete the sound of old read-backs, which name places that callers reported."""
    settings, city = run.settings, run.get(City)
    kept: frozenset[str] = frozenset()
    for language in settings.language_list:
        kept |= speak_all(settings, Prompts(language, city.name), city)
    run.get(VoiceCache).forget_older(_KEEP_PHRASES.total_seconds(), keep=kept)


def _compare(run: Run, *, since: datetime) -> None:
    """Repair what differs, a few calls at a time: a turn of a live call waits for each."""
    theirs = [
        known
        for known in run.get(Carrier).calls(since=since)
        if known.direction in ("inbound", "outbound-api") and not known.client
    ]
    with run.database.read() as session:
        over = ended_by_sid(session, [known.sid for known in theirs])
    wrong = [
        known
        for known in theirs
        if (known.sid not in over and known.direction == "inbound")
        or (known.status in ENDED and over.get(known.sid) is False)
    ]
    for begin in range(0, len(wrong), _AT_A_TIME):
        with run.database.transaction("ivr.jobs.reconcile.repair") as session:
            for known in wrong[begin : begin + _AT_A_TIME]:
                _repair_alone(session, known, run.settings.language_list[0])


def _repair_alone(session: Session, theirs: CarrierCall, language: str) -> None:
    """A call that does not fit our records must not hold up the others."""
    try:
        with session.begin_nested():
            _repair(session, theirs, language)
    except DataError:
        _log.error("a call of the carrier does not fit our records", call_sid=theirs.sid)


def _repair(session: Session, theirs: CarrierCall, language: str) -> None:
    ours = find_call(session, theirs.sid)
    if ours is None:
        ours = call_arrived(
            session,
            carrier_sid=theirs.sid,
            from_number=theirs.from_number,
            to_number=theirs.to_number,
            direction=theirs.direction,
            language=language,
        )
        ours.reconciled = True
        if theirs.started_at:
            ours.started_at = theirs.started_at
    if theirs.status in ENDED and ours.ended_at is None:
        end_call(
            session, ours, status=theirs.status, duration_s=theirs.duration_s, at=theirs.ended_at
        )
        enqueue(
            session,
            queue="tickets",
            job="ivr.jobs.settle",
            key=f"settle:{ours.id}",
            args=[ours.id],
        )


def _keep_what_is_left(run: Run, session: Session, call: Call) -> None:
    turns.take_left_answer(session, run.services, call)
    report_cut_off(session, call)


def _is_left(sound: TurnSound, call: Call) -> bool:
    """Whether its caller has just hung up, so that only a report waits for its words."""
    return call.ended_at is not None and now() - sound.asked_at < _HEARD_OUT


def _recognise(run: Run, recording_sid: str, language: str) -> tuple[str, float]:
    carrier = run.get(Carrier)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        try:
            for chunk in carrier.download_recording(recording_sid):
                file.write(chunk)
        except NotThereYet:
            raise Later(0.5, "the answer's recording is not there yet") from None
        file.flush()
        heard = transcribe(run.get(Models).model(language), Path(file.name))
    words = heard.channels[0] if heard.channels else ()
    confidence = sum(word.confidence for word in words) / len(words) if words else 0.0
    return " ".join(word.word for word in words), confidence


def _sound(session: Session, call_id: int, number: int) -> TurnSound:
    return session.scalars(
        select(TurnSound).where(TurnSound.call_id == call_id, TurnSound.number == number)
    ).one()
