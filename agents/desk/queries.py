"""What one agent's desk shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from agents import presence
from agents.handovers.life import IN_QUEUE, OfferState, State
from agents.handovers.queries import handover_for
from agents.models import Handover, Offer, Presence
from agents.routing.queries import ready_agents
from calls.legs import Party, legs_of
from calls.models import Call, Utterance
from infra.clock import now
from tickets.queries import emergency_of_call
from web.access.staff import names_of


@dataclass(frozen=True)
class PresenceSeen:
    """The agent's own state, for the desk."""

    state: str
    since: datetime
    after: str
    extended: bool
    away_because: str


@dataclass(frozen=True)
class OfferSeen:
    """A caller who rings at this agent: nothing that identifies them before they are taken."""

    id: int
    handover: int
    queue: str
    reason: str
    priority: int
    language: str
    waiting_since: datetime
    expires_at: datetime
    understood: dict[str, Any]
    emergency: str | None
    """Kind of danger the caller told of."""


@dataclass(frozen=True)
class ConversationSeen:
    """The conversation that this agent is in, was in, or was cut off from."""

    handover: int
    call: int
    offer: int | None
    state: str
    queue: str
    reason: str
    language: str
    caller_number: str
    connected: bool
    accepted_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    draft: dict[str, Any]
    report_number: str | None
    emergency: str | None


@dataclass(frozen=True)
class Speaker:
    """An agent on a call, from the moment their leg joined. name: empty for oneself."""

    since: datetime
    name: str


@dataclass(frozen=True)
class WaitingSeen:
    """One waiting caller in the desk's short list."""

    handover: int
    queue: str
    reason: str
    state: str
    front: bool
    since: datetime


@dataclass(frozen=True)
class Desk:
    """All that one agent's desk shows, at `at`."""

    at: datetime
    presence: PresenceSeen
    offer: OfferSeen | None
    conversation: ConversationSeen | None
    waiting: tuple[WaitingSeen, ...]
    ready_agents: int


def is_on_a_desk(session: Session, call_id: int) -> bool:
    """Whether an agent still works on this call: in the conversation, or in the wrap-up after it.

    Until then nobody else should file what the caller had said.
    """
    handover = handover_for(session, call_id)
    if handover is None or handover.staff_id is None:
        return False
    return conversation_of(session, handover.staff_id, handover.id) is not None


def desk(session: Session, staff_id: int) -> Desk:
    """One agent's desk."""
    me = session.get(Presence, staff_id) or Presence(
        staff_id=staff_id,
        state=presence.State.AWAY,
        since=now(),
        after=presence.State.READY,
        extended=False,
        away_because="",
    )
    return Desk(
        at=now(),
        presence=PresenceSeen(me.state, me.since, me.after, me.extended, me.away_because),
        offer=_offer(session, staff_id),
        conversation=_conversation(session, me),
        waiting=_waiting(session),
        ready_agents=ready_agents(session),
    )


def conversation_of(session: Session, staff_id: int, handover_id: int) -> Handover | None:
    """The handover if this agent may see it now: while it is on their desk, not later.

    handover_id: of any of its rounds. Returns the present one.
    """
    named, me = session.get(Handover, handover_id), session.get(Presence, staff_id)
    current = _current_handover(session, me) if me is not None else None
    if named is None or current is None or current.call_id != named.call_id:
        return None
    return current


def said_on(session: Session, call_id: int, after: int) -> Sequence[Utterance]:
    """What was said on a call, in order, from the utterance after that id on."""
    query = (
        select(Utterance)
        .where(Utterance.call_id == call_id, Utterance.id > after)
        .order_by(Utterance.id)
    )
    return session.scalars(query.limit(500)).all()


def speakers(session: Session, call_id: int, me: int) -> tuple[Speaker, ...]:
    """The agents who were on a call, in the order they joined; `me` reads."""
    joined = legs_of(session, call_id, Party.AGENT)
    names = names_of(session, (leg.staff_id for leg in joined if leg.staff_id is not None))
    return tuple(
        Speaker(leg.answered_at, "" if leg.staff_id in (None, me) else names[leg.staff_id])
        for leg in joined
        if leg.answered_at is not None
    )


def _offer(session: Session, staff_id: int) -> OfferSeen | None:
    row = session.execute(
        select(Offer, Handover, Call)
        .join(Handover, Handover.id == Offer.handover_id)
        .join(Call, Call.id == Handover.call_id)
        .where(Offer.staff_id == staff_id, Offer.state == OfferState.RINGING)
    ).first()
    if row is None:
        return None
    offer, handover, call = row
    return OfferSeen(
        id=offer.id,
        handover=handover.id,
        queue=handover.queue,
        reason=handover.reason,
        priority=handover.priority,
        language=call.language,
        waiting_since=handover.waiting_since,
        expires_at=offer.expires_at,
        understood=handover.draft,
        emergency=emergency_of_call(session, call.id),
    )


def _conversation(session: Session, me: Presence) -> ConversationSeen | None:
    handover = _current_handover(session, me)
    if handover is None:
        return None
    call = session.get_one(Call, handover.call_id)
    accepted = select(func.max(Offer.id)).where(
        Offer.handover_id == handover.id,
        Offer.staff_id == me.staff_id,
        Offer.state == OfferState.ACCEPTED,
    )
    return ConversationSeen(
        handover=handover.id,
        call=call.id,
        offer=session.scalar(accepted),
        state=handover.state,
        queue=handover.queue,
        reason=handover.reason,
        language=call.language,
        caller_number=call.caller_number,
        connected=handover.leg_sid is not None,
        accepted_at=handover.accepted_at,
        ended_at=handover.ended_at,
        ended_by=handover.ended_by,
        draft=handover.draft,
        report_number=handover.report_number,
        emergency=emergency_of_call(session, call.id),
    )


def _current_handover(session: Session, me: Presence) -> Handover | None:
    """The conversation on the desk: the one that is on, the one just ended, or the one cut off."""
    mine = select(Handover).where(Handover.staff_id == me.staff_id)
    match me.state:
        case presence.State.IN_CONVERSATION:
            return session.scalar(mine.where(Handover.state == State.IN_CONVERSATION))
        case presence.State.WRAPPING_UP:
            ended = mine.where(Handover.state == State.ENDED, _is_present_round())
            return session.scalar(ended.order_by(Handover.ended_at.desc()).limit(1))
        case _:
            cut_off = mine.where(Handover.state.in_(IN_QUEUE))
            return session.scalar(cut_off.order_by(Handover.waiting_since.desc()).limit(1))


def _is_present_round() -> ColumnElement[bool]:
    later = aliased(Handover)
    return ~exists().where(later.call_id == Handover.call_id, later.round > Handover.round)


def _waiting(session: Session) -> tuple[WaitingSeen, ...]:
    query = select(Handover).where(Handover.state.in_(IN_QUEUE))
    rows = session.scalars(
        query.order_by(Handover.priority.desc(), Handover.waiting_since, Handover.id).limit(20)
    )
    return tuple(
        WaitingSeen(row.id, row.queue, row.reason, row.state, row.priority > 0, row.waiting_since)
        for row in rows
    )
