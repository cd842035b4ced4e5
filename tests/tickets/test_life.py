"""The table of a ticket's life: each step that is allowed, and every other one refused."""

from __future__ import annotations

import pytest

from infra.lifecycle import NotAllowed
from tickets.life import CLOSED, STATE_NAMES, WITH_DEPARTMENT, Action, State, next_state, possible

ALLOWED = {
    (State.TRIAGE, Action.DISPATCH): State.DISPATCHED,
    (State.TRIAGE, Action.MERGE): State.MERGED,
    (State.DISPATCHED, Action.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.DISPATCHED, Action.RETURN): State.RETURNED,
    (State.DISPATCHED, Action.RETURN_AGAIN): State.ARBITRATION,
    (State.DISPATCHED, Action.MERGE): State.MERGED,
    (State.ACKNOWLEDGED, Action.START): State.WORKING,
    (State.ACKNOWLEDGED, Action.PAUSE): State.PAUSED,
    (State.ACKNOWLEDGED, Action.MERGE): State.MERGED,
    (State.WORKING, Action.REPORT_DONE): State.REPORTED,
    (State.WORKING, Action.PAUSE): State.PAUSED,
    (State.WORKING, Action.MERGE): State.MERGED,
    (State.PAUSED, Action.RESUME): State.WORKING,
    (State.RETURNED, Action.DISPATCH): State.DISPATCHED,
    (State.RETURNED, Action.MERGE): State.MERGED,
    (State.ARBITRATION, Action.DISPATCH): State.DISPATCHED,
    (State.REPORTED, Action.ASK): State.ASKING,
    (State.REPORTED, Action.EXCLUDE): State.EXCLUDED,
    (State.ASKING, Action.VERIFY): State.VERIFIED,
    (State.ASKING, Action.GIVE_UP_ASKING): State.UNVERIFIED,
    (State.ASKING, Action.EXCLUDE): State.EXCLUDED,
    (State.ASKING, Action.REOPEN): State.REOPENED,
    (State.VERIFIED, Action.REOPEN): State.REOPENED,
    (State.UNVERIFIED, Action.REOPEN): State.REOPENED,
    (State.EXCLUDED, Action.REOPEN): State.REOPENED,
    (State.REOPENED, Action.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.MERGED, Action.UNMERGE): State.TRIAGE,
    (State.MERGED, Action.ASK): State.ASKING,
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_each_step_is_as_written(state: State, action: Action) -> None:
    expected = ALLOWED.get((state, action))
    if expected is not None:
        assert next_state(state, action) is expected
        return
    with pytest.raises(NotAllowed, match=STATE_NAMES[state]):
        next_state(state, action)


def test_no_action_of_a_department_closes_a_ticket() -> None:
    for state in WITH_DEPARTMENT:
        for action in possible(state):
            assert next_state(state, action) not in CLOSED


def test_every_state_can_be_reached_and_every_open_one_can_reach_an_end() -> None:
    def reached_from(start: State) -> set[State]:
        reached, todo = {start}, [start]
        while todo:
            state = todo.pop()
            new = {next_state(state, action) for action in possible(state)} - reached
            reached |= new
            todo.extend(new)
        return reached

    assert reached_from(State.TRIAGE) == set(State)
    for state in State:
        assert reached_from(state) & set(CLOSED)


def test_a_refusal_says_what_and_why() -> None:
    with pytest.raises(NotAllowed, match="cannot acknowledge a ticket that is acknowledged"):
        next_state(State.ACKNOWLEDGED, Action.ACKNOWLEDGE)
