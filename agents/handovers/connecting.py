"""The agent's own leg: which caller it is connected with. Nothing here commits."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from agents import duty, presence
from agents.handovers.actions import NotYours, own_handover
from agents.handovers.life import Action, OfferState, State, next_state
from agents.models import Handover, Offer
from agents.routing import offers
from agents.rows import held_handover, held_presence
from calls import legs
from infra.clock import now


def rejoin(session: Session, *, staff_id: int, handover_id: int) -> Offer:
    """Give an agent who was cut off their caller back, unless another took them.

    Returns the accepted offer with which the phone connects. Raises NotYours, or NotAllowed
    when the caller is with somebody else or gone.
    """
    handover = own_handover(session, staff_id=staff_id, handover_id=handover_id)
    if handover.state != State.IN_CONVERSATION:
        offers.withdraw(session, handover)
        if handover.state == State.OFFERED:
            handover.state = next_state(handover.state, Action.TAKE_OFFER_BACK)
        handover.state = next_state(handover.state, Action.REJOIN)
        duty.move(session, held_presence(session, staff_id), presence.Action.REJOIN)
    moment = now()
    handover.accepted_at, handover.leg_sid = moment, None
    offer = Offer(
        handover_id=handover.id,
        staff_id=staff_id,
        state=OfferState.ACCEPTED,
        offered_at=moment,
        expires_at=moment,
        closed_at=moment,
    )
    session.add(offer)
    session.flush()
    offers.notify(session, handover)
    return offer


def connect_leg(session: Session, *, staff_id: int, offer_id: int, leg_sid: str) -> Handover:
    """Note the agent's own leg, which is about to be bridged; NotYours for any other offer."""
    offer = session.get(Offer, offer_id)
    if offer is None or offer.staff_id != staff_id or offer.state != OfferState.ACCEPTED:
        raise NotYours(f"offer {offer_id} was not accepted by staff {staff_id}")
    handover = own_handover(session, staff_id=staff_id, handover_id=offer.handover_id)
    if handover.state != State.IN_CONVERSATION or offer.handover_id != handover.id:
        raise NotYours(f"handover {handover.id} is {handover.state}")
    handover.leg_sid = leg_sid
    legs.join(
        session,
        call_id=handover.call_id,
        carrier_sid=leg_sid,
        party=legs.Party.AGENT,
        staff_id=staff_id,
        answered_at=now(),
    )
    offers.notify(session, handover)
    return handover


def handover_of_leg(session: Session, leg_sid: str) -> Handover | None:
    """The held handover whose agent is or was on that leg."""
    legs_of_agents = select(Handover.id).where(Handover.leg_sid == leg_sid)
    found = session.scalar(legs_of_agents.order_by(Handover.id.desc()).limit(1))
    handover = held_handover(session, found) if found is not None else None
    return handover if handover is not None and handover.leg_sid == leg_sid else None
