"""espeak-ng from the wheel `espeakng-loader`, by ctypes (API: espeak-ng/speak_lib.h)."""

from __future__ import annotations

import ctypes
import threading
from functools import cache

import numpy as np

from sound.samples import Samples

_RETRIEVAL = 1
_CHARS_UTF8 = 1
_RATE_PARAMETER, _WORDS_A_MINUTE = 1, 150
_POSITION_CHARACTER = 1

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
_lock = threading.RLock()
_parts: list[bytes] = []


class EspeakError(Exception):
    """espeak is absent or refused; the text says what to do."""


def speak(text: str, language: str) -> tuple[Samples, int]:
    """The text as mono sound and its rate in Hz. The library speaks one text at a time."""
    with _lock:
        library, rate = load()
        _parts.clear()
        # The library is one for the whole process: somebody else may have used it meanwhile.
        library.espeak_SetSynthCallback(_keep)
        if library.espeak_SetVoiceByName(language.encode()) != 0:
            raise EspeakError(f"espeak has no voice for language {language}; see `espeak --voices`")
        library.espeak_SetParameter(_RATE_PARAMETER, _WORDS_A_MINUTE, 0)
        encoded = text.encode() + b"\0"
        done = library.espeak_Synth(
            encoded, len(encoded), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None
        )
        library.espeak_Synchronize()
        heard = b"".join(_parts)
    if done != 0 or not heard:
        raise EspeakError(f"espeak made no sound in language {language}")
    return np.frombuffer(heard, np.int16).astype(np.float32) / np.float32(32768), rate


def load() -> tuple[ctypes.CDLL, int]:
    """The library, ready to speak, and the rate of its sound in Hz; loaded once, by one thread."""
    with _lock:
        return _loaded()


@cache
def _loaded() -> tuple[ctypes.CDLL, int]:
    try:
        import espeakng_loader

        library = ctypes.CDLL(espeakng_loader.get_library_path())
        folder = espeakng_loader.get_data_path().encode()
    except (ImportError, OSError, RuntimeError) as error:
        raise EspeakError("espeak is absent; install the package espeakng-loader") from error
    rate = library.espeak_Initialize(_RETRIEVAL, 0, folder, 0)
    if rate <= 0:
        raise EspeakError("espeak could not read its data; reinstall the package espeakng-loader")
    return library, rate


def _take(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
    """Take a piece of sound from the library; 0 asks for more."""
    if count > 0:
        _parts.append(ctypes.string_at(samples, count * 2))
    return 0


_keep = _Callback(_take)
