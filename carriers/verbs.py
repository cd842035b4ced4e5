"""What we ask of a telephone network. A reply to a caller is a tuple of these.

They are values: stored with the turn, repeated byte for byte, turned into TwiML by
`carriers.twiml` or played down a media socket by `ivr.live.conversation`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Say:
    """Speak phrases one after the other; each is a sound of its own in the voice cache."""

    phrases: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Listen:
    """Wait for the caller: words, keys, or both. Always the last verb of a reply.

    question: key of the question, for the endpoint's patience and the grammar.
    max_keys: how many keys make an answer; more than one also ends at `#` or a pause.
    grammar: phrases the caller is expected to say; empty means free speech.
    """

    question: str
    language: str
    max_keys: int = 1
    speech: bool = True
    no_input_s: float = 6.0
    grammar: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """Beep and record a message until silence, a key or the limit. Last verb of a reply."""

    purpose: str
    max_s: int = 180
    silence_s: int = 4


@dataclass(frozen=True)
class JoinQueue:
    """Give the caller to the people: wait with music in a queue of their own. Last verb."""

    name: str


@dataclass(frozen=True)
class HangUp:
    """End the call. Last verb of a reply."""


Verb = Say | Listen | Record | JoinQueue | HangUp

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Say, Listen, Record, JoinQueue, HangUp)
}


def to_json(verbs: tuple[Verb, ...]) -> list[dict[str, Any]]:
    """The verbs as plain values for the database."""
    return [{"verb": type(verb).__name__, **asdict(verb)} for verb in verbs]


def from_json(stored: list[dict[str, Any]]) -> tuple[Verb, ...]:
    """The verbs that `to_json` stored."""
    return tuple(_verb(dict(item)) for item in stored)


def _verb(item: dict[str, Any]) -> Verb:
    kind = _KINDS[item.pop("verb")]
    verb: Verb = kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in item.items()})
    return verb
