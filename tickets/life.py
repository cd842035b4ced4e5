"""The life of a ticket as one table (product: ticket life as states)."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a ticket is. No action of a department closes one: the caller is asked first."""

    TO_CHECK = "to_check"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    WORKING = "working"
    RETURNED = "returned"
    REPORTED = "reported"
    CLOSED = "closed"


class Action(StrEnum):
    """What may happen to a ticket."""

    DISPATCH = "dispatch"
    SIGN_FOR = "sign_for"
    START = "start"
    REPORT_DONE = "report_done"
    RETURN = "return"
    CLOSE = "close"
    REOPEN = "reopen"


class NotAllowed(Exception):
    """The action does not fit the ticket's state."""


_NEXT = {
    (State.TO_CHECK, Action.DISPATCH): State.DISPATCHED,
    (State.TO_CHECK, Action.CLOSE): State.CLOSED,
    (State.DISPATCHED, Action.SIGN_FOR): State.SIGNED,
    (State.DISPATCHED, Action.RETURN): State.RETURNED,
    (State.SIGNED, Action.START): State.WORKING,
    (State.SIGNED, Action.RETURN): State.RETURNED,
    (State.SIGNED, Action.REPORT_DONE): State.REPORTED,
    (State.WORKING, Action.REPORT_DONE): State.REPORTED,
    (State.RETURNED, Action.DISPATCH): State.DISPATCHED,
    (State.REPORTED, Action.CLOSE): State.CLOSED,
    (State.REPORTED, Action.REOPEN): State.DISPATCHED,
    (State.CLOSED, Action.REOPEN): State.DISPATCHED,
}


def next_state(state: str, action: Action) -> State:
    """The state after an action; NotAllowed names both when they do not fit."""
    following = _NEXT.get((State(state), action))
    if following is None:
        raise NotAllowed(
            f"{action.value.replace('_', ' ')} is not possible for a ticket that is"
            f" {state.replace('_', ' ')}"
        )
    return following


def possible(state: str) -> tuple[Action, ...]:
    """What may be done with a ticket in that state."""
    return tuple(action for (at, action) in _NEXT if at == state)
