"""The life of a recording: one table of states and what leads from one to the next."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """How far a recording has come on its way to the people who listen."""

    ANNOUNCED = "announced"
    """The carrier has it; we are fetching it."""
    STORED = "stored"
    """A whole copy is ours and may be heard; its words are not there yet."""
    TRANSCRIBED = "transcribed"
    REVIEWED = "reviewed"
    PURGED = "purged"
    MISSING = "missing"
    """The carrier gave no whole file for a day; a person may ask again."""
    ABSENT = "absent"
    """The carrier says that there was nothing to record."""
    FAILED = "failed"
    """The carrier says that recording went wrong."""


class Action(StrEnum):
    """What may happen to a recording."""

    STORE = "store"
    TRANSCRIBE = "transcribe"
    REVIEW = "review"
    PURGE = "purge"
    GIVE_UP = "give_up"
    FETCH_AGAIN = "fetch_again"
    COMPLETE = "complete"
    DECLARE_ABSENT = "declare_absent"
    DECLARE_FAILED = "declare_failed"


class NotAllowed(Exception):
    """An action that the recording's present state does not know; the text names both."""


_NEXT: dict[tuple[State, Action], State] = {
    (State.ANNOUNCED, Action.COMPLETE): State.ANNOUNCED,
    (State.ANNOUNCED, Action.STORE): State.STORED,
    (State.ANNOUNCED, Action.GIVE_UP): State.MISSING,
    (State.ANNOUNCED, Action.DECLARE_ABSENT): State.ABSENT,
    (State.ANNOUNCED, Action.DECLARE_FAILED): State.FAILED,
    (State.MISSING, Action.FETCH_AGAIN): State.ANNOUNCED,
    (State.STORED, Action.TRANSCRIBE): State.TRANSCRIBED,
    (State.TRANSCRIBED, Action.TRANSCRIBE): State.TRANSCRIBED,
    (State.TRANSCRIBED, Action.REVIEW): State.REVIEWED,
    (State.STORED, Action.PURGE): State.PURGED,
    (State.TRANSCRIBED, Action.PURGE): State.PURGED,
    (State.REVIEWED, Action.PURGE): State.PURGED,
}

AUDIBLE = frozenset({State.STORED, State.TRANSCRIBED, State.REVIEWED})
"""States in which there is a sound to hear."""


def next_state(state: str, action: Action) -> State:
    """The state after `action`; raises NotAllowed where the table has no such step."""
    try:
        return _NEXT[(State(state), action)]
    except KeyError:
        name = action.value.replace("_", " ")
        raise NotAllowed(f"{name}: a recording that is {state} does not allow it") from None


def allows(state: str, action: Action) -> bool:
    """Whether the table has that step."""
    return (State(state), action) in _NEXT
