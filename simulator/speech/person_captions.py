"""What another scripted person says on the line, known exactly by the frames that carry it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.sound.audio import RATE, SILENCE
from simulator.sound.spoken import Sentence, Spoken

_MOST_REST = RATE
"""Bytes of silence within a sentence: a room leaves out what is no louder than a line's noise."""
_FROM_ITS_BEGINNING = 0.1
"""A sentence of which more is over when it is first heard was not heard whole: it is unknown."""


class PersonCaptions:
    """Give it every frame with its place. Calls `begun(text, start)`, then `over(end, share)`."""

    def __init__(
        self, begun: Callable[[str, int], Any], over: Callable[[int, float], None]
    ) -> None:
        self._begun = begun
        self._over = over
        self._now: Sentence | None = None
        self._past: Sentence | None = None
        self._share = 0.0
        self._end = 0

    @property
    def is_following(self) -> bool:
        """Whether a sentence is being said."""
        return self._now is not None

    def saying(self) -> tuple[str, float] | None:
        """The sentence that is being said, and how much of it was heard."""
        return None if self._now is None else (self._now.text, self._share)

    def take(self, frame: bytes, at: int) -> None:
        """The next frame that is heard, and how many bytes were heard before it."""
        spoken = frame if isinstance(frame, Spoken) else None
        if self._now is not None and (spoken is None or spoken.sentence is not self._now):
            is_rest = frame == SILENCE and at - self._end < _MOST_REST
            if not is_rest:
                self.close()
        if spoken is not None and spoken.sentence is not self._past:
            self._follow(spoken, at)

    def close(self) -> None:
        """What is being said ends here."""
        if self._now is not None:
            self._past, self._now = self._now, None
            self._over(self._end, self._share)

    def _follow(self, spoken: Spoken, at: int) -> None:
        if self._now is None:
            if spoken.share > _FROM_ITS_BEGINNING:
                self._past = spoken.sentence
                return
            self._now = spoken.sentence
            self._begun(spoken.sentence.text, at)
        self._share, self._end = spoken.share, at + len(spoken)
        if spoken.share >= 1.0:
            self.close()
