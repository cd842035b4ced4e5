"""Offers: a waiting caller rings at one agent, who takes the call or does not.

Exactly one agent wins: the offer is closed by a guarded UPDATE while its handover is held,
and unique indexes allow one ringing offer per caller and per agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agents import duty, presence
from agents.handovers import life
from agents.models import Handover, Offer, Presence
from agents.routing.matching import Free, Match, Waiting, match
from agents.rows import close_offer, held_handover, held_presence, ringing_offer
from infra.clock import now
from infra.db import add_once
from infra.events import publish
from infra.outbox.rows import enqueue


class OfferGone(Exception):
    """The caller no longer rings at this agent: taken, given to another, or hung up."""


def offer_next(session: Session, *, offer_s: int, alive_s: float) -> bool:
    """Let the first waiting caller that has a free agent ring there; False when none has.

    alive_s: how recent an agent's last sign of life must be.
    """
    matches = match(_waiting(session), _free(session, alive_s))
    if not matches:
        return False
    _make_offer(session, matches[0], offer_s)
    return True


def accept(session: Session, *, staff_id: int, offer_id: int) -> Handover:
    """Take the call that rings; raises OfferGone when another outcome came first.

    The same agent may repeat it and gets the same handover.
    """
    offer, handover = _offer_of(session, staff_id, offer_id)
    if offer.state == life.OfferState.ACCEPTED and handover.staff_id == staff_id:
        if handover.state == life.State.IN_CONVERSATION:
            return handover
        raise OfferGone("this caller is no longer waiting")
    if not close_offer(session, offer_id, life.OfferState.ACCEPTED):
        raise OfferGone("this caller is no longer ringing here")
    handover.state = life.next_state(handover.state, life.Action.ACCEPT)
    handover.staff_id, handover.accepted_at, handover.leg_sid = staff_id, now(), None
    duty.move(session, held_presence(session, staff_id), presence.Action.ACCEPT)
    notify(session, handover)
    return handover


def decline(session: Session, *, staff_id: int, offer_id: int) -> None:
    """Say no to the caller that rings: they ring elsewhere, and not here again unless in danger."""
    _, handover = _offer_of(session, staff_id, offer_id)
    if not close_offer(session, offer_id, life.OfferState.DECLINED):
        raise OfferGone("this caller is no longer ringing here")
    release(session, handover)
    duty.move(session, held_presence(session, staff_id), presence.Action.DECLINE)


def decline_all(session: Session, *, staff_id: int) -> None:
    """Release the caller who rings at an agent, if one does; their presence is not touched."""
    offer, handover = _ringing_at(session, staff_id)
    if offer and handover and close_offer(session, offer.id, life.OfferState.DECLINED):
        release(session, handover)


def fall_silent(session: Session, *, staff_id: int, silent_s: float) -> None:
    """Make an agent away whose page gives no sign of life; who rings there rings elsewhere."""
    offer, handover = _ringing_at(session, staff_id)
    agent = held_presence(session, staff_id)
    if agent.seen_at >= now() - timedelta(seconds=silent_s):
        return
    if offer and handover and close_offer(session, offer.id, life.OfferState.WITHDRAWN):
        release(session, handover)
    duty.try_move(session, staff_id, presence.Action.FALL_SILENT, because="silent")


def miss(session: Session, *, offer_id: int) -> bool:
    """Note that an offer rang out: the caller goes to the next agent. False if it was closed."""
    offer = session.get(Offer, offer_id)
    if offer is None or offer.expires_at > now():
        return False
    handover = held_handover(session, offer.handover_id)
    if handover is None or not close_offer(session, offer_id, life.OfferState.MISSED):
        return False
    release(session, handover)
    duty.note_miss(session, offer.staff_id)
    return True


def withdraw(session: Session, handover: Handover) -> None:
    """Stop the ringing of a held handover; the agent is ready again."""
    offer = ringing_offer(session, handover.id)
    if offer is not None and close_offer(session, offer.id, life.OfferState.WITHDRAWN):
        duty.try_move(session, offer.staff_id, presence.Action.WITHDRAW)


def release(session: Session, handover: Handover) -> None:
    """Let a held caller whose offer came to nothing wait again, and match anew."""
    handover.state = life.next_state(handover.state, life.Action.TAKE_OFFER_BACK)
    duty.match_soon(session)
    notify(session, handover)


def notify(session: Session, handover: Handover) -> None:
    """Publish that this handover changed, for the pages that show it."""
    publish(session, "handover", handover.id)
    if handover.staff_id is not None:
        publish(session, "desk", handover.staff_id)


def _offer_of(session: Session, staff_id: int, offer_id: int) -> tuple[Offer, Handover]:
    """An agent's own offer and its held handover; OfferGone for anyone else's."""
    offer = session.get(Offer, offer_id)
    handover = held_handover(session, offer.handover_id) if offer else None
    if offer is None or handover is None or offer.staff_id != staff_id:
        raise OfferGone("no such caller rings here")
    session.refresh(offer)
    return offer, handover


def _ringing_at(session: Session, staff_id: int) -> tuple[Offer | None, Handover | None]:
    offer = session.scalar(
        select(Offer).where(Offer.staff_id == staff_id, Offer.state == life.OfferState.RINGING)
    )
    return offer, held_handover(session, offer.handover_id) if offer else None


def _make_offer(session: Session, pair: Match, offer_s: int) -> None:
    """Ring, unless caller or agent was taken meanwhile."""
    handover = held_handover(session, pair.handover_id)
    agent = held_presence(session, pair.staff_id)
    if handover is None or handover.state != life.State.WAITING:
        return
    if agent.state != presence.State.READY:
        return
    moment = now()
    ringing = {
        "handover_id": handover.id,
        "staff_id": agent.staff_id,
        "offered_at": moment,
        "expires_at": moment + timedelta(seconds=offer_s),
    }
    offer = add_once(session, Offer, ringing)
    if offer is None:
        return
    handover.state = life.next_state(handover.state, life.Action.OFFER)
    duty.move(session, agent, presence.Action.OFFER)
    notify(session, handover)
    enqueue(
        session,
        queue="live",
        job="agents.jobs.miss_offer",
        key=f"miss_offer:{offer.id}",
        args=[offer.id],
        delay_s=offer_s,
    )


def _waiting(session: Session) -> list[Waiting]:
    """Who waits; whoever said no to a caller in any round is not asked for them again.

    A caller in danger is asked for again, of whoever said no last as the last one.
    """
    rows = session.scalars(select(Handover).where(Handover.state == life.State.WAITING)).all()
    declined = (
        select(Handover.call_id, Offer.staff_id, func.max(Offer.closed_at))
        .join(Offer, Offer.handover_id == Handover.id)
        .where(
            Handover.call_id.in_([row.call_id for row in rows]),
            Offer.state == life.OfferState.DECLINED,
        )
        .group_by(Handover.call_id, Offer.staff_id)
    )
    no: dict[int, dict[int, datetime]] = {}
    for call_id, staff_id, at in session.execute(declined):
        if at is not None:
            no.setdefault(call_id, {})[staff_id] = at
    return [_waiting_caller(row, no.get(row.call_id, {})) for row in rows]


def _waiting_caller(row: Handover, declined: Mapping[int, datetime]) -> Waiting:
    if row.reason == "emergency":
        return Waiting(row.id, row.priority, row.waiting_since, asked_before=declined)
    return Waiting(row.id, row.priority, row.waiting_since, frozenset(declined))


def _free(session: Session, alive_s: float) -> list[Free]:
    query = select(Presence).where(
        Presence.state == presence.State.READY,
        Presence.seen_at >= now() - timedelta(seconds=alive_s),
    )
    return [Free(row.staff_id, row.since) for row in session.scalars(query)]
