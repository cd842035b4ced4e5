"""What a caller said in answer to a question: when it began and ended, and in which words.

When is measured on the caller's own sound, against the noise of their line. The words of a scripted
caller's sentence are known exactly; those of a clip or of a person are recognised by Vosk where a
model is given (`--speech-model`), else nothing is understood and the debugger says why.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.audio import FRAME_S, decoded, resampled
from simulator.call import Call
from simulator.events import Event
from simulator.recordings import SilenceMeter

AUTO_TIMEOUT_S = 1.0
"""What `speechTimeout="auto"` waits after the last word."""
_BEGINS_S = 0.16
_PAUSE_S = 0.3
_MODEL_RATE = 16_000
_KNOWN = 1.0


@dataclass(frozen=True)
class Speech:
    """Recognised words; confidence 0 to 1."""

    text: str
    confidence: float


class Recogniser:
    """Vosk with one model, loaded when it is first needed. Use from one thread at a time."""

    def __init__(self, model: Path | None) -> None:
        self._folder = model
        self._turn = asyncio.Lock()

    @property
    def is_there(self) -> bool:
        """Whether a model is given and Vosk is installed."""
        return self._folder is not None and importlib.util.find_spec("vosk") is not None

    async def recognise(self, mulaw: bytes) -> Speech:
        """The words of 8 kHz mu-law."""
        async with self._turn:
            return await asyncio.to_thread(self._recognise, mulaw)

    @cached_property
    def _model(self) -> Any:
        import vosk

        vosk.SetLogLevel(-1)
        return vosk.Model(str(self._folder))

    def _recognise(self, mulaw: bytes) -> Speech:
        import vosk

        samples = resampled(decoded(mulaw).astype("float64"), 8000, _MODEL_RATE)
        listener = vosk.KaldiRecognizer(self._model, _MODEL_RATE)
        listener.SetWords(True)
        listener.AcceptWaveform(samples.clip(-32768, 32767).astype("int16").tobytes())
        found = json.loads(listener.FinalResult())
        sure = [float(word["conf"]) for word in found.get("result", ())]
        return Speech(found.get("text", ""), round(sum(sure) / len(sure), 4) if sure else 0.0)


class SpeechWatch:
    """Watches one answer: give it every frame; `began` and `ended` are set when it did.

    to_line: the frames are what the line says, not the caller.
    """

    def __init__(
        self, call: Call, *, silence_s: float, most_s: float, to_line: bool = False
    ) -> None:
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self._call = call
        self._to_line = to_line
        self._silence_s = silence_s
        self._most_s = most_s
        self._meter = SilenceMeter()
        self._speaking_s = 0.0
        self._taken_s = 0.0
        self._sound = bytearray()
        self._known: list[str] = []
        self._unknown = False
        self._stop = call.log.follow(self._note)

    def take(self, inbound: bytes, outbound: bytes) -> None:
        """The next tick."""
        self._meter.take(inbound)
        silent_s = self._meter.silent_s
        self._speaking_s = self._speaking_s + FRAME_S if silent_s == 0.0 else 0.0
        if self._speaking_s >= _BEGINS_S:
            self.began.set()
        self._sound += inbound
        if not self.began.is_set():
            del self._sound[: -8000 // 2]
            return
        self._taken_s += FRAME_S
        if silent_s >= self._silence_s or self._taken_s >= self._most_s:
            self.ended.set()

    def close(self) -> None:
        """Watch no longer."""
        self._stop()

    @property
    def is_speaking(self) -> bool:
        """Whether the caller has begun and makes no pause."""
        return self.began.is_set() and self._meter.silent_s < _PAUSE_S

    @property
    def lasts_s(self) -> float:
        """How long ago the caller began."""
        return self._taken_s

    @property
    def goes_on(self) -> bool:
        """Whether a sentence whose words are known is being said."""
        return not self.ended.is_set() and self._saying() is not None

    def so_far(self) -> str:
        """The words that are known so far; of a sentence being said, its part by time."""
        parts = list(self._known)
        saying = self._saying()
        if saying is not None:
            words = saying[0].split()
            parts.append(" ".join(words[: int(len(words) * saying[1])]))
        return " ".join(part for part in parts if part)

    async def words(self, recogniser: Recogniser) -> Speech | None:
        """What was said; None when it cannot be known."""
        known = "" if self._unknown else self.so_far()
        if known:
            return Speech(known, _KNOWN)
        if not recogniser.is_there:
            return None
        async with self._call.clock.outside():
            return await recogniser.recognise(bytes(self._sound))

    def _saying(self) -> tuple[str, float] | None:
        return None if self._to_line else self._call.leg.endpoint.saying()

    def _note(self, event: Event) -> None:
        if event["event"] != ("heard" if self._to_line else "said"):
            return
        if self._to_line or event.get("exact"):
            self._known.append(str(event["text"]))
        else:
            self._unknown = True
