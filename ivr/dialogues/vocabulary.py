"""The kinds of state a conversation is made of, and the checks that a table must pass.

A dialogue is data: `ivr.dialogues.hotline` holds the city's, in the order a caller meets it. States
never see a request, a session or a carrier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.city import City

Draft = Mapping[str, Any]
"""What is understood so far; plain values, stored with the call."""


class DialogueError(Exception):
    """A table that could trap or puzzle a caller; the text names the state."""


@dataclass(frozen=True)
class Context:
    """What an understanding function may know besides the caller's words."""

    city: City
    language: str
    draft: Draft


@dataclass(frozen=True)
class Understood:
    """What an answer meant: values to remember, and a state if it is not the usual next one."""

    values: Draft = field(default_factory=dict)
    then: str | None = None


@dataclass(frozen=True)
class NotUnderstood:
    """Why an answer could not be used: a prompt that says so, with values for its slots."""

    say: str | None = None
    values: Draft = field(default_factory=dict)


Understand = Callable[[Context, str], Understood | NotUnderstood]
"""Words or keys, as text, to their meaning."""


@dataclass(frozen=True)
class Option:
    """One choice of a list: what is said of it and what choosing it remembers."""

    label: str
    values: Draft


@dataclass(frozen=True)
class Announce:
    """Say something and go on; with `when`, only if that value of the draft is set."""

    name: str
    say: str
    then: str
    when: str | None = None


@dataclass(frozen=True)
class Ask:
    """An open question, answered in the caller's own words; `keys` lead elsewhere."""

    name: str
    say: str
    again: str
    understand: Understand
    then: str
    also: tuple[str, ...] = ()
    """Other states that `understand` may lead to."""
    keys: Mapping[str, str] = field(default_factory=dict)
    keyed: str | None = None
    """The state that asks the same by the keypad, for when nobody recognises speech."""


@dataclass(frozen=True)
class EnterKeys:
    """A question answered on the keypad, ended by `#`."""

    name: str
    say: str
    again: str
    understand: Understand
    then: str
    also: tuple[str, ...] = ()
    max_keys: int = 12


@dataclass(frozen=True)
class Menu:
    """A short choice by key or word; each leads to its own state."""

    name: str
    say: str
    keys: Mapping[str, str]
    words: Callable[[Context, str], str | None]
    """The key that the caller's words mean."""


@dataclass(frozen=True)
class Choose:
    """A list made from the draft or the city: `say` is spoken once for each option."""

    name: str
    intro: str
    say: str
    options: Callable[[Context], tuple[Option, ...]]
    understand: Understand | None
    then: str
    more: str | None = None
    """State behind key 9, "something else"."""
    end: str | None = None
    """Prompt after the last option, which tells of key 9."""


@dataclass(frozen=True)
class Confirm:
    """A question to be answered yes or no, by voice or by 1 and 2; `say_keys` speaks of keys."""

    name: str
    say: str
    say_keys: str
    yes: str
    no: str
    understand: Callable[[Context, str], bool | None]


@dataclass(frozen=True)
class Do:
    """Something must happen outside the conversation: an effect, named, then go on."""

    name: str
    effect: str
    then: str


@dataclass(frozen=True)
class TakeMessage:
    """Record a message after the tone."""

    name: str
    say: str
    then: str


@dataclass(frozen=True)
class Handover:
    """Give the caller to a person; `unanswered` follows when nobody comes in time."""

    name: str
    say: str
    queue: str
    reason: str
    unanswered: str
    priority: int = 0


@dataclass(frozen=True)
class Goodbye:
    """Say goodbye and end the call."""

    name: str
    say: str


State = Announce | Ask | EnterKeys | Menu | Choose | Confirm | Do | TakeMessage | Handover | Goodbye


@dataclass(frozen=True)
class Dialogue:
    """A whole conversation; DialogueError when it could not be held."""

    start: str
    give_up: str
    """State after too many failures at one question, and behind key 0 everywhere."""
    emergency: str
    states: tuple[State, ...]

    def __post_init__(self) -> None:
        check(self)

    def state(self, name: str) -> State:
        """The state of that name; DialogueError names an unknown one."""
        for state in self.states:
            if state.name == name:
                return state
        raise DialogueError(f"no state {name}; the dialogue's table has none of that name")


def targets(state: State) -> tuple[str, ...]:
    """The states that may follow."""
    match state:
        case Announce() | Do() | TakeMessage():
            return (state.then,)
        case Ask():
            keyed = (state.keyed,) if state.keyed else ()
            return tuple(dict.fromkeys((state.then, *state.also, *state.keys.values(), *keyed)))
        case EnterKeys():
            return (state.then, *state.also)
        case Menu():
            return tuple(state.keys.values())
        case Choose():
            return (state.then, *((state.more,) if state.more else ()))
        case Confirm():
            return (state.yes, state.no)
        case Handover():
            return (state.unanswered,)
        case Goodbye():
            return ()


def prompts(state: State) -> tuple[str, ...]:
    """Keys of the prompts that the state itself speaks."""
    match state:
        case Announce() | Menu() | TakeMessage() | Handover() | Goodbye():
            return (state.say,)
        case Confirm():
            return (state.say, state.say_keys)
        case Ask() | EnterKeys():
            return (state.say, state.again)
        case Choose():
            return (state.intro, state.say, *((state.end,) if state.end else ()))
        case Do():
            return ()


def check(dialogue: Dialogue) -> None:
    """Refuse a table with doubled names, missing targets, unreachable states or traps."""
    names = [state.name for state in dialogue.states]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DialogueError(f"two states are called {doubled[0]}; names must differ")
    for entry in (dialogue.start, dialogue.give_up, dialogue.emergency):
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
                    f"{state.name} speaks {key}, missing in prompts/{language}.toml"
                )


def _check_reachable(dialogue: Dialogue, names: list[str]) -> None:
    reached = _closure(dialogue, {dialogue.start, dialogue.give_up, dialogue.emergency})
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
