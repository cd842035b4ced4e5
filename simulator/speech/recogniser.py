"""Sound recognised as words by Vosk, where a model is given."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.sound.audio import decoded, resampled

_MODEL_RATE = 16_000


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
