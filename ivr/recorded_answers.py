"""Recorded answers of turn mode, from their end to their words (`ivr.jobs.recognise_answer`)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from calls.models import Call, TurnSound
from infra.outbox.rows import enqueue


def find_answer(session: Session, call: Call, number: int) -> TurnSound | None:
    """The recorded answer to the question of that turn."""
    return session.scalar(
        select(TurnSound).where(TurnSound.call_id == call.id, TurnSound.number == number)
    )


def ask_to_recognise(session: Session, call: Call, number: int, recording_sid: str) -> None:
    """Have a recorded answer recognised. May be repeated."""
    if find_answer(session, call, number) is None:
        session.add(TurnSound(call_id=call.id, number=number, recording_sid=recording_sid))
        enqueue(
            session,
            queue="live",
            job="ivr.jobs.recognise_answer",
            key=f"hear:{call.id}:{number}",
            args=[call.id, number],
        )
