"""What callers say in a language, and how its numbers and streets are said: `lexicon.toml`."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import AfterValidator, model_validator

from config.toml_models import ConfigModel, Text

_UNITS, _TEENS, _TENS = range(10), range(10, 20), range(20, 100, 10)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}") from None
    return text


def _with_slots(*names: str) -> Callable[[str], str]:
    """A check that a phrase has exactly these slots."""
    example = " ".join(f"{{{name}}}" for name in names)

    def check(text: str) -> str:
        try:
            found = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        except ValueError:
            found = set()
        if found != set(names):
            raise ValueError(f"expected a text like `{example}`")
        return text

    return check


Pattern = Annotated[str, AfterValidator(_pattern)]
Words = tuple[str, ...]


class Writing(ConfigModel):
    """How the recogniser writes the language."""

    spaced: bool
    """False: words carry endings, so that a word is looked for inside the text."""
    word: Pattern
    """What counts as a word when categories are looked for."""


class Ending(ConfigModel):
    """`ending` becomes `instead` in words of at least `least` letters."""

    ending: str
    instead: str
    least: int


class Stems(ConfigModel):
    """How the forms of a word are brought together."""

    possessive: str
    endings: tuple[Ending, ...]
    not_after: Words
    """No ending is taken from words that end so."""
    stay_double: str
    """Letters that may stand double at the end of a stem."""
    silent: str
    """A last letter that is not heard."""


class YesNo(ConfigModel):
    """Answers to a question of yes or no."""

    yes: Words
    no: Words
    yes_openings: tuple[Pattern, ...] = ()
    no_sounds: tuple[Pattern, ...] = ()
    """What a lone "no" is misheard as."""
    denials: tuple[Pattern, ...] = ()
    unsure: tuple[Pattern, ...] = ()
    corrections: Words = ()
    """Words that make a "yes, but" a no."""
    undecided_openings: Words = ()
    """Without spaces: a text that begins so and denies later is neither."""
    longest: int = 9
    """A text of more words counts only by its first."""


class Completeness(ConfigModel):
    """When words may be over, and when there are none."""

    hanging: Words
    """Words that no sentence ends with: the caller is looking for the next one."""
    fillers: Words
    """What breath and line noise are recognised as; they answer nothing."""


class NumberWords(ConfigModel):
    """Numbers in words that are put side by side: "twelve oh four", "forty two fifty".

    A language without any has numbers in digits only.
    """

    units: Mapping[str, int] = {}
    teens: Mapping[str, int] = {}
    tens: Mapping[str, int] = {}
    hundred: str = ""
    thousand: str = ""
    ordinals: Mapping[str, int] = {}
    zeros: Words = ()
    """Said for a zero among other digits; the line says the first."""
    single: Mapping[str, str] = {}
    """What stands for a unit before a hundred or a thousand: "a hundred"."""
    joining: Words = ()
    """Said behind a hundred or a thousand, before the rest."""
    repeats: Mapping[str, int] = {}
    """How often the digit behind the word is meant."""
    sound_alikes: Mapping[str, str] = {}
    """What is heard inside a number for the word of a digit."""
    ending: str = ""
    endings: Mapping[int, str] = {}
    """Written behind an ordinal in digits, by its last two digits or its last one."""

    @property
    def are_said(self) -> bool:
        """Whether the language says numbers in words of their own."""
        return bool(self.units)

    @model_validator(mode="after")
    def _whole(self) -> NumberWords:
        if self == NumberWords.model_construct():
            return self
        for name, counted in (("units", _UNITS), ("teens", _TEENS), ("tens", _TENS)):
            if sorted(getattr(self, name).values()) != list(counted):
                raise ValueError(f"expected {name} for {', '.join(map(str, counted))}")
        if not (self.hundred and self.thousand and self.zeros):
            raise ValueError("expected words for hundred, thousand and zeros")
        return self


class StreetWords(ConfigModel):
    """How streets are written and said. Codes are those of a city's list of streets: N, ST."""

    address: Annotated[str, AfterValidator(_with_slots("number", "street"))]
    intersection: Annotated[str, AfterValidator(_with_slots("one", "other"))]
    directions: Mapping[str, Text]
    kinds: Mapping[str, Text]
    usual_kind: str
    """Code of the kind that a numbered street has where none is said."""
    name_words: Mapping[str, Text] = {}
    """How short words in the names of streets are written in full."""
    also_said: Mapping[str, Words] = {}
    """What is said for such a word; an empty text where it may be left out."""
    direction_sounds: Mapping[str, str] = {}
    """What the recogniser writes for a direction right behind a house number, with its code."""
    kind_sounds: Mapping[str, str] = {}
    """What the recogniser writes for a kind of street, with its code."""
    ampersand: Text
    intersecting: frozenset[str]
    """Between two streets that meet."""
    beside_intersecting: frozenset[str]
    """What may stand there too."""
    following: frozenset[str]
    """Words that a name must stand before, to be meant as a street."""
    leading: frozenset[str]
    """Words that a name must stand behind, to be meant as a street."""
    opening: frozenset[str]
    """Words that a caller may begin with before a house number."""
    before_name: frozenset[str]
    """Between a house number and its street."""
    articles: frozenset[str]
    never_in_names: frozenset[str]
    """Words that end a misheard name."""


class Lexicon(ConfigModel):
    """What callers say."""

    writing: Writing
    stems: Stems | None = None
    yes_no: YesNo
    person: tuple[Pattern, ...]
    """The wish to talk to a person."""
    choices: Mapping[str, Mapping[str, Words]]
    """For each menu: words for each key."""
    expected: Mapping[str, Words]
    """Phrases that the recogniser is told to expect, by name; `person` goes with each."""
    completeness: Completeness
    numbers: NumberWords = NumberWords()
    streets: StreetWords | None = None
    """None: callers name streets with the words of the city's own language."""
    sounds: Mapping[str, Text] = {}
    """What the recogniser writes for words that it hears badly or does not know."""
    homophones: Mapping[str, Text] = {}
    """Words that sound exactly like one that tells of a problem."""
    digits: Mapping[str, str] = {}
    """Letters that are digits by themselves, where numbers are not words of their own."""
