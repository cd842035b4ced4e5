"""What the desk and the line ask about people and waiting callers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from agents import presence
from agents.handovers.life import IN_QUEUE, OfferState, State
from agents.models import Handover, Offer, Presence
from calls.models import Call, Utterance
from infra.clock import now

ALIVE_S = 15
"""A desk page silent for longer is taken for gone (three beats of 5 s)."""


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


@dataclass(frozen=True)
class TalkSeen:
    """The talk that this agent is in, was in, or was cut off from."""

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
    talk: TalkSeen | None
    waiting: tuple[WaitingSeen, ...]
    ready_agents: int


def handover_for(session: Session, call_id: int) -> Handover | None:
    """The call's handover, if its caller ever asked for a person."""
    return session.scalar(select(Handover).where(Handover.call_id == call_id))


def somebody_on_duty(session: Session) -> bool:
    """Whether an agent is there who could take a caller now or after their present talk."""
    query = select(func.count()).select_from(Presence).where(*_alive(), _on_duty())
    return bool(session.scalar(query))


def somebody_waits(session: Session) -> bool:
    """Whether a caller waits who does not ring anywhere yet."""
    query = select(Handover.id).where(Handover.state == State.WAITING).limit(1)
    return session.scalar(query) is not None


def is_on_a_desk(session: Session, call_id: int) -> bool:
    """Whether an agent still works on this call: in the conversation, or in the wrap-up after it.

    Until then nobody else should file what the caller had said.
    """
    handover = handover_for(session, call_id)
    if handover is None or handover.staff_id is None:
        return False
    return talk_of(session, handover.staff_id, handover.id) is not None


def is_talking(session: Session, call_id: int) -> bool:
    """Whether a person is on the line with this caller now: not music, not a prompt."""
    handover = handover_for(session, call_id)
    return handover is not None and handover.state == State.TALKING and handover.leg_sid is not None


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
        talk=_talk(session, me),
        waiting=_waiting(session),
        ready_agents=_ready_agents(session),
    )


def talk_of(session: Session, staff_id: int, handover_id: int) -> Handover | None:
    """The handover if this agent may see it now: while it is on their desk, not later."""
    handover = session.get(Handover, handover_id)
    if handover is None or handover.staff_id != staff_id:
        return None
    me = session.get(Presence, staff_id)
    current = _current_handover(session, me) if me is not None else None
    return handover if current is not None and current.id == handover.id else None


def said_on(session: Session, call_id: int, after: int) -> Sequence[Utterance]:
    """What was said on a call, in order, from the utterance after that id on."""
    query = (
        select(Utterance)
        .where(Utterance.call_id == call_id, Utterance.id > after)
        .order_by(Utterance.id)
    )
    return session.scalars(query.limit(500)).all()


def overdue_offers(session: Session, *, by_s: float) -> list[int]:
    """Offers that still ring `by_s` seconds after their end: their timer was lost."""
    query = select(Offer.id).where(
        Offer.state == OfferState.RINGING, Offer.expires_at < now() - timedelta(seconds=by_s)
    )
    return list(session.scalars(query))


def open_handovers_of_ended_calls(session: Session) -> list[int]:
    """Calls that are over while their caller still waits or talks in our records."""
    query = (
        select(Handover.call_id)
        .join(Call, Call.id == Handover.call_id)
        .where(Handover.state.in_((*IN_QUEUE, State.TALKING)), Call.ended_at.is_not(None))
    )
    return list(session.scalars(query))


def talk_with(session: Session, staff_id: int) -> int | None:
    """The handover that this agent talks with now."""
    return session.scalar(
        select(Handover.id).where(Handover.staff_id == staff_id, Handover.state == State.TALKING)
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
    )


def _talk(session: Session, me: Presence) -> TalkSeen | None:
    handover = _current_handover(session, me)
    if handover is None:
        return None
    call = session.get_one(Call, handover.call_id)
    accepted = select(func.max(Offer.id)).where(
        Offer.handover_id == handover.id,
        Offer.staff_id == me.staff_id,
        Offer.state == OfferState.ACCEPTED,
    )
    return TalkSeen(
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
    )


def _current_handover(session: Session, me: Presence) -> Handover | None:
    """The talk on the desk: the one that is on, the one of these notes, or the one cut off."""
    mine = select(Handover).where(Handover.staff_id == me.staff_id)
    match me.state:
        case presence.State.TALKING:
            return session.scalar(mine.where(Handover.state == State.TALKING))
        case presence.State.WRAPPING_UP:
            ended = mine.where(Handover.state == State.ENDED)
            return session.scalar(ended.order_by(Handover.ended_at.desc()).limit(1))
        case _:
            cut_off = mine.where(Handover.state.in_(IN_QUEUE))
            return session.scalar(cut_off.order_by(Handover.waiting_since.desc()).limit(1))


def _waiting(session: Session) -> tuple[WaitingSeen, ...]:
    query = select(Handover).where(Handover.state.in_(IN_QUEUE))
    rows = session.scalars(
        query.order_by(Handover.priority.desc(), Handover.waiting_since, Handover.id).limit(20)
    )
    return tuple(
        WaitingSeen(row.id, row.queue, row.reason, row.state, row.priority > 0, row.waiting_since)
        for row in rows
    )


def _ready_agents(session: Session) -> int:
    query = select(func.count()).select_from(Presence)
    return session.scalar(query.where(*_alive(), Presence.state == presence.State.READY)) or 0


def _alive() -> tuple[Any, ...]:
    talking = Presence.state == presence.State.TALKING
    return (or_(Presence.seen_at >= now() - timedelta(seconds=ALIVE_S), talking),)


def _on_duty() -> Any:
    return Presence.state != presence.State.AWAY
