"""An agent's presence: five states, and which action leads from one to the next."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What an agent is doing, as the desk shows it."""

    AWAY = "away"
    READY = "ready"
    OFFERED = "offered"
    TALKING = "talking"
    WRAPPING_UP = "wrapping_up"


class Action(StrEnum):
    """What may happen to an agent's presence."""

    GO_READY = "go_ready"
    GO_AWAY = "go_away"
    OFFER = "offer"
    WITHDRAW = "withdraw"
    DECLINE = "decline"
    MISS = "miss"
    MISS_AGAIN = "miss_again"
    ACCEPT = "accept"
    REJOIN = "rejoin"
    END_TALK = "end_talk"
    LOSE_CALLER = "lose_caller"
    FALL_SILENT = "fall_silent"


class NotAllowed(Exception):
    """An action that the agent's present state does not know; the text names both."""


_NEXT: dict[tuple[State, Action], State] = {
    (State.AWAY, Action.GO_READY): State.READY,
    (State.AWAY, Action.REJOIN): State.TALKING,
    (State.READY, Action.GO_AWAY): State.AWAY,
    (State.READY, Action.OFFER): State.OFFERED,
    (State.READY, Action.REJOIN): State.TALKING,
    (State.READY, Action.FALL_SILENT): State.AWAY,
    (State.OFFERED, Action.WITHDRAW): State.READY,
    (State.OFFERED, Action.DECLINE): State.READY,
    (State.OFFERED, Action.GO_AWAY): State.AWAY,
    (State.OFFERED, Action.MISS): State.READY,
    (State.OFFERED, Action.MISS_AGAIN): State.AWAY,
    (State.OFFERED, Action.ACCEPT): State.TALKING,
    (State.OFFERED, Action.FALL_SILENT): State.AWAY,
    (State.TALKING, Action.END_TALK): State.WRAPPING_UP,
    (State.TALKING, Action.LOSE_CALLER): State.AWAY,
    (State.WRAPPING_UP, Action.GO_READY): State.READY,
    (State.WRAPPING_UP, Action.GO_AWAY): State.AWAY,
    (State.WRAPPING_UP, Action.FALL_SILENT): State.AWAY,
}

_IN_WORDS = {
    Action.GO_READY: "go ready",
    Action.GO_AWAY: "go away",
    Action.OFFER: "offer a caller to",
    Action.WITHDRAW: "withdraw an offer from",
    Action.DECLINE: "decline an offer",
    Action.MISS: "miss an offer",
    Action.MISS_AGAIN: "miss a second offer",
    Action.ACCEPT: "accept an offer",
    Action.REJOIN: "take the caller back",
    Action.END_TALK: "end a talk",
    Action.LOSE_CALLER: "lose the caller",
    Action.FALL_SILENT: "fall silent",
}


def next_state(state: str, action: Action) -> State:
    """The state after `action`; raises NotAllowed where the table has no such step."""
    try:
        return _NEXT[(State(state), action)]
    except KeyError:
        raise NotAllowed(f"{_IN_WORDS[action]}: an agent who is {state} cannot") from None
