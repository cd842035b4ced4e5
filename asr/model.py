"""The speech models of this process: loaded once, with a pool of warm recognisers each."""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path
from typing import Protocol

from asr.audio import LINE_RATE, Pcm, floor_only, read, resampled
from asr.folders import derive, ensure_model, find_model
from asr.recogniser import Recogniser, open_model
from asr.words import AsrError
from config.settings import Settings

__all__ = ["Models", "SpeechModel", "SpeechModelLike", "ensure_model", "find_model"]

KNOWN = Path(__file__).parent / "known"
_MOST_IDLE = 8


class SpeechModelLike(Protocol):
    """What hearing needs of a model; tests bring one that knows their clips."""

    def take(self, rate: int) -> Recogniser:
        """A recogniser for sound of that rate, warm if one is idle."""

    def give_back(self, recogniser: Recogniser) -> None:
        """Return a recogniser after `end`."""

    def knows(self, word: str) -> bool:
        """Whether the word can be heard at all."""


class SpeechModel:
    """One loaded model. Safe to share between threads, and across a fork."""

    def __init__(self, path: Path, language: str) -> None:
        self.language = language
        self.path = path
        self._model = open_model(path)
        self._lock = threading.Lock()
        self._idle: dict[int, list[Recogniser]] = defaultdict(list)

    def take(self, rate: int) -> Recogniser:
        """A recogniser for sound of that rate, warm if one is idle."""
        with self._lock:
            if self._idle[rate]:
                return self._idle[rate].pop()
        return Recogniser(self._model, rate)

    def give_back(self, recogniser: Recogniser) -> None:
        """Return a recogniser after `end`."""
        with self._lock:
            if len(self._idle[recogniser.rate]) < _MOST_IDLE:
                self._idle[recogniser.rate].append(recogniser)

    def knows(self, word: str) -> bool:
        """Whether the word is in the model's lexicon; others can never be heard."""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def warm(self, count: int, rate: int = LINE_RATE) -> None:
        """Make `count` recognisers ready, so that no caller waits for a first word."""
        made = [Recogniser(self._model, rate) for _ in range(count)]
        for recogniser in made:
            recogniser.begin()
            recogniser.feed(floor_only(rate))
            recogniser.feed(self._known_sound(rate))
            recogniser.end()
            self.give_back(recogniser)

    def _known_sound(self, rate: int) -> Pcm:
        clip = KNOWN / f"{self.language}.flac"
        if not clip.exists():
            return floor_only(rate // 2)
        channels, clip_rate = read(clip)
        return resampled(channels[0], clip_rate, rate)


class Models:
    """The models of the line's languages, loaded when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loaded: dict[str, SpeechModel] = {}

    def model(self, language: str) -> SpeechModel:
        """The model of a language. AsrError when there is none on this machine."""
        with self._lock:
            if language not in self._loaded:
                folder = derive(self._settings, find_model(self._settings, language), language)
                self._loaded[language] = SpeechModel(folder, language)
            return self._loaded[language]

    def warm(self, count: int = 1) -> None:
        """Load and warm every language of the line; a missing one is left to keys."""
        for language in self._settings.language_list:
            try:
                self.model(language).warm(count)
            except AsrError:
                continue
