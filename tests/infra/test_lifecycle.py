"""One table of states: what it allows, refuses, and how it says so."""

from __future__ import annotations

from enum import StrEnum

import pytest

from infra.lifecycle import Lifecycle, NotAllowed


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


class Doing(StrEnum):
    SHUT_IT = "shut_it"
    TAKE_OUT = "take_out"


LIFE = Lifecycle(
    {
        Door.OPEN: {Doing.SHUT_IT: Door.SHUT, Doing.TAKE_OUT: Door.GONE},
        Door.SHUT: {Doing.TAKE_OUT: Door.GONE},
    },
    refusal="cannot {action} a door that is {state}",
    being={Door.GONE: "no longer there"},
)


def test_a_step_of_the_table_is_taken_from_a_value_as_the_database_keeps_it() -> None:
    assert LIFE.next_state("open", Doing.SHUT_IT) is Door.SHUT
    assert LIFE.allows("shut", Doing.TAKE_OUT) and not LIFE.allows("shut", Doing.SHUT_IT)
    assert LIFE.possible("open") == (Doing.SHUT_IT, Doing.TAKE_OUT)


def test_another_step_is_refused_in_words() -> None:
    with pytest.raises(NotAllowed, match="cannot shut it a door that is shut"):
        LIFE.next_state(Door.SHUT, Doing.SHUT_IT)
    with pytest.raises(NotAllowed, match="no longer there"):
        LIFE.next_state(Door.GONE, Doing.TAKE_OUT)
    assert LIFE.possible(Door.GONE) == ()


def test_a_state_of_no_table_is_a_mistake_and_no_refusal() -> None:
    with pytest.raises(ValueError, match="expected one of open, shut, gone"):
        LIFE.next_state("ajar", Doing.SHUT_IT)
