"""What the line says in a session: talk cycles in order, until they are over or interrupted.

A talk cycle is what the application says in one go: the words up to `last`, or one sound. It is
played part by part, and whoever listens is told when the line begins and stops to speak and which
words have been heard.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.relay.protocol import ANY
from simulator.sound.audio import FRAME_BYTES, RATE, SILENCE


@dataclass
class Cycle:
    """A talk cycle and how far it was heard.

    interruptible: which input stops it. preemptible: whether the next cycle does.
    """

    interruptible: str
    preemptible: bool
    heard: list[str] = field(default_factory=list)
    heard_bytes: int = 0
    is_dropped: bool = False

    def stops_for(self, source: str) -> bool:
        """Whether `speech` or `dtmf` stops it."""
        return self.interruptible in (source, ANY)


@dataclass(frozen=True)
class Part:
    """A piece of a cycle: its words as they came, white space too, and its sound as mu-law.

    words: empty for a sound file. times: how often it is played.
    """

    cycle: Cycle
    words: str
    sound: bytes
    times: int = 1


@dataclass(frozen=True)
class Cut:
    """What of a cycle was heard when something stopped it."""

    words: str
    ms: int


class Speaker:
    """What a leg is played in a session. `speaking(on)` and `played(words)` are told at once."""

    def __init__(self, *, speaking: Callable[[bool], None], played: Callable[[str], None]) -> None:
        self._speaking = speaking
        self._played = played
        self.unmade = 0
        """How many parts are still being made into sound."""
        self._parts: deque[Part] = deque()
        self._at = 0
        self._rounds = 0
        self._is_on = False

    @property
    def is_speaking(self) -> bool:
        """Whether sound is being played."""
        return bool(self._parts)

    @property
    def cycle(self) -> Cycle | None:
        """The cycle that is heard now; None between two."""
        return self._parts[0].cycle if self._parts else None

    def add(self, part: Part) -> None:
        """Play a part after those that wait, unless its cycle was stopped."""
        if not part.cycle.is_dropped and part.sound:
            self._parts.append(part)

    def next_frame(self) -> bytes:
        """The next frame; silence when there is nothing to say."""
        if not self._parts:
            self._tell(self._is_on and self.unmade > 0)
            return SILENCE
        self._tell(True)
        part = self._parts[0]
        frame = part.sound[self._at : self._at + FRAME_BYTES]
        self._at += FRAME_BYTES
        part.cycle.heard_bytes += len(frame)
        if self._at >= len(part.sound):
            self._at = 0
            self._rounds += 1
            if self._rounds >= part.times:
                self._finish(part)
        return frame.ljust(FRAME_BYTES, b"\xff")

    def clear(self) -> Cut | None:
        """Drop what belongs to cycles that were stopped; how far the one that is heard got."""
        part = self._parts[0] if self._parts else None
        self._parts = deque(one for one in self._parts if not one.cycle.is_dropped)
        if part is None or not part.cycle.is_dropped:
            return None
        partly = _beginning(part.words, self._at / len(part.sound))
        if partly:
            part.cycle.heard.append(partly)
            self._played(partly)
        self._at = self._rounds = 0
        return Cut("".join(part.cycle.heard).strip(), round(part.cycle.heard_bytes * 1000 / RATE))

    def _finish(self, part: Part) -> None:
        self._parts.popleft()
        self._rounds = 0
        if part.words:
            part.cycle.heard.append(part.words)
            self._played(part.words)

    def _tell(self, on: bool) -> None:
        if on != self._is_on:
            self._is_on = on
            self._speaking(on)


def _beginning(words: str, share: float) -> str:
    """So much of the words, up to the end of one, with the white space between them."""
    ends = [found.end() for found in re.finditer(r"\S+", words)]
    count = round(len(ends) * share)
    return words[: ends[count - 1]] if count else ""
