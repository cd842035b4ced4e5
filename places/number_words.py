"""The number words of a language, ready to be looked up. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from config.language import lexicon
from config.lexicon import NumberWords


@dataclass(frozen=True, eq=False)
class NumberVocabulary:
    """Which words mean a number, and what. Empty where a language has digits only."""

    units: Mapping[str, int]
    teens: Mapping[str, int]
    tens: Mapping[str, int]
    ordinals: Mapping[str, int]
    sizes: Mapping[str, int]
    """What multiplies the words before it: 100 and 1000."""
    zeros: frozenset[str]
    single: Mapping[str, str]
    joining: frozenset[str]
    repeats: Mapping[str, int]
    sound_alikes: Mapping[str, str]
    counted: frozenset[str]
    """Every word that is a number wherever it stands."""
    written_ordinal: re.Pattern[str]

    def is_number(self, word: str) -> bool:
        """Whether the word is a number wherever it stands, in words or digits."""
        return word in self.counted or word.isdecimal() or self.is_written_ordinal(word)

    def is_written_ordinal(self, word: str) -> bool:
        """Whether it is an ordinal in digits."""
        return self.written_ordinal.fullmatch(word) is not None

    def is_ordinal(self, word: str) -> bool:
        """Whether it is an ordinal, in words or digits."""
        return word in self.ordinals or self.is_written_ordinal(word)

    def is_digit(self, word: str) -> bool:
        """Whether it is said for one digit."""
        return word in self.units or word in self.zeros

    def is_zero(self, word: str) -> bool:
        """Whether it is said for a zero."""
        return word in self.zeros or self.units.get(word) == 0


@lru_cache(maxsize=32)
def number_vocabulary(language: str) -> NumberVocabulary:
    """The number words of a language, made once."""
    words = lexicon(language).numbers
    sizes = {words.hundred: 100, words.thousand: 1000} if words.are_said else {}
    return NumberVocabulary(
        units=words.units,
        teens=words.teens,
        tens=words.tens,
        ordinals=words.ordinals,
        sizes=sizes,
        zeros=frozenset(words.zeros),
        single=words.single,
        joining=frozenset(words.joining),
        repeats=words.repeats,
        sound_alikes=words.sound_alikes,
        counted=frozenset((*words.units, *words.teens, *words.tens, *words.ordinals, *sizes)),
        written_ordinal=_written_ordinal(words),
    )


def _written_ordinal(words: NumberWords) -> re.Pattern[str]:
    endings = {words.ending, *words.endings.values()} - {""}
    return re.compile(
        rf"(\d+)(?:{'|'.join(map(re.escape, sorted(endings)))})" if endings else "(?!)"
    )
