"""What may be changed about an agent's presence. Actions never commit."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from agents.models import Presence
from agents.presence import Action, State, next_state
from agents.rows import held_presence
from infra.clock import now
from infra.events import publish
from infra.lifecycle import NotAllowed
from infra.outbox.rows import enqueue

MISSES_BEFORE_AWAY = 2


def here(session: Session, *, staff_id: int) -> None:
    """Note a sign of life of the agent's desk page."""
    result = session.execute(
        update(Presence).where(Presence.staff_id == staff_id).values(seen_at=now())
    )
    assert isinstance(result, CursorResult)
    if result.rowcount == 0:
        held_presence(session, staff_id)


def end_wrap_up(session: Session, *, staff_id: int) -> Presence:
    """End the wrap-up time: back to ready, or away if the agent asked for that."""
    presence = held_presence(session, staff_id)
    if presence.state != State.WRAPPING_UP:
        raise NotAllowed(f"end the wrap-up: an agent who is {presence.state} cannot")
    away = presence.after == State.AWAY
    move(session, presence, Action.GO_AWAY if away else Action.GO_READY)
    return presence


def extend_wrap_up(session: Session, *, staff_id: int) -> Presence:
    """Double the wrap-up time, once a call."""
    presence = held_presence(session, staff_id)
    if presence.state != State.WRAPPING_UP or presence.extended:
        raise NotAllowed("extend the wrap-up: only once, and only after a call")
    presence.extended = True
    publish(session, "desk", staff_id)
    return presence


def move(session: Session, presence: Presence, action: Action, *, because: str = "") -> None:
    """Take the step `action` with a held presence; a newly ready agent starts the matching."""
    presence.state = next_state(presence.state, action)
    presence.since = now()
    presence.away_because = because if presence.state == State.AWAY else ""
    match presence.state:
        case State.READY:
            match_soon(session)
        case State.IN_CONVERSATION:
            presence.after, presence.extended, presence.missed = State.READY, False, 0
        case State.WRAPPING_UP:
            _end_wrap_up_later(session, presence)
    publish(session, "desk", presence.staff_id)


def try_move(session: Session, staff_id: int, action: Action, *, because: str = "") -> bool:
    """As `move`, for an agent who may have gone elsewhere meanwhile; False if so."""
    presence = held_presence(session, staff_id)
    try:
        move(session, presence, action, because=because)
    except NotAllowed:
        return False
    return True


def note_miss(session: Session, staff_id: int) -> None:
    """Count an offer that rang out; the second in a row makes the agent away."""
    presence = held_presence(session, staff_id)
    if presence.state != State.OFFERED:
        return
    presence.missed += 1
    if presence.missed >= MISSES_BEFORE_AWAY:
        move(session, presence, Action.MISS_AGAIN, because="missed")
    else:
        move(session, presence, Action.MISS)


def silent_agents(session: Session, *, silent_s: float, states: tuple[State, ...]) -> list[int]:
    """Agents in one of `states` whose page has been silent for so long."""
    query = select(Presence.staff_id).where(
        Presence.state.in_(states), Presence.seen_at < now() - timedelta(seconds=silent_s)
    )
    return list(session.scalars(query))


def match_soon(session: Session) -> None:
    """Ask, after the commit, that waiting callers and free agents are brought together."""
    enqueue(
        session, queue="live", job="agents.jobs.offer_next", key=f"offer_next:{uuid.uuid4().hex}"
    )


def _end_wrap_up_later(session: Session, presence: Presence) -> None:
    enqueue(
        session,
        queue="live",
        job="agents.jobs.end_wrap_up",
        key=f"end_wrap_up:{presence.staff_id}:{presence.since.isoformat()}",
        args=[presence.staff_id],
    )
