"""What may be changed about callers who want a person. Actions never commit.

A handover goes from the line's `ask_for_person` through an offer to a conversation. When the
agent is lost, the next round begins at the front of the queue: only a hang-up ends it for good.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy.orm import Session

from agents import duty, presence
from agents.handovers.life import IN_QUEUE, OPEN, Action, State, next_state
from agents.models import Handover, Presence
from agents.routing import offers
from agents.rows import held_handover_of_call, held_presence
from calls.models import Call
from infra.clock import now
from infra.db import add_once
from infra.events import publish

FRONT = 100
"""Priority of a caller whose agent was lost: before everyone who waits for the first time."""

EMERGENCY = 1000
"""Priority of a caller in danger: before everyone."""

DRAFTED = ("problem_text", "category", "category_score", "place", "place_text")
"""What a ticket draft takes over from the line's own draft (`ivr.dialogues.slot_filling`)."""

Wanted = Literal["ready", "away"]
EndedBy = Literal["agent", "caller"]


class NotYours(Exception):
    """The conversation belongs to another agent, or is none."""


def ask_for_person(
    session: Session,
    *,
    call_id: int,
    queue: str = "general",
    reason: str = "asked",
    priority: int = 0,
) -> Handover:
    """Let a caller wait for a person; repeated while they do, it is the same handover.

    Where it was over, its next round begins, at the end of the queue.
    """
    first = {
        "call_id": call_id,
        "round": 1,
        "queue": queue,
        "reason": reason,
        "priority": priority,
        "state": State.WAITING,
        "draft": _first_draft(session.get_one(Call, call_id)),
        "waiting_since": now(),
    }
    added = add_once(session, Handover, first)
    if added is not None:
        _begun(session, added)
        return added
    handover = held_handover_of_call(session, call_id)
    assert handover is not None
    if handover.state not in OPEN:
        return _next_round(session, handover, queue=queue, reason=reason, priority=priority)
    handover.priority = max(handover.priority, priority)
    return handover


def queue_name(call_id: int) -> str:
    """The carrier's queue in which exactly the caller of that call waits, in every round."""
    return f"call-{call_id}"


def set_presence(session: Session, *, staff_id: int, wanted: Wanted) -> Presence:
    """Do what the agent's own switch asks; while they talk it decides what follows the wrap-up.

    Asking for what already is changes nothing. An offer that rings is declined by going away.
    """
    if wanted == "away":
        offers.decline_all(session, staff_id=staff_id)
    agent = held_presence(session, staff_id)
    agent.seen_at = now()
    if agent.state == presence.State.IN_CONVERSATION:
        agent.after = wanted
        publish(session, "desk", staff_id)
    elif wanted == "ready" and agent.state in (presence.State.AWAY, presence.State.WRAPPING_UP):
        agent.missed = 0
        duty.move(session, agent, presence.Action.GO_READY)
    elif wanted == "away" and agent.state != presence.State.AWAY:
        duty.move(session, agent, presence.Action.GO_AWAY)
    return agent


def caller_gone(session: Session, call_id: int) -> None:
    """The caller hung up: nothing rings any more, a conversation is over. May be repeated."""
    handover = held_handover_of_call(session, call_id)
    if handover is None:
        return
    if handover.state in IN_QUEUE:
        offers.withdraw(session, handover)
        _close(session, handover, Action.CALLER_LEAVES, "caller")
    elif handover.state == State.IN_CONVERSATION:
        _close(session, handover, Action.CALLER_LEAVES, "caller")
        _start_wrap_up(session, handover)


def give_up_waiting(session: Session, handover: Handover) -> None:
    """Nobody came in time: the held caller goes on to leave a message. May be repeated."""
    if handover.state not in IN_QUEUE:
        return
    offers.withdraw(session, handover)
    handover.state = next_state(handover.state, Action.GIVE_UP)
    handover.ended_at = now()
    offers.notify(session, handover)


def end_conversation(session: Session, *, staff_id: int, handover_id: int) -> Handover:
    """The agent hangs up; call this before their phone does. May be repeated.

    Before the two were connected there is nothing to end: the caller waits on, at the front.
    """
    handover = own_handover(session, staff_id=staff_id, handover_id=handover_id)
    if handover.state != State.IN_CONVERSATION:
        return handover
    if handover.leg_sid is None:
        agent_lost(session, handover)
        return handover
    _close(session, handover, Action.AGENT_ENDS, "agent")
    _start_wrap_up(session, handover)
    return handover


def agent_lost(session: Session, handover: Handover) -> Handover:
    """The agent of a held conversation is gone: their caller waits at the front.

    Returns the round in which they wait. May be repeated.
    """
    if handover.state != State.IN_CONVERSATION:
        return handover
    assert handover.staff_id is not None
    handover.state, handover.ended_at = next_state(handover.state, Action.LOSE_AGENT), now()
    following = _next_round_in_front(session, handover)
    duty.try_move(session, handover.staff_id, presence.Action.LOSE_CALLER, because="cut_off")
    return following


def caller_still_there(session: Session, handover: Handover) -> Handover:
    """A held round was thought over by the caller's hang-up, and was not: to the front again."""
    handover.ended_by = None
    return _next_round_in_front(session, handover)


def save_draft(
    session: Session, *, staff_id: int, handover_id: int, draft: dict[str, Any]
) -> Handover:
    """Keep what the agent has typed so far."""
    handover = own_handover(session, staff_id=staff_id, handover_id=handover_id)
    handover.draft = draft
    return handover


def own_handover(session: Session, *, staff_id: int, handover_id: int) -> Handover:
    """The held handover of this agent, in its present round; NotYours for any other.

    handover_id: of any of its rounds, for a page may not have seen the present one yet.
    """
    named = session.get(Handover, handover_id)
    handover = held_handover_of_call(session, named.call_id) if named else None
    if handover is None or handover.staff_id != staff_id:
        raise NotYours(f"handover {handover_id} is not with staff {staff_id}")
    return handover


def _next_round_in_front(session: Session, over: Handover) -> Handover:
    """The next round of a caller who did not hang up; who had them may take them back."""
    return _next_round(
        session,
        over,
        queue=over.queue,
        reason=over.reason,
        priority=max(over.priority, FRONT),
        staff_id=over.staff_id,
    )


def _next_round(
    session: Session,
    over: Handover,
    *,
    queue: str,
    reason: str,
    priority: int,
    staff_id: int | None = None,
) -> Handover:
    """The round after a held one that is over, with what the agents wrote."""
    session.flush()
    following = Handover(
        call_id=over.call_id,
        round=over.round + 1,
        queue=queue,
        reason=reason,
        priority=priority,
        staff_id=staff_id,
        draft=over.draft,
        report_number=over.report_number,
        waiting_since=now(),
    )
    session.add(following)
    session.flush()
    _begun(session, following)
    return following


def _begun(session: Session, handover: Handover) -> None:
    duty.match_soon(session)
    offers.notify(session, handover)


def _close(session: Session, handover: Handover, action: Action, by: EndedBy) -> None:
    handover.state = next_state(handover.state, action)
    handover.ended_at, handover.ended_by = now(), by
    duty.match_soon(session)
    offers.notify(session, handover)


def _start_wrap_up(session: Session, handover: Handover) -> None:
    assert handover.staff_id is not None
    duty.try_move(session, handover.staff_id, presence.Action.END_CONVERSATION)


def _first_draft(call: Call) -> dict[str, Any]:
    """The ticket draft that the desk opens with: what the line understood so far."""
    return {name: call.draft[name] for name in DRAFTED if call.draft.get(name)}
