"""What we ask of a telephone network: a reply to a call is a tuple of these.

A dialogue speaks in `Say`, `Listen`, `Record`, `JoinQueue`, `DialNumber` and `HangUp`: values that
are stored with the turn and repeated. The webhook that hands them to the carrier gives them
addresses (`then`, `wait`, `notify`) and turns phrases into sounds.

then: where the call asks on, with what came of the verb. notify: where we are told of it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Say:
    """Speak phrases one after the other; each is a sound of its own in the voice cache."""

    phrases: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Listen:
    """Wait for the caller: words, keys, or both. Always the last verb of a reply.

    question: key of the question, for the endpoint's silence and the grammar.
    max_keys: how many keys make an answer; more than one also ends at `#` or a pause.
    grammar: phrases the caller is expected to say; empty means free speech.
    """

    question: str
    language: str
    max_keys: int = 1
    speech: bool = True
    no_input_s: float = 6.0
    grammar: tuple[str, ...] = ()
    then: str = ""


@dataclass(frozen=True)
class Record:
    """Beep and record a message until silence, a key or the limit. Last verb of a dialogue's reply.

    Where nothing was said the next verb follows instead of `then`.
    """

    purpose: str
    max_s: int = 180
    silence_s: int = 4
    then: str = ""
    notify: str = ""


@dataclass(frozen=True)
class JoinQueue:
    """Give the caller to the people: wait with music in a queue of their own. Last verb.

    wait: where the call asks what it hears meanwhile.
    """

    name: str
    wait: str = ""
    then: str = ""


@dataclass(frozen=True)
class DialNumber:
    """Connect the caller with another telephone. Last verb of a dialogue's reply.

    number: as it is dialled. timeout_s: how long it may ring. then: asked when they are apart, or
    were never connected.
    """

    number: str
    timeout_s: int = 25
    then: str = ""


@dataclass(frozen=True)
class HangUp:
    """End the call. Last verb of a reply."""


@dataclass(frozen=True)
class Play:
    """Play the sound at a public address of ours."""

    url: str


@dataclass(frozen=True)
class Speak:
    """Say words in the carrier's own voice, which needs nothing of ours."""

    text: str
    language: str


@dataclass(frozen=True)
class Pause:
    """Wait in silence."""

    length_s: int


@dataclass(frozen=True)
class GoOn:
    """Ask at this address what to do. Last verb of a reply."""

    then: str


@dataclass(frozen=True)
class LeaveQueue:
    """Take the caller out of the queue whose `wait` is being answered; elsewhere nothing."""


@dataclass(frozen=True)
class TakeFromQueue:
    """Connect this leg with the caller who waits in the queue of that name."""

    name: str
    then: str


@dataclass(frozen=True)
class RecordCall:
    """Record the call from here on: both sides, two channels, nothing cut away."""

    notify: str


@dataclass(frozen=True)
class MediaSocket:
    """A socket for sound: its address, and what we want to be told as it opens.

    Ours is served by the streams process (ops/streams.py, ivr/live/sockets.py).
    """

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Converse:
    """Give the call's sound to a socket, both ways, until the socket closes."""

    socket: MediaSocket


@dataclass(frozen=True)
class ListenAlong:
    """Send both sides' sound to a socket while the call goes on."""

    socket: MediaSocket


Verb = (
    Say
    | Listen
    | Record
    | JoinQueue
    | DialNumber
    | HangUp
    | Play
    | Speak
    | Pause
    | GoOn
    | LeaveQueue
    | TakeFromQueue
    | RecordCall
    | Converse
    | ListenAlong
)
Verbs = tuple[Verb, ...]

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Say, Listen, Record, JoinQueue, DialNumber, HangUp)
}


def to_json(verbs: Verbs) -> list[dict[str, Any]]:
    """A dialogue's verbs as plain values for the database."""
    return [{"verb": type(verb).__name__, **asdict(verb)} for verb in verbs]


def from_json(stored: list[dict[str, Any]]) -> Verbs:
    """The verbs that `to_json` stored."""
    return tuple(_verb(dict(item)) for item in stored)


def _verb(item: dict[str, Any]) -> Verb:
    kind = _KINDS[item.pop("verb")]
    verb: Verb = kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in item.items()})
    return verb
