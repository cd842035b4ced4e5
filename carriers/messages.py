"""What a telephone network tells us, in our words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Speech:
    """Words the caller said; `confidence` is the mean of the words', 0 to 1."""

    text: str
    confidence: float = 1.0


@dataclass(frozen=True)
class Keys:
    """Keys the caller pressed, without a finishing `#`."""

    digits: str


@dataclass(frozen=True)
class Silence:
    """Nothing was said or pressed in the time for an answer."""


@dataclass(frozen=True)
class Unheard:
    """Nothing of ours can recognise what the caller says, now or in good time."""


@dataclass(frozen=True)
class Message:
    """A recording the caller left after the tone: its carrier id and length."""

    recording_sid: str
    duration_s: int


@dataclass(frozen=True)
class Unanswered:
    """No person came in time; the caller is back from the queue."""


Heard = Speech | Keys | Silence | Unheard | Message | Unanswered

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Speech, Keys, Silence, Unheard, Message, Unanswered)
}


def to_json(heard: Heard) -> dict[str, Any]:
    """The message as plain values for the database."""
    return {"heard": type(heard).__name__, **asdict(heard)}


def from_json(stored: dict[str, Any]) -> Heard:
    """The message that `to_json` stored."""
    item = dict(stored)
    kind = _KINDS[item.pop("heard")]
    heard: Heard = kind(**item)
    return heard
