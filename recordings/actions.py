"""What may be changed about recordings. Actions take a session and never commit."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from calls.actions import find_call
from carriers.messages import CarrierRecording
from infra.clock import now
from infra.db import find_or_add
from infra.events import publish
from infra.lifecycle import NotAllowed
from infra.outbox.rows import enqueue
from infra.storage.base import Stored
from recordings.life import Action, State, allows, next_state
from recordings.models import WAV, Listening, Recording, TranscriptWord
from recordings.queries import Known, purpose_of
from recordings.sound import Shape
from recordings.transcript import Said, as_text

LINK_S = 60
"""How long a link to sound lives after the page last asked for it."""

_SAYS = {
    "completed": Action.COMPLETE,
    "absent": Action.DECLARE_ABSENT,
    "failed": Action.DECLARE_FAILED,
}


def register(
    session: Session,
    *,
    carrier_sid: str,
    call_sid: str,
    purpose: str,
    status: str,
    channels: int = 1,
    duration_s: float | None = None,
    started_at: datetime | None = None,
) -> Recording:
    """Note what the carrier says about a recording, once per carrier id.

    May be repeated and come in any order: facts are only added, and a recording that is
    ours already is not touched by late messages. Fetching is asked for once.
    """
    recording = _found_or_made(session, carrier_sid, purpose)
    action = _SAYS.get(status)
    length_s = duration_s if action is Action.COMPLETE else None
    _learn(recording, call_sid, purpose, channels, length_s, started_at)
    link(session, recording)
    if action is None or not allows(recording.state, action):
        return recording
    recording.state = next_state(recording.state, action)
    if action is Action.COMPLETE:
        _ask_to_fetch(session, recording, f"fetch_recording:{recording.id}")
    publish(session, "recording", recording.id)
    return recording


def register_told(session: Session, told: CarrierRecording) -> Recording:
    """The same with what a message or the carrier's list says."""
    return register(
        session,
        carrier_sid=told.sid,
        call_sid=told.call_sid,
        purpose=purpose_of(session, told),
        status=told.status,
        channels=told.channels,
        duration_s=told.duration_s,
        started_at=told.started_at,
    )


def changes_ours(ours: Known | None, status: str) -> bool:
    """Whether the carrier's word on a recording would change our records; None: not in them."""
    if ours is None:
        return True
    action = _SAYS.get(status)
    if action is None or (action is Action.COMPLETE and ours.is_complete):
        return False
    return allows(ours.state, action)


def link(session: Session, recording: Recording) -> bool:
    """Tie a recording to its call, if that call is in our records by now."""
    if recording.call_id is None and recording.call_sid:
        call = find_call(session, recording.call_sid)
        recording.call_id = call.id if call is not None else None
    return recording.call_id is not None


def keep(session: Session, recording: Recording, *, stored: Stored, shape: Shape) -> None:
    """Our copy is whole and checked: it may be heard, and its words are asked for."""
    recording.state = next_state(recording.state, Action.STORE)
    recording.storage_key = stored.key
    recording.size = stored.size
    recording.sha256 = recording.source_sha256 = stored.sha256
    recording.media_type = WAV
    recording.channels = shape.channels
    recording.duration_s = shape.duration_s
    recording.peaks = shape.peaks
    recording.stored_at = now()
    link(session, recording)
    ask_for_words(session, recording)
    publish(session, "recording", recording.id)


def ask_for_words(session: Session, recording: Recording) -> None:
    """Ask once that the recording is transcribed."""
    enqueue(
        session,
        queue="asr",
        job="recordings.jobs.transcribe_recording",
        key=f"transcribe_recording:{recording.id}",
        args=[recording.id],
    )


def replace_words(session: Session, recording: Recording, said: Sequence[Said]) -> None:
    """Give the recording these words and no others; may be repeated."""
    recording.state = next_state(recording.state, Action.TRANSCRIBE)
    session.execute(delete(TranscriptWord).where(TranscriptWord.recording_id == recording.id))
    session.add_all(
        TranscriptWord(
            recording_id=recording.id,
            channel=word.channel,
            speaker=word.speaker,
            word=word.word[:80],
            start_s=word.start_s,
            end_s=word.end_s,
            confidence=word.confidence,
        )
        for word in said
    )
    recording.text = as_text(said)
    recording.transcribed_at = now()
    publish(session, "recording", recording.id)


