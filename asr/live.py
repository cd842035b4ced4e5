"""Hears one side of a live call: 20 ms in, utterances out.

The recogniser works along while the caller speaks, so that at the end of speech only its
last step is left. An answer that already satisfies the question ends after a short
silence; one that sounds unfinished gets a longer one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from asr.endpoint import BEGIN_MS, FRAME_MS, Endpoint
from asr.models.pool import SpeechModelLike
from asr.noise import floor_only
from asr.recogniser import CHUNK_MS, Recogniser
from asr.words import Heard, Word
from sound.mulaw import from_mulaw
from sound.samples import LINE_RATE, Pcm

_PRE_ROLL_MS = 400
_PAD_MS = 300
_LONGEST_MS = 30_000
_FRAMES_A_CHUNK = CHUNK_MS // FRAME_MS


@dataclass(frozen=True)
class SpeechStarted:
    """Somebody began to speak; seconds since the recogniser was opened."""

    at_s: float


@dataclass(frozen=True)
class Partial:
    """What the utterance sounds like so far; it may still change."""

    text: str


@dataclass(frozen=True)
class Utterance:
    """A finished utterance; `end_s` is when its last voice was heard, not when we were sure."""

    heard: Heard
    start_s: float
    end_s: float


RecognitionEvent = SpeechStarted | Partial | Utterance


class LiveRecogniser:
    """One side of one call. Feed it in order, from one thread at a time."""

    def __init__(self, model: SpeechModelLike) -> None:
        self._model = model
        self._endpoint = Endpoint(LINE_RATE)
        self._frames = 0
        self._left = b""
        self._pre_roll: deque[Pcm] = deque(maxlen=_PRE_ROLL_MS // FRAME_MS)
        self._pending: list[Pcm] = []
        self._recogniser: Recogniser | None = None
        self._started_s = 0.0
        self._fed_from_s = 0.0
        self._told = ""
        self.listen()

    def listen(
        self,
        *,
        end_silence_ms: int = 320,
        unfinished_silence_ms: int = 900,
        is_complete: Callable[[str], bool] | None = None,
        grammar: tuple[str, ...] = (),
    ) -> None:
        """Set how the next utterance is heard.

        end_silence_ms: silence that ends an answer for which `is_complete(partial)` holds.
        unfinished_silence_ms: silence that ends any other.
        grammar: phrases to expect, empty for any.
        """
        self._end_silence_ms = end_silence_ms
        self._unfinished_silence_ms = max(unfinished_silence_ms, end_silence_ms)
        self._is_complete = is_complete
        self._grammar = grammar

    def feed(self, mulaw: bytes) -> list[RecognitionEvent]:
        """Take sound of the line, 8 kHz mu-law, any length; returns what happened."""
        data = self._left + mulaw
        size = self._endpoint.frame
        whole = len(data) - len(data) % size
        self._left = data[whole:]
        events: list[RecognitionEvent] = []
        for at in range(0, whole, size):
            events.extend(self._frame(from_mulaw(data[at : at + size])))
        return events

    def flush(self) -> list[RecognitionEvent]:
        """End the utterance under way, if there is one."""
        return self._end() if self._recogniser is not None else []

    def close(self) -> None:
        """Release what it holds; it must not be fed again."""
        if self._recogniser is not None:
            self._recogniser.end()
            self._model.release(self._recogniser)
            self._recogniser = None

    @property
    def speaking(self) -> bool:
        """Whether an utterance is under way."""
        return self._recogniser is not None

    def _frame(self, pcm: Pcm) -> list[RecognitionEvent]:
        self._frames += 1
        speaking = self._endpoint.feed(pcm)
        if self._recogniser is None:
            self._pre_roll.append(pcm)
            return self._begin() if speaking else []
        self._pending.append(pcm)
        if len(self._pending) < _FRAMES_A_CHUNK and self._endpoint.quiet_ms < self._end_silence_ms:
            return []
        return self._recognise()

    def _begin(self) -> list[RecognitionEvent]:
        self._recogniser = self._model.take(LINE_RATE, self._grammar)
        self._recogniser.begin()
        self._recogniser.feed(floor_only(LINE_RATE * _PAD_MS // 1000))
        before_s = len(self._pre_roll) * FRAME_MS / 1000
        self._fed_from_s = self._now_s - before_s - _PAD_MS / 1000
        self._started_s = self._now_s - BEGIN_MS / 1000
        self._pending = list(self._pre_roll)
        self._pre_roll.clear()
        self._told = ""
        return [SpeechStarted(self._started_s)]

    def _recognise(self) -> list[RecognitionEvent]:
        assert self._recogniser is not None
        if self._pending:
            self._recogniser.feed(np.concatenate(self._pending))
            self._pending = []
        partial = self._recogniser.partial()
        if self._is_over(partial):
            return self._end()
        if partial and partial != self._told:
            self._told = partial
            return [Partial(partial)]
        return []

    def _is_over(self, partial: str) -> bool:
        quiet = self._endpoint.quiet_ms
        if (self._now_s - self._started_s) * 1000 > _LONGEST_MS:
            return True
        if quiet < self._end_silence_ms:
            return False
        done = bool(partial) and (self._is_complete is None or self._is_complete(partial))
        return done or quiet >= self._unfinished_silence_ms

    def _end(self) -> list[RecognitionEvent]:
        assert self._recogniser is not None
        if self._pending:
            self._recogniser.feed(np.concatenate(self._pending))
            self._pending = []
        end_s = self._now_s - self._endpoint.quiet_ms / 1000
        self._recogniser.feed(floor_only(LINE_RATE * _PAD_MS // 1000))
        heard = self._moved(self._recogniser.end())
        self._model.release(self._recogniser)
        self._recogniser = None
        self._endpoint.end()
        return [Utterance(heard, self._started_s, end_s)] if heard.text else []

    def _moved(self, heard: Heard) -> Heard:
        """Times of the words counted from when the recogniser was opened."""
        words = tuple(
            Word(
                w.word,
                round(max(0.0, w.start_s + self._fed_from_s), 3),
                round(max(0.0, w.end_s + self._fed_from_s), 3),
                w.confidence,
            )
            for w in heard.words
        )
        return Heard(heard.text, words)

    @property
    def _now_s(self) -> float:
        return self._frames * FRAME_MS / 1000
