"""The life of a recording: one table of states and what leads from one to the next."""

from __future__ import annotations

from enum import StrEnum

from infra.lifecycle import Lifecycle


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


AUDIBLE = frozenset({State.STORED, State.TRANSCRIBED, State.REVIEWED})
"""States in which there is a sound to hear."""

_LIFE = Lifecycle(
    {
        State.ANNOUNCED: {
            Action.COMPLETE: State.ANNOUNCED,
            Action.STORE: State.STORED,
            Action.GIVE_UP: State.MISSING,
            Action.DECLARE_ABSENT: State.ABSENT,
            Action.DECLARE_FAILED: State.FAILED,
        },
        State.MISSING: {Action.FETCH_AGAIN: State.ANNOUNCED},
        State.STORED: {
            Action.TRANSCRIBE: State.TRANSCRIBED,
            Action.PURGE: State.PURGED,
        },
        State.TRANSCRIBED: {
            Action.TRANSCRIBE: State.TRANSCRIBED,
            Action.REVIEW: State.REVIEWED,
            Action.PURGE: State.PURGED,
        },
        State.REVIEWED: {Action.PURGE: State.PURGED},
    },
    refusal="{action}: a recording that is {state} does not allow it",
)
next_state = _LIFE.next_state
allows = _LIFE.allows
