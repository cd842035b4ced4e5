"""One Vosk recogniser, warmed and used again and again.

A new recogniser stalls for half a second at its first words and costs four times the work
of one that is re-used (speech.md, "Measured"), so they are kept in a pool.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import vosk

from asr.noise import with_floor
from asr.words import Heard, Word
from sound.samples import Pcm

CHUNK_MS = 100
"""Sound is given to the recogniser in pieces of this length, live and in batch alike."""
UNKNOWN = "[unk]"
"""What a grammar answers to words it does not expect; some models lack it."""


class Recogniser:
    """Feeds sound, gives words; times count from the last `begin`.

    Its noise floor starts anew with each utterance, so that the same sound is the same input. A
    used one may still hear hard audio otherwise than a new one: its decoding graph has grown in
    the order of what it heard, and the search for the best words is pruned in that order.

    It keeps its grammar for life: changing it throws away the decoding graph that makes a
    used recogniser fast, and the next open question would stall like a new one.
    """

    def __init__(self, model: vosk.Model, rate: int, grammar: tuple[str, ...] = ()) -> None:
        self.rate = rate
        self.grammar = grammar
        narrowed = (json.dumps(grammar),) if grammar else ()
        self._kaldi = vosk.KaldiRecognizer(model, rate, *narrowed)
        self._kaldi.SetWords(True)
        self._fed = 0
        self._start = 0
        self._words: list[Word] = []
        self._partial = ""

    @property
    def used_s(self) -> float:
        """Seconds of sound it has taken in its life."""
        return self._fed / self.rate

    def begin(self) -> None:
        """Start a new utterance."""
        self._start = self._fed
        self._words.clear()
        self._partial = ""

    def feed(self, pcm: Pcm) -> None:
        """Take sound of this utterance, in pieces of 100 ms."""
        step = self.rate * CHUNK_MS // 1000
        for at in range(0, len(pcm), step):
            piece = with_floor(pcm[at : at + step], self._fed - self._start)
            self._fed += len(piece)
            if self._kaldi.AcceptWaveform(piece.tobytes()):
                self._keep(self._kaldi.Result())
                self._partial = ""
            else:
                self._partial = json.loads(self._kaldi.PartialResult()).get("partial", "")

    def partial(self) -> str:
        """What the utterance sounds like so far."""
        words = [word.word for word in self._words]
        return " ".join([*words, *self._partial.split()]).replace(UNKNOWN, "").strip()

    def end(self) -> Heard:
        """The utterance's words; the recogniser is ready for the next one."""
        self._keep(self._kaldi.FinalResult())
        words = tuple(self._words)
        return Heard(" ".join(word.word for word in words), words)

    def _keep(self, result: str) -> None:
        base = self._start / self.rate
        for item in json.loads(result).get("result", ()):
            if item["word"] != UNKNOWN:
                self._words.append(_word(item, base))


def open_model(path: Path) -> vosk.Model:
    """Load a model from its folder; Vosk's own chatter is switched off."""
    vosk.SetLogLevel(-1)
    return vosk.Model(str(path))


def _word(item: dict[str, Any], base: float) -> Word:
    return Word(
        word=item["word"],
        start_s=round(max(0.0, item["start"] - base), 3),
        end_s=round(max(0.0, item["end"] - base), 3),
        confidence=round(min(1.0, float(item.get("conf", 1.0))), 3),
    )
