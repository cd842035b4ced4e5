"""What the caller says in a session: one utterance after the other, each with its words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulator.call import Call
from simulator.speech_input import SpeechWatch

_BETWEEN_PARTIALS_S = 0.5
_MOST_S = 3600.0


class Listener:
    """Give it both frames of every tick.

    interrupting(lasts_s): called each tick while the caller speaks, with how long they have.
    speaking(on): they begin and stop. partial(words): what is known of a sentence that goes on.
    `utterances` holds what was said, in order.
    """

    def __init__(
        self,
        call: Call,
        *,
        silence_s: float,
        interrupting: Callable[[float], None],
        speaking: Callable[[bool], None],
        partial: Callable[[str], None],
    ) -> None:
        self.utterances: asyncio.Queue[SpeechWatch] = asyncio.Queue()
        self._call = call
        self._silence_s = silence_s
        self._interrupting = interrupting
        self._speaking = speaking
        self._partial = partial
        self._is_on = False
        self._told = ""
        self._next_partial_s = _BETWEEN_PARTIALS_S
        self._watch = self._new_watch()

    def take(self, inbound: bytes, outbound: bytes) -> None:
        """The next tick."""
        watch = self._watch
        watch.take(inbound, outbound)
        if not watch.began.is_set():
            return
        if not self._is_on:
            self._is_on = True
            self._speaking(True)
        if watch.is_speaking:
            self._interrupting(watch.lasts_s)
        if watch.ended.is_set():
            self._finish()
        else:
            self._tell_partial(watch)

    def so_far(self) -> str:
        """The words of an utterance that is not over; empty when none has begun."""
        return self._watch.so_far() if self._watch.began.is_set() else ""

    def close(self) -> None:
        """Listen no longer."""
        self._watch.close()

    def _new_watch(self) -> SpeechWatch:
        return SpeechWatch(self._call, silence_s=self._silence_s, most_s=_MOST_S)

    def _finish(self) -> None:
        watch = self._watch
        watch.close()
        self.utterances.put_nowait(watch)
        self._speaking(False)
        self._is_on, self._told = False, ""
        self._next_partial_s = _BETWEEN_PARTIALS_S
        self._watch = self._new_watch()

    def _tell_partial(self, watch: SpeechWatch) -> None:
        if watch.lasts_s < self._next_partial_s:
            return
        self._next_partial_s += _BETWEEN_PARTIALS_S
        words = watch.so_far() if watch.goes_on else ""
        if words and words != self._told:
            self._told = words
            self._partial(words)
