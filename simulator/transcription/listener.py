"""What one side of a call says: one utterance after the other, each with its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.calls.call import Call
from simulator.calls.known_words import KnownWords, LineWords
from simulator.sound.silence import SilenceMeter
from simulator.transcription.speech_input import SpeechWatch

_BETWEEN_PARTIALS_S = 0.5
_MOST_S = 60.0
"""What is said without a pause for longer is told in pieces."""


@dataclass(frozen=True)
class Utterance:
    """What was said in one go.

    was_over_line: whether the line was speaking too when it ended, as `over_line` had it.
    """

    watch: SpeechWatch
    was_over_line: bool


def _nothing(_fact: object) -> None:
    """Nobody wants to know."""


def _no() -> bool:
    return False


class Listener:
    """Give it both frames of every tick.

    to_line: listen to what the line says rather than the caller. heard(utterance): one is over.
    talking(spoken_s): each tick with speech in it, and how much of the utterance was speech.
    speaking(on): they begin and stop. partial(words): what is known of a sentence that goes on.
    over_line: asked after `talking` whether the line speaks at the same time.
    """

    def __init__(
        self,
        call: Call,
        *,
        silence_s: float,
        heard: Callable[[Utterance], None],
        to_line: bool = False,
        talking: Callable[[float], None] = _nothing,
        speaking: Callable[[bool], None] = _nothing,
        partial: Callable[[str], None] = _nothing,
        over_line: Callable[[], bool] = _no,
    ) -> None:
        self._call = call
        self._silence_s = silence_s
        self._heard = heard
        self._to_line = to_line
        self._talking = talking
        self._speaking = speaking
        self._partial = partial
        self._over_line = over_line
        self._meter = SilenceMeter()
        self._is_on = False
        self._is_over_line = False
        self._told = ""
        self._next_partial_s = _BETWEEN_PARTIALS_S
        self._watch = self._new_watch()

    def take(self, inbound: bytes, outbound: bytes) -> None:
        """The next tick."""
        watch = self._watch
        watch.take(outbound if self._to_line else inbound)
        if not watch.began.is_set():
            return
        if not self._is_on:
            self._is_on = True
            self._speaking(True)
        if watch.is_speaking:
            self._talking(watch.spoken_s)
            self._is_over_line = self._over_line()
        if watch.ended.is_set():
            self._finish()
            self._speaking(False)
            self._is_on = self._is_over_line = False
            self._told = ""
            self._next_partial_s = _BETWEEN_PARTIALS_S
            self._watch = self._new_watch()
        else:
            self._tell_partial(watch)

    def so_far(self) -> str:
        """The words of an utterance that is not over; empty when none has begun."""
        return self._watch.so_far() if self._watch.began.is_set() else ""

    def finish(self) -> None:
        """Listen no longer; an utterance that has begun is over."""
        if self._watch.began.is_set():
            self._finish()
        self.close()

    def close(self) -> None:
        """Listen no longer."""
        self._watch.close()

    def _new_watch(self) -> SpeechWatch:
        return SpeechWatch(
            self._call,
            silence_s=self._silence_s,
            most_s=_MOST_S,
            words=LineWords(self._call) if self._to_line else KnownWords(self._call),
            meter=self._meter,
        )

    def _finish(self) -> None:
        self._watch.close()
        self._heard(Utterance(self._watch, self._is_over_line))

    def _tell_partial(self, watch: SpeechWatch) -> None:
        if watch.lasts_s < self._next_partial_s:
            return
        self._next_partial_s += _BETWEEN_PARTIALS_S
        words = watch.so_far() if watch.goes_on else ""
        if words and words != self._told:
            self._told = words
            self._partial(words)
