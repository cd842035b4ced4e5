"""A handover's life: from a caller who waits for a person to the end of their talk."""

from __future__ import annotations

from enum import StrEnum

from agents.presence import NotAllowed


class State(StrEnum):
    """Where the caller stands between the line and a person."""

    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    ENDED = "ended"
    ABANDONED = "abandoned"
    TO_MESSAGE = "to_message"


OPEN = (State.WAITING, State.OFFERED, State.TALKING)
IN_QUEUE = (State.WAITING, State.OFFERED)


class Action(StrEnum):
    """What may happen to a handover."""

    ASK_AGAIN = "ask_again"
    OFFER = "offer"
    TAKE_OFFER_BACK = "take_offer_back"
    ACCEPT = "accept"
    REJOIN = "rejoin"
    LOSE_AGENT = "lose_agent"
    AGENT_ENDS = "agent_ends"
    CALLER_LEAVES = "caller_leaves"
    GIVE_UP = "give_up"


_NEXT: dict[tuple[State, Action], State] = {
    (State.WAITING, Action.OFFER): State.OFFERED,
    (State.WAITING, Action.REJOIN): State.TALKING,
    (State.WAITING, Action.CALLER_LEAVES): State.ABANDONED,
    (State.WAITING, Action.GIVE_UP): State.TO_MESSAGE,
    (State.OFFERED, Action.TAKE_OFFER_BACK): State.WAITING,
    (State.OFFERED, Action.ACCEPT): State.TALKING,
    (State.OFFERED, Action.CALLER_LEAVES): State.ABANDONED,
    (State.OFFERED, Action.GIVE_UP): State.TO_MESSAGE,
    (State.TALKING, Action.LOSE_AGENT): State.WAITING,
    (State.TALKING, Action.AGENT_ENDS): State.ENDED,
    (State.TALKING, Action.CALLER_LEAVES): State.ENDED,
    (State.ENDED, Action.ASK_AGAIN): State.WAITING,
    (State.ABANDONED, Action.ASK_AGAIN): State.WAITING,
    (State.TO_MESSAGE, Action.ASK_AGAIN): State.WAITING,
}


def next_state(state: str, action: Action) -> State:
    """The state after `action`; raises NotAllowed where the table has no such step."""
    try:
        return _NEXT[(State(state), action)]
    except KeyError:
        words = action.replace("_", " ")
        raise NotAllowed(f"{words}: a handover that is {state} cannot") from None
