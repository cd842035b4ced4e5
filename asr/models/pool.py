"""The speech models of this process: loaded once, with a pool of warm recognisers each."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Protocol

from asr.models.derived import derive
from asr.models.known import find_model
from asr.noise import floor_only
from asr.recogniser import UNKNOWN, Recogniser, open_model
from asr.words import AsrError
from config.settings import Settings
from infra.log import logger
from sound.files import read_sound
from sound.resampling import resampled
from sound.samples import LINE_RATE, Pcm

KNOWN = Path(__file__).parents[1] / "known"
_MOST_IDLE = 8
_MOST_NARROW = 16
"""Idle recognisers with a grammar that are kept; they are small and quick to make."""
_MOST_USE_S = 24 * 3600.0
"""A recogniser is let go after so much sound: Vosk counts its seconds in 32-bit floats."""

_log = logger(__name__)


class SpeechModelLike(Protocol):
    """What recognition needs of a model; tests bring one that knows their clips."""

    def take(self, rate: int, grammar: tuple[str, ...] = ()) -> Recogniser:
        """A recogniser for sound of that rate and those phrases, warm if one is idle."""

    def release(self, recogniser: Recogniser) -> None:
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
        self._narrow: OrderedDict[Recogniser, None] = OrderedDict()
        self._usable: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}

    def take(self, rate: int, grammar: tuple[str, ...] = ()) -> Recogniser:
        """A recogniser for sound of that rate and those phrases, warm if one is idle.

        Phrases with words the model lacks are left out; without any left, all words are heard.
        """
        with self._lock:
            phrases = self._phrases(grammar)
            idle = self._idle_with(rate, phrases)
        return idle or Recogniser(self._model, rate, phrases)

    def release(self, recogniser: Recogniser) -> None:
        """Return a recogniser after `end`."""
        if recogniser.used_s > _MOST_USE_S:
            return
        with self._lock:
            if recogniser.grammar:
                self._narrow[recogniser] = None
                if len(self._narrow) > _MOST_NARROW:
                    self._narrow.popitem(last=False)
            elif len(self._idle[recogniser.rate]) < _MOST_IDLE:
                self._idle[recogniser.rate].append(recogniser)

    def unknown_words(self, phrases: tuple[str, ...]) -> tuple[str, ...]:
        """The words of these phrases that can never be heard, each once."""
        words = dict.fromkeys(word for phrase in phrases for word in phrase.lower().split())
        return tuple(word for word in words if not self.knows(word))

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
            self.release(recogniser)

    def _idle_with(self, rate: int, grammar: tuple[str, ...]) -> Recogniser | None:
        if not grammar:
            return self._idle[rate].pop() if self._idle[rate] else None
        found = next((r for r in self._narrow if r.grammar == grammar and r.rate == rate), None)
        if found is not None:
            del self._narrow[found]
        return found

    def _phrases(self, grammar: tuple[str, ...]) -> tuple[str, ...]:
        """The phrases this model can hear, said once in the log when some are lost."""
        if grammar not in self._usable:
            unknown = set(self.unknown_words(grammar))
            if unknown:
                _log.warning("words the model lacks are not expected", words=sorted(unknown))
            kept = tuple(p for p in grammar if not unknown & set(p.lower().split()))
            other = (UNKNOWN,) if kept and self.knows(UNKNOWN) else ()
            self._usable[grammar] = kept + other
        return self._usable[grammar]

    def _known_sound(self, rate: int) -> Pcm:
        clip = KNOWN / f"{self.language}.flac"
        if not clip.exists():
            return floor_only(rate // 2)
        channels, clip_rate = read_sound(clip)
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
