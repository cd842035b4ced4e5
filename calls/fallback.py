"""The steps that a caller goes down when one fails, and what each may take before the next.

Live speech, recorded speech, keys, a person, a message, and a document hosted elsewhere
(deploy/README.md). The first two can fail without the caller's doing, so they have a breaker.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from calls.models import Call, TurnSound
from config.settings import Settings
from infra import breaker
from infra.clock import now

LIVE = "live_speech"
RECORDED = "recorded_speech"


def may_talk_live(session: Session, settings: Settings) -> bool:
    """Whether a call may be given a media socket now."""
    return settings.speech_on and breaker.allows(session, LIVE)


def may_speak_after_tone(session: Session, settings: Settings) -> bool:
    """Whether a question may be answered in words that are recognised from a recording."""
    return settings.speech_on and breaker.allows(session, RECORDED)


def live_failed(session: Session) -> None:
    """A media socket gave its caller back in the middle of a question, or was never opened."""
    breaker.failure(session, LIVE)


def live_succeeded(session: Session, call: Call) -> None:
    """An answer was taken on a media socket."""
    breaker.success(session, LIVE, since=call.started_at)


def is_late(sound: TurnSound, settings: Settings) -> bool:
    """Whether a recorded answer has waited for its words longer than a caller should."""
    return now() - sound.asked_at > timedelta(milliseconds=settings.heard_within_ms)


def recorded_failed(session: Session) -> None:
    """A recorded answer was not recognised in time."""
    breaker.failure(session, RECORDED)


def recorded_succeeded(session: Session, sound: TurnSound) -> None:
    """A recorded answer was recognised in time."""
    breaker.success(session, RECORDED, since=sound.asked_at)
