"""What was said on a recording, by whom, and which keys were pressed; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from sqlalchemy import select
from sqlalchemy.orm import Session

from calls.legs import Party, legs_of
from calls.models import Call, Utterance
from recordings.models import Recording, TranscriptWord
from recordings.transcript import Said, Voice, voice_at

_SPEAKERS = {Party.CALLER: "caller", Party.AGENT: "agent", Party.SUPERVISOR: "agent"}
"""What a leg's party is to a transcript."""


@dataclass(frozen=True)
class Pressed:
    """Keys that the caller pressed, at that second of the recording."""

    keys: str
    at_s: float


def voices(session: Session, recording: Recording) -> tuple[Voice, ...]:
    """Who of those on the call spoke when, and on which channel, by its legs.

    The first channel is what the recorded leg was heard to say, the second all that it heard:
    the line, and whoever else was on the call.
    """
    began = _began(session, recording)
    if began is None:
        return ()
    end = began + timedelta(seconds=recording.duration_s or 0)
    found = []
    for leg in legs_of(session, recording.call_id or 0, *_SPEAKERS):
        if leg.carrier_sid == recording.call_sid:
            since, until, channel = -inf, inf, 0
        elif leg.answered_at is not None:
            since = (leg.answered_at - began).total_seconds()
            until = ((leg.ended_at or end) - began).total_seconds()
            channel = 1
        else:
            continue
        found.append(Voice(channel, _SPEAKERS[Party(leg.party)], since, until, leg.staff_id))
    return tuple(found)


def words_of(session: Session, recording: Recording) -> tuple[Said, ...]:
    """The words of the recording in the order they began."""
    found = session.scalars(
        select(TranscriptWord)
        .where(TranscriptWord.recording_id == recording.id)
        .order_by(TranscriptWord.start_s, TranscriptWord.channel, TranscriptWord.id)
    )
    spoke = voices(session, recording)
    return tuple(
        Said(
            channel=word.channel,
            speaker=word.speaker,
            word=word.word,
            start_s=word.start_s,
            end_s=word.end_s,
            confidence=word.confidence,
            staff_id=_staff_of(word, spoke),
        )
        for word in found
    )


def keys_pressed(session: Session, recording: Recording) -> tuple[Pressed, ...]:
    """Keys of the call and when they were pressed; what no sound would show."""
    began = _began(session, recording)
    if began is None or recording.purpose != "call":
        return ()
    found = session.execute(
        select(Utterance.keys, Utterance.at)
        .where(Utterance.call_id == recording.call_id, Utterance.keys != "")
        .order_by(Utterance.id)
    )
    return tuple(Pressed(keys, (at - began).total_seconds()) for keys, at in found)


def _staff_of(word: TranscriptWord, spoke: Sequence[Voice]) -> int | None:
    """Who of ours said a word; the legs may know better by now, so the speaker must still fit."""
    voice = voice_at(spoke, word.channel, start_s=word.start_s, end_s=word.end_s)
    return voice.staff_id if voice is not None and voice.speaker == word.speaker else None


def _began(session: Session, recording: Recording) -> datetime | None:
    """When second 0 of the recording was."""
    if recording.call_id is None:
        return None
    if recording.started_at is not None:
        return recording.started_at
    return session.scalar(select(Call.started_at).where(Call.id == recording.call_id))
