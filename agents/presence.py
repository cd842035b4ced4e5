"""An agent's presence: five states, and which action leads from one to the next."""

from __future__ import annotations

from enum import StrEnum

from infra.lifecycle import Lifecycle


class State(StrEnum):
    """What an agent is doing, as the desk shows it."""

    AWAY = "away"
    READY = "ready"
    OFFERED = "offered"
    IN_CONVERSATION = "in_conversation"
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
    END_CONVERSATION = "end_conversation"
    LOSE_CALLER = "lose_caller"
    FALL_SILENT = "fall_silent"


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
    Action.END_CONVERSATION: "end a conversation",
    Action.LOSE_CALLER: "lose the caller",
    Action.FALL_SILENT: "fall silent",
}

_LIFE = Lifecycle(
    {
        State.AWAY: {
            Action.GO_READY: State.READY,
            Action.REJOIN: State.IN_CONVERSATION,
        },
        State.READY: {
            Action.GO_AWAY: State.AWAY,
            Action.OFFER: State.OFFERED,
            Action.REJOIN: State.IN_CONVERSATION,
            Action.FALL_SILENT: State.AWAY,
        },
        State.OFFERED: {
            Action.WITHDRAW: State.READY,
            Action.DECLINE: State.READY,
            Action.GO_AWAY: State.AWAY,
            Action.MISS: State.READY,
            Action.MISS_AGAIN: State.AWAY,
            Action.ACCEPT: State.IN_CONVERSATION,
            Action.FALL_SILENT: State.AWAY,
        },
        State.IN_CONVERSATION: {
            Action.END_CONVERSATION: State.WRAPPING_UP,
            Action.LOSE_CALLER: State.AWAY,
        },
        State.WRAPPING_UP: {
            Action.GO_READY: State.READY,
            Action.GO_AWAY: State.AWAY,
            Action.FALL_SILENT: State.AWAY,
        },
    },
    refusal="{action}: an agent who is {state} cannot",
    doing=_IN_WORDS,
)
next_state = _LIFE.next_state
