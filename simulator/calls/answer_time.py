"""How long the line takes to answer: from the caller's last sound to the line's first one."""

from __future__ import annotations

from simulator.sound.audio import FRAME_S, is_audible

_QUIET_FRAMES = 5


class TurnTimer:
    """Counts frames of one leg; holds at most one answer time until it is taken."""

    def __init__(self) -> None:
        self._frame = 0
        self._stopped_at: float | None = None
        self._quiet = _QUIET_FRAMES
        self._was_quiet = True
        self._answer_s: float | None = None

    def caller_stopped(self, ago_s: float = 0.0) -> None:
        """The caller's speech ended (or a key went down) `ago_s` before the frame that comes."""
        self._stopped_at = self._frame * FRAME_S - ago_s
        self._was_quiet = self._quiet >= _QUIET_FRAMES
        self._answer_s = None

    def tick(self, outbound: bytes) -> None:
        """Take the next frame that the line plays."""
        audible = is_audible(outbound)
        if self._stopped_at is not None:
            self._watch(audible)
        self._quiet = 0 if audible else self._quiet + 1
        self._frame += 1

    def sentence_began(self, at_s: float) -> None:
        """A new sentence is an answer even without a rest before it."""
        if self._stopped_at is not None and at_s >= self._stopped_at:
            self._was_quiet = True

    def take_answer(self) -> float | None:
        """The answer time in seconds, once."""
        answer_s, self._answer_s = self._answer_s, None
        return answer_s

    def _watch(self, audible: bool) -> None:
        """The first sound after a rest is the answer; a sentence still going on is not."""
        if not self._was_quiet:
            self._was_quiet = not audible and self._quiet + 1 >= _QUIET_FRAMES
        elif audible and self._stopped_at is not None:
            self._answer_s = round(max(0.0, self._frame * FRAME_S - self._stopped_at), 2)
            self._stopped_at = None
