"""The vocabulary of scripted callers: what they do, and what they expect of the line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Hears:
    """One of these phrases: words in order, case and punctuation ignored."""

    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Speech:
    """A text that is spoken, or a recording; and what becomes of it on the way.

    noise is mixed in at snr_db; gain_db makes all of it louder or softer; packet_loss is the share
    of its frames of 20 ms that never come.
    """

    text: str = ""
    clip: Path | None = None
    noise: Path | None = None
    snr_db: float | None = None
    gain_db: float = 0.0
    packet_loss: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Whether it comes as it was spoken."""
        return self.noise is None and not self.gain_db and not self.packet_loss


@dataclass(frozen=True)
class Says:
    """Speaks, once the line is quiet."""

    what: Speech


@dataclass(frozen=True)
class Presses:
    """Presses keys, once the line is quiet."""

    digits: str


@dataclass(frozen=True)
class Waits:
    """Does nothing for a while."""

    seconds: float


@dataclass(frozen=True)
class Interrupts:
    """Speaks or presses while the line is speaking."""

    by: Says | Presses


@dataclass(frozen=True)
class GetsSms:
    """Has received a text with one of these phrases since the call began."""

    phrases: tuple[str, ...]


@dataclass(frozen=True)
class IsTransferred:
    """Is connected to another person: to this number, client or SIP address, or to anybody."""

    to: str = ""


@dataclass(frozen=True)
class HangsUp:
    """Puts the receiver down."""


@dataclass(frozen=True)
class IsHungUpOn:
    """The line ends the call."""


Act = Hears | Says | Presses | Waits | Interrupts | GetsSms | IsTransferred | HangsUp | IsHungUpOn
