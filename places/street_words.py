"""The words about streets of a language, ready to be looked up. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from config.language import lexicon
from config.lexicon import StreetWords
from config.toml_models import ConfigError


@dataclass(frozen=True, eq=False)
class StreetVocabulary:
    """How callers say directions and kinds of street: each word with its code, in lower case."""

    words: StreetWords
    directions: Mapping[str, str]
    kinds: Mapping[str, str]
    """As the recogniser writes them, too."""
    grown_together: re.Pattern[str]
    """A direction with a name that grew to it: "northclark"."""
    between_streets: frozenset[str]
    between_number_and_name: frozenset[str]
    before_number: frozenset[str]
    structure: frozenset[str]
    """Words that no misheard name has in it."""


@lru_cache(maxsize=32)
def street_words(language: str) -> StreetWords:
    """How a city whose streets are named in that language writes them. Raises ConfigError."""
    words = lexicon(language).streets
    if words is None:
        raise ConfigError(f"{language}/lexicon.toml: expected a table streets")
    return words


@lru_cache(maxsize=32)
def street_vocabulary(language: str, streets_language: str) -> StreetVocabulary:
    """How callers of a language name streets: by default with the words of the streets' own."""
    words = lexicon(language).streets or street_words(streets_language)
    named = "|".join(re.escape(name.lower()) for name in words.directions.values())
    return StreetVocabulary(
        words=words,
        directions=_by_word(words.directions),
        kinds=_by_word(words.kinds) | dict(words.kind_sounds),
        between_streets=words.intersecting | words.beside_intersecting,
        between_number_and_name=words.before_name | words.articles,
        before_number=words.leading | words.before_name | words.opening | words.articles,
        structure=words.intersecting | words.before_name | words.articles | words.never_in_names,
        grown_together=re.compile(rf"({named})([a-z]{{3,}})"),
    )


@lru_cache(maxsize=32)
def long_forms(language: str) -> Mapping[str, str]:
    """What each code stands for, in capitals as the codes are. Raises ConfigError."""
    words = street_words(language)
    return {code: long.upper() for code, long in {**words.directions, **words.kinds}.items()}


def _by_word(long_forms: Mapping[str, str]) -> dict[str, str]:
    """The code of each word and of itself, in lower case as a recogniser writes them."""
    return {said.lower(): code for code, long in long_forms.items() for said in (code, long)}
