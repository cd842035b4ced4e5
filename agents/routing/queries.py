"""Who waits, who could take them, and which offers rang too long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from agents import presence
from agents.handovers.life import IN_QUEUE, OfferState, State
from agents.models import Handover, Offer, Presence
from infra.clock import now

ALIVE_S = 15
"""A desk page silent for longer is taken for gone (three beats of 5 s)."""


def somebody_on_duty(session: Session) -> bool:
    """Whether an agent is there who could take a caller now or after their present conversation."""
    query = select(func.count()).select_from(Presence).where(*_is_alive(), _on_duty())
    return bool(session.scalar(query))


def somebody_waits(session: Session) -> bool:
    """Whether a caller waits who does not ring anywhere yet."""
    query = select(Handover.id).where(Handover.state == State.WAITING).limit(1)
    return session.scalar(query) is not None


def is_next_in_line(session: Session, handover: Handover) -> bool:
    """Whether no other caller waits who comes before this one."""
    before = or_(
        Handover.priority > handover.priority,
        and_(
            Handover.priority == handover.priority,
            Handover.waiting_since < handover.waiting_since,
        ),
    )
    query = select(func.count()).select_from(Handover).where(Handover.state.in_(IN_QUEUE), before)
    return not session.scalar(query)


def ready_agents(session: Session) -> int:
    """How many agents could take a caller at once."""
    query = select(func.count()).select_from(Presence)
    return session.scalar(query.where(*_is_alive(), Presence.state == presence.State.READY)) or 0


def overdue_offers(session: Session, *, by_s: float) -> list[int]:
    """Offers that still ring `by_s` seconds after their end: their timer was lost."""
    query = select(Offer.id).where(
        Offer.state == OfferState.RINGING, Offer.expires_at < now() - timedelta(seconds=by_s)
    )
    return list(session.scalars(query))


def _is_alive() -> tuple[Any, ...]:
    in_conversation = Presence.state == presence.State.IN_CONVERSATION
    return (or_(Presence.seen_at >= now() - timedelta(seconds=ALIVE_S), in_conversation),)


def _on_duty() -> Any:
    return Presence.state != presence.State.AWAY
