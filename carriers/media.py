"""What travels over a media socket, as values. Sound is 8 kHz mu-law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BYTES_A_SECOND = 8000
MOST_BYTES = 64 * 1024
"""The longest message that is taken."""


class StreamError(Exception):
    """A message of the media socket that cannot be taken; names what was expected."""


@dataclass(frozen=True)
class Started:
    """The stream begins; `params` are the parameters that its verb gave it."""

    stream_sid: str
    call_sid: str
    params: Mapping[str, str]


@dataclass(frozen=True)
class Sound:
    """Some mu-law of one track, `inbound` or `outbound`; usually 20 ms."""

    track: str
    mulaw: bytes


@dataclass(frozen=True)
class Key:
    """A key was pressed."""

    digit: str


@dataclass(frozen=True)
class Played:
    """Everything sent before our mark of that name has been played, or was cleared."""

    mark: str


@dataclass(frozen=True)
class Stopped:
    """The call or the stream is over."""


@dataclass(frozen=True)
class Connected:
    """First message of every stream; carries nothing of use."""


StreamMessage = Connected | Started | Sound | Key | Played | Stopped


class Pace:
    """Counts the messages of one socket, so that a flood ends it.

    Two tracks make 100 messages a second; after a stall of the network many come at once.
    """

    def __init__(self, *, a_second: int = 250, at_once: int = 1500) -> None:
        self._a_second, self._at_once = a_second, at_once
        self._left = float(at_once)
        self._at_s: float | None = None

    def count(self, at_s: float) -> None:
        """One more message at that time. Raises StreamError when there are too many."""
        passed_s = 0.0 if self._at_s is None else at_s - self._at_s
        self._at_s = at_s
        self._left = min(self._at_once, self._left + passed_s * self._a_second) - 1
        if self._left < 0:
            raise StreamError(f"expected at most {self._a_second} messages a second")
