"""The two tables of states: every step that is allowed, and every other one refused."""

from __future__ import annotations

import itertools

import pytest

from agents import presence
from agents.handovers import life
from infra.lifecycle import NotAllowed

ALLOWED = {
    ("away", "go_ready"): "ready",
    ("away", "rejoin"): "in_conversation",
    ("ready", "go_away"): "away",
    ("ready", "offer"): "offered",
    ("ready", "rejoin"): "in_conversation",
    ("ready", "fall_silent"): "away",
    ("offered", "withdraw"): "ready",
    ("offered", "decline"): "ready",
    ("offered", "go_away"): "away",
    ("offered", "miss"): "ready",
    ("offered", "miss_again"): "away",
    ("offered", "accept"): "in_conversation",
    ("offered", "fall_silent"): "away",
    ("in_conversation", "end_conversation"): "wrapping_up",
    ("in_conversation", "lose_caller"): "away",
    ("wrapping_up", "go_ready"): "ready",
    ("wrapping_up", "go_away"): "away",
    ("wrapping_up", "fall_silent"): "away",
}

HANDOVER = {
    ("waiting", "offer"): "offered",
    ("waiting", "rejoin"): "in_conversation",
    ("waiting", "caller_leaves"): "abandoned",
    ("waiting", "give_up"): "to_message",
    ("offered", "take_offer_back"): "waiting",
    ("offered", "accept"): "in_conversation",
    ("offered", "caller_leaves"): "abandoned",
    ("offered", "give_up"): "to_message",
    ("in_conversation", "lose_agent"): "cut_off",
    ("in_conversation", "agent_ends"): "ended",
    ("in_conversation", "caller_leaves"): "ended",
}


@pytest.mark.parametrize(
    ("state", "action"), list(itertools.product(presence.State, presence.Action))
)
def test_an_agents_presence(state: presence.State, action: presence.Action) -> None:
    expected = ALLOWED.get((state.value, action.value))
    if expected is None:
        with pytest.raises(NotAllowed, match=state.value):
            presence.next_state(state, action)
    else:
        assert presence.next_state(state, action) == expected


@pytest.mark.parametrize(("state", "action"), list(itertools.product(life.State, life.Action)))
def test_a_handovers_life(state: life.State, action: life.Action) -> None:
    expected = HANDOVER.get((state.value, action.value))
    if expected is None:
        with pytest.raises(NotAllowed, match=state.value):
            life.next_state(state, action)
    else:
        assert life.next_state(state, action) == expected
