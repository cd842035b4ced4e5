"""A conversation as one table of states, in the order a caller meets them, checked when made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.dialogues.vocabulary import (
    Announce,
    Do,
    Goodbye,
    Handover,
    State,
    expected,
    prompts,
    targets,
)


class DialogueError(Exception):
    """A table that could trap or puzzle a caller; the text names the state."""


@dataclass(frozen=True)
class Dialogue:
    """A whole conversation; DialogueError when it could not be held."""

    name: str
    """What a call's row names it by."""
    start: str
    give_up: str
    """State after too many failures at one question, and behind key 0 everywhere."""
    emergency: str
    """State after words that tell of an emergency, wherever they are heard."""
    states: tuple[State, ...]
    ask_emergency: str | None = None
    """State that asks whether anyone is in danger, after words that leave it open."""

    def __post_init__(self) -> None:
        check(self)

    def state(self, name: str) -> State:
        """The state of that name; DialogueError names an unknown one."""
        for state in self.states:
            if state.name == name:
                return state
        raise DialogueError(f"no state {name} in the dialogue {self.name}")


def check(dialogue: Dialogue) -> None:
    """Refuse a table with doubled names, missing targets, unreachable states or traps."""
    names = [state.name for state in dialogue.states]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DialogueError(f"two states are called {doubled[0]}; names must differ")
    for entry in _entries(dialogue):
        if entry not in names:
            raise DialogueError(f"the dialogue names {entry}, which is no state")
    for state in dialogue.states:
        for target in targets(state):
            if target not in names:
                raise DialogueError(f"{state.name} leads to {target}, which is no state")
    _check_reachable(dialogue, names)
    _check_no_trap(dialogue)


def check_prompts(dialogue: Dialogue, known: Iterable[str], language: str) -> None:
    """Refuse a table that speaks a prompt which the language lacks."""
    have = set(known)
    for state in dialogue.states:
        for key in prompts(state):
            if key not in have:
                raise DialogueError(
                    f"{state.name} speaks {key}, missing in languages/{language}/prompts.toml"
                )


def check_phrases(dialogue: Dialogue, known: Iterable[str], language: str) -> None:
    """Refuse a table that expects phrases which the language's lexicon lacks."""
    have = set(known)
    for state in dialogue.states:
        name = expected(state)
        if name is not None and name not in have:
            raise DialogueError(
                f"{state.name} expects {name}, missing in languages/{language}/lexicon.toml"
            )


def _entries(dialogue: Dialogue) -> set[str]:
    """States that a caller may come to from anywhere."""
    asks = {dialogue.ask_emergency} if dialogue.ask_emergency else set()
    return {dialogue.start, dialogue.give_up, dialogue.emergency} | asks


def _check_reachable(dialogue: Dialogue, names: list[str]) -> None:
    reached = _closure(dialogue, _entries(dialogue))
    unreached = [name for name in names if name not in reached]
    if unreached:
        raise DialogueError(f"nothing leads to {unreached[0]}")


def _check_no_trap(dialogue: Dialogue) -> None:
    """Every state must be able to end: a person or a goodbye without waiting for luck."""
    for state in dialogue.states:
        reached = _closure(dialogue, {state.name})
        ends = (s for s in dialogue.states if isinstance(s, (Goodbye, Handover)))
        if not any(end.name in reached for end in ends):
            raise DialogueError(f"a caller in {state.name} could never reach an end")
    for state in dialogue.states:
        _check_no_silent_loop(dialogue, state)


def _check_no_silent_loop(dialogue: Dialogue, state: State) -> None:
    """A chain of states that only speak must not come back to itself."""
    seen: set[str] = set()
    current = state
    while isinstance(current, (Announce, Do)):
        if current.name in seen:
            raise DialogueError(f"{current.name} speaks in a circle; no state there listens")
        seen.add(current.name)
        current = dialogue.state(current.then)


def _closure(dialogue: Dialogue, start: set[str]) -> set[str]:
    reached, todo = set(start), list(start)
    while todo:
        for target in targets(dialogue.state(todo.pop())):
            if target not in reached:
                reached.add(target)
                todo.append(target)
    return reached
