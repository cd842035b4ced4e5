"""Life cycles: one table of states, and what leads from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


class NotAllowed(Exception):
    """An action that the present state does not know; the text names both."""


class Lifecycle(Generic[S, A]):
    """The table of one kind of thing.

    `refusal` is the sentence for a step that is not in the table, with {action} and {state};
    `doing` and `being` say them in words where the value alone does not.
    """

    def __init__(
        self,
        steps: Mapping[S, Mapping[A, S]],
        *,
        refusal: str,
        doing: Mapping[A, str] | None = None,
        being: Mapping[S, str] | None = None,
    ) -> None:
        self._states = {state.value: state for state in type(next(iter(steps)))}
        self._steps = steps
        self._refusal = refusal
        self._doing, self._being = doing or {}, being or {}

    def next_state(self, state: str, action: A) -> S:
        """The state after `action`; raises NotAllowed where the table has no such step."""
        following = self._from(state).get(action)
        if following is None:
            words = self._doing.get(action, action.value.replace("_", " "))
            being = self._being.get(self._states[state], state)
            raise NotAllowed(self._refusal.format(action=words, state=being))
        return following

    def allows(self, state: str, action: A) -> bool:
        """Whether the table has that step."""
        return action in self._from(state)

    def possible(self, state: str) -> tuple[A, ...]:
        """What may be done in that state."""
        return tuple(self._from(state))

    def _from(self, state: str) -> Mapping[A, S]:
        """The steps out of a state. Raises ValueError for a state that is not in the table."""
        if state not in self._states:
            raise ValueError(f"expected one of {', '.join(self._states)}, got {state}")
        return self._steps.get(self._states[state], {})
