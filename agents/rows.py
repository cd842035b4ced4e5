"""Rows of the desk, held by a transaction until its end.

Whoever needs several takes them in the order handover, offer, presence: two transactions
can then never wait for each other.
"""

from __future__ import annotations

from sqlalchemy import Select, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from agents.handovers.life import OfferState
from agents.models import Handover, Offer, Presence
from agents.presence import State
from infra.clock import now
from infra.db import add_once


def held_handover(session: Session, handover_id: int) -> Handover | None:
    """The handover, fresh and held."""
    return session.get(Handover, handover_id, with_for_update=True, populate_existing=True)


def held_handover_of_call(session: Session, call_id: int) -> Handover | None:
    """The present round of the call's handover, fresh and held.

    Who begins a round holds the one before it. A round that was waited for may thus be over once
    it is held, and the next one there.
    """
    found = session.scalar(present_round(call_id))
    while found is not None:
        handover = held_handover(session, found)
        last = session.scalar(present_round(call_id))
        if last == found:
            return handover
        found = last
    return None


def present_round(call_id: int) -> Select[int]:
    """The id of the last round of the call's handover."""
    rounds = select(Handover.id).where(Handover.call_id == call_id)
    return rounds.order_by(Handover.round.desc()).limit(1)


def held_presence(session: Session, staff_id: int) -> Presence:
    """The agent's presence, fresh and held; an agent never seen before is away."""
    add_once(
        session,
        Presence,
        {
            "staff_id": staff_id,
            "state": State.AWAY,
            "since": now(),
            "seen_at": now(),
            "missed": 0,
            "after": State.READY,
            "extended": False,
            "away_because": "",
        },
    )
    return session.get_one(Presence, staff_id, with_for_update=True, populate_existing=True)


def ringing_offer(session: Session, handover_id: int) -> Offer | None:
    """The offer of that caller which rings now."""
    return session.scalar(
        select(Offer)
        .where(Offer.handover_id == handover_id, Offer.state == OfferState.RINGING)
        .execution_options(populate_existing=True)
    )


def close_offer(session: Session, offer_id: int, state: OfferState) -> bool:
    """Move a ringing offer to `state`; False when it no longer rings."""
    result = session.execute(
        update(Offer)
        .where(Offer.id == offer_id, Offer.state == OfferState.RINGING)
        .values(state=state, closed_at=now())
        .execution_options(synchronize_session="fetch")
    )
    assert isinstance(result, CursorResult)
    return bool(result.rowcount == 1)