def ask_to_drop_original(session: Session, recording: Recording) -> None:
    """Ask once that the file is deleted which a smaller one has replaced."""
    enqueue(
        session,
        queue="asr",
        job="recordings.jobs.drop_original",
        key=f"drop_original:{recording.id}",
        args=[recording.id],
    )


def exchange_file(recording: Recording, *, stored: Stored, media_type: str) -> bool:
    """Point to a smaller copy of the same sound; False when it is the file it was."""
    former = recording.storage_key
    recording.storage_key = stored.key
    recording.size = stored.size
    recording.sha256 = stored.sha256
    recording.media_type = media_type
    return former != stored.key


def nothing_recorded(session: Session, recording: Recording) -> None:
    """The carrier's file is whole and empty: there was nothing to record."""
    if allows(recording.state, Action.DECLARE_ABSENT):
        recording.state = next_state(recording.state, Action.DECLARE_ABSENT)
        publish(session, "recording", recording.id)


def give_up(session: Session, recording_id: int) -> None:
    """The carrier gave no whole file in time; a copy that came meanwhile stays ours."""
    recording = session.get_one(Recording, recording_id)
    if allows(recording.state, Action.GIVE_UP):
        recording.state = next_state(recording.state, Action.GIVE_UP)
        publish(session, "recording", recording.id)


def fetch_again(session: Session, recording: Recording) -> None:
    """A person asks for a missing recording once more. Raises NotAllowed if it is not missing."""
    recording.state = next_state(recording.state, Action.FETCH_AGAIN)
    recording.asked_at = now()
    stamp = int(recording.asked_at.timestamp())
    _ask_to_fetch(session, recording, f"fetch_recording:{recording.id}:{stamp}")
    publish(session, "recording", recording.id)


def start_listening(
    session: Session, recording: Recording, *, staff_id: int, sign_in_id: int
) -> Listening:
    """Write down who listens, and open the sound to that browser for a short while."""
    if not recording.storage_key:
        raise NotAllowed(f"listen: a recording that is {recording.state} has no sound here")
    listening = Listening(
        recording_id=recording.id,
        staff_id=staff_id,
        sign_in_id=sign_in_id,
        at=now(),
        open_until=now() + timedelta(seconds=LINK_S),
    )
    session.add(listening)
    session.flush()
    publish(session, "recording", recording.id)
    return listening


def go_on_listening(listening: Listening) -> None:
    """Keep the sound open to the page that still listens."""
    listening.open_until = now() + timedelta(seconds=LINK_S)


def _found(session: Session, carrier_sid: str) -> Recording | None:
    query = select(Recording).where(Recording.carrier_sid == carrier_sid).with_for_update()
    return session.scalar(query)


def _found_or_made(session: Session, carrier_sid: str, purpose: str) -> Recording:
    announced = {
        "carrier_sid": carrier_sid,
        "public_id": secrets.token_hex(16),
        "purpose": purpose,
        "state": State.ANNOUNCED,
    }
    return find_or_add(session, Recording, announced, find=lambda: _found(session, carrier_sid))


def _learn(
    recording: Recording,
    call_sid: str,
    purpose: str,
    channels: int,
    duration_s: float | None,
    started_at: datetime | None,
) -> None:
    """Add facts; a message stays a message, and what our own copy says stays true."""
    recording.call_sid = recording.call_sid or call_sid
    if recording.announced_s is None:
        recording.announced_s = duration_s
    if recording.started_at is None:
        recording.started_at = started_at
    if recording.state == State.ANNOUNCED:
        recording.channels = max(recording.channels or 1, channels)
    if purpose == "message" and recording.purpose == "turn":
        recording.purpose = purpose


def _ask_to_fetch(session: Session, recording: Recording, key: str) -> None:
    enqueue(
        session,
        queue="carrier",
        job="recordings.jobs.fetch_recording",
        key=key,
        args=[recording.id],
    )
