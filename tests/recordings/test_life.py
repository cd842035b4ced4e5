from __future__ import annotations

import pytest

from infra.lifecycle import NotAllowed
from recordings.life import Action, State, allows, next_state


def test_the_way_from_announced_to_purged() -> None:
    state = State.ANNOUNCED
    for action in (Action.COMPLETE, Action.STORE, Action.TRANSCRIBE, Action.REVIEW, Action.PURGE):
        state = next_state(state, action)
    assert state is State.PURGED


@pytest.mark.parametrize("end", [State.ABSENT, State.FAILED, State.PURGED])
def test_end_states_allow_nothing(end: State) -> None:
    assert [action for action in Action if allows(end, action)] == []


def test_a_refusal_names_the_action_and_the_state() -> None:
    with pytest.raises(NotAllowed, match="store: a recording that is absent"):
        next_state("absent", Action.STORE)


def test_only_a_missing_recording_can_be_fetched_again() -> None:
    able = [state for state in State if allows(state, Action.FETCH_AGAIN)]
    assert able == [State.MISSING]


def test_every_state_but_the_first_can_be_reached() -> None:
    reached = {
        next_state(state, action) for state in State for action in Action if allows(state, action)
    }
    assert reached == set(State)
