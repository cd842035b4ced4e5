"""Legs: who was on a call, and when. Nothing here commits."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from calls.models import Leg
from infra.clock import now
from infra.db import find_or_add


class Party(StrEnum):
    """What somebody on a call is to it."""

    CALLER = "caller"
    """The one whom the call is about, whoever dialled."""
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OUTSIDE = "outside"
    """Another number that was brought in."""


def join(
    session: Session,
    *,
    call_id: int,
    carrier_sid: str,
    party: Party,
    staff_id: int | None = None,
    number: str = "",
    answered_at: datetime | None = None,
) -> Leg:
    """The leg of that carrier id, made if it is new. answered_at: only if none is known yet."""
    joined = {
        "call_id": call_id,
        "carrier_sid": carrier_sid,
        "party": party,
        "staff_id": staff_id,
        "number": number,
    }
    leg = find_or_add(session, Leg, joined, find=lambda: find_leg(session, carrier_sid))
    leg.answered_at = leg.answered_at or answered_at
    return leg


def leave(session: Session, carrier_sid: str) -> None:
    """That leg is over. May be repeated, and for a leg that nobody knows."""
    session.execute(
        update(Leg)
        .where(Leg.carrier_sid == carrier_sid, Leg.ended_at.is_(None))
        .values(ended_at=now())
        .execution_options(synchronize_session="fetch")
    )


def leave_all(session: Session, call_id: int, *, at: datetime) -> None:
    """The call is over, and with it every leg that still was on it."""
    session.execute(
        update(Leg)
        .where(Leg.call_id == call_id, Leg.ended_at.is_(None))
        .values(ended_at=at)
        .execution_options(synchronize_session="fetch")
    )


def find_leg(session: Session, carrier_sid: str) -> Leg | None:
    """The leg of that carrier id."""
    return session.scalar(select(Leg).where(Leg.carrier_sid == carrier_sid))


def legs_of(session: Session, call_id: int, *parties: Party) -> list[Leg]:
    """The legs of a call in the order they came, all or those of these parties."""
    query = select(Leg).where(Leg.call_id == call_id).order_by(Leg.rang_at, Leg.id)
    if parties:
        query = query.where(Leg.party.in_(parties))
    return list(session.scalars(query))
