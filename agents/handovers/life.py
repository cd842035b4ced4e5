"""A handover's life: one round, from the wait for a person to the end of the conversation."""

from __future__ import annotations

from enum import StrEnum

from infra.lifecycle import Lifecycle


class State(StrEnum):
    """Where the caller stands between the line and a person."""

    WAITING = "waiting"
    OFFERED = "offered"
    IN_CONVERSATION = "in_conversation"
    ENDED = "ended"
    ABANDONED = "abandoned"
    TO_MESSAGE = "to_message"
    CUT_OFF = "cut_off"
    """The agent was lost; the caller waits in the next round."""


class OfferState(StrEnum):
    """What became of a call that rang at an agent."""

    RINGING = "ringing"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


OPEN = (State.WAITING, State.OFFERED, State.IN_CONVERSATION)
IN_QUEUE = (State.WAITING, State.OFFERED)


class Action(StrEnum):
    """What may happen to a handover."""

    OFFER = "offer"
    TAKE_OFFER_BACK = "take_offer_back"
    ACCEPT = "accept"
    REJOIN = "rejoin"
    LOSE_AGENT = "lose_agent"
    AGENT_ENDS = "agent_ends"
    CALLER_LEAVES = "caller_leaves"
    GIVE_UP = "give_up"


_LIFE = Lifecycle(
    {
        State.WAITING: {
            Action.OFFER: State.OFFERED,
            Action.REJOIN: State.IN_CONVERSATION,
            Action.CALLER_LEAVES: State.ABANDONED,
            Action.GIVE_UP: State.TO_MESSAGE,
        },
        State.OFFERED: {
            Action.TAKE_OFFER_BACK: State.WAITING,
            Action.ACCEPT: State.IN_CONVERSATION,
            Action.CALLER_LEAVES: State.ABANDONED,
            Action.GIVE_UP: State.TO_MESSAGE,
        },
        State.IN_CONVERSATION: {
            Action.LOSE_AGENT: State.CUT_OFF,
            Action.AGENT_ENDS: State.ENDED,
            Action.CALLER_LEAVES: State.ENDED,
        },
        State.ENDED: {},
        State.ABANDONED: {},
        State.TO_MESSAGE: {},
        State.CUT_OFF: {},
    },
    refusal="{action}: a handover that is {state} cannot",
)
next_state = _LIFE.next_state
