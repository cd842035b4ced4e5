"""The kinds of state a conversation is made of. They never see a request, session or carrier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.city import City

KEEP_MESSAGE = "keep_message"
ASK_FOR_PERSON = "ask_for_person"
"""Effects that states of their kind have by themselves."""

Draft = Mapping[str, Any]
"""What is understood so far; plain values, stored with the call."""


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
"""Words or keys, as text, to their meaning. A table names it (ivr/dialogues/hotline.py)."""

IsComplete = Callable[[Context, str], bool]
"""Whether the words heard so far already answer, so that a short silence may end them."""


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
    is_complete: IsComplete | None = None
    """None: only a long silence ends the answer."""


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
    is_complete: IsComplete | None = None
    """None: as soon as the words mean a key."""
    expect: str | None = None
    """Name of the phrases in the lexicon that the recogniser is told to expect."""


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
    is_complete: IsComplete | None = None
    """None: as soon as the words mean yes or no."""
    expect: str | None = "yes_no"
    """Name of the phrases in the lexicon that the recogniser is told to expect."""
    otherwise: str | None = None
    """State after silence or anything else, at once: nothing comes in between of this question.
    None: it is asked again."""


@dataclass(frozen=True)
class Do:
    """Something must happen outside the conversation: an effect of the dialogue, then go on."""

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
class Connect:
    """Join the caller to the city's emergency number; `unanswered` follows when that fails."""

    name: str
    say: str
    unanswered: str


@dataclass(frozen=True)
class Resume:
    """Take up what the caller was saying when a question came in between; else go on."""

    name: str
    then: str


@dataclass(frozen=True)
class Goodbye:
    """Say goodbye and end the call."""

    name: str
    say: str


State = (
    Announce
    | Ask
    | EnterKeys
    | Menu
    | Choose
    | Confirm
    | Do
    | TakeMessage
    | Handover
    | Connect
    | Resume
    | Goodbye
)


def targets(state: State) -> tuple[str, ...]:
    """The states that may follow."""
    match state:
        case Announce() | Do() | TakeMessage() | Resume():
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
            return (state.yes, state.no, *((state.otherwise,) if state.otherwise else ()))
        case Handover() | Connect():
            return (state.unanswered,)
        case Goodbye():
            return ()


def prompts(state: State) -> tuple[str, ...]:
    """Keys of the prompts that the state itself speaks."""
    match state:
        case Announce() | Menu() | TakeMessage() | Handover() | Connect() | Goodbye():
            return (state.say,)
        case Confirm():
            return (state.say, state.say_keys)
        case Ask() | EnterKeys():
            return (state.say, state.again)
        case Choose():
            return (state.intro, state.say, *((state.end,) if state.end else ()))
        case Do() | Resume():
            return ()


def effects(state: State) -> tuple[str, ...]:
    """Names of the effects that a step out of the state may have."""
    match state:
        case Do():
            return (state.effect,)
        case TakeMessage():
            return (KEEP_MESSAGE,)
        case Handover():
            return (ASK_FOR_PERSON,)
    return ()


def expected(state: State) -> str | None:
    """Name of the phrases that a caller is expected to say; None for free speech."""
    match state:
        case Menu() | Confirm():
            return state.expect
    return None
