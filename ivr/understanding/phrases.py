"""Phrase patterns: how a language's files write down what people may say. Pure.

A pattern is a line of words, searched for in text that is a line of words too:

    collaps*      any word with that beginning
    stopped|quit  either word
    {person}      any phrase of that word class
    [get in|come at]  either phrase
    please?       a word, choice, class or phrase that may be missing
    ..  and  ...  up to three, and up to seven, words in between

A gap never reaches over a barrier: a word that the language names as one, such as "but", or
`BARRIER`, which stands where harmless words were taken out of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

BARRIER = "|"

_GAPS = {"..": 3, "...": 7}
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?\*?")
_CLASS = re.compile(r"\{(\w+)\}")
_PARTS = re.compile(r"\[[^\]]*\]\??|\S+")


class PatternError(ValueError):
    """A pattern that cannot be read; the text quotes it and says why."""


@dataclass(frozen=True)
class Grammar:
    """The word classes of a language and its barriers."""

    classes: Mapping[str, str]
    """The regular expression of each class."""
    beginnings: Mapping[str, frozenset[str]]
    """The words that a phrase of each class may begin with."""
    barriers: frozenset[str]

    def pattern(self, text: str) -> Pattern:
        """The pattern, checked. Raises PatternError."""
        self.expression(text)
        return Pattern(self, text)

    def expression(self, pattern: str) -> str:
        """The regular expression of a pattern; each word takes the space behind it."""
        return "".join(self._part(part, pattern) for part in _parts_of(pattern))

    def needed(self, pattern: str) -> frozenset[str]:
        """Words of which a text that matches has at least one; `x*` is any with that beginning."""
        required = (p for p in _parts_of(pattern) if p not in _GAPS and not p.endswith("?"))
        choices = [self._beginnings(part, pattern) for part in required]
        return min(choices, key=len, default=frozenset())

    def first_words(self, pattern: str) -> frozenset[str]:
        """The words that it may begin with."""
        found: set[str] = set()
        for part in _parts_of(pattern):
            found |= self._beginnings(part, pattern)
            if not part.endswith("?"):
                break
        return frozenset(found)

    def _beginnings(self, part: str, pattern: str) -> frozenset[str]:
        return frozenset(
            word
            for choice in _choices(part)
            for word in (
                self.first_words(choice) if " " in choice else self._choice(choice, pattern)[1]
            )
        )

    def _part(self, part: str, pattern: str) -> str:
        if part in _GAPS:
            return self._gap(_GAPS[part])
        choice = "|".join(
            self.expression(each) if " " in each else self._choice(each, pattern)[0]
            for each in _choices(part)
        )
        return f"(?:{choice})" + ("?" if part.endswith("?") else "")

    def _choice(self, word: str, pattern: str) -> tuple[str, frozenset[str]]:
        """The expression of one word or class, and what it may begin with."""
        named = _CLASS.fullmatch(word)
        if named and named[1] in self.classes:
            return self.classes[named[1]], self.beginnings[named[1]]
        if named or not _WORD.fullmatch(word):
            raise PatternError(f"{pattern!r}: {word!r} is neither a word nor a known word class")
        ending = r"\S* " if word.endswith("*") else " "
        return re.escape(word.removesuffix("*")) + ending, frozenset({word})

    def _gap(self, words: int) -> str:
        closed = "|".join(re.escape(word) for word in sorted(self.barriers))
        free = rf"(?!(?:{closed}) )" if closed else ""
        return rf"(?:{free}[^\s|]+ ){{0,{words}}}?"


@dataclass(frozen=True)
class Pattern:
    """One pattern; made into a regular expression when a text first has one of its words."""

    grammar: Grammar
    text: str

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """What is searched for in `line(text)`."""
        return re.compile(r"(?<!\S)" + self.grammar.expression(self.text))

    @property
    def needed(self) -> frozenset[str]:
        """See `Grammar.needed`."""
        return self.grammar.needed(self.text)


class PatternIndex:
    """Many patterns, of which a text can match only those whose words it has."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._by_word: dict[str, list[int]] = {}
        self._by_beginning: dict[str, list[int]] = {}
        self._patterns = tuple(patterns)
        for number, pattern in enumerate(self._patterns):
            for word in pattern.needed:
                table = self._by_beginning if word.endswith("*") else self._by_word
                table.setdefault(word.removesuffix("*"), []).append(number)

    def may_match(self, words: str) -> Iterator[tuple[int, Pattern]]:
        """The patterns that are worth a search, with their numbers, in their order."""
        numbers: set[int] = set()
        for word in set(words.split()):
            numbers.update(self._by_word.get(word, ()))
            for beginning, found in self._by_beginning.items():
                if word.startswith(beginning):
                    numbers.update(found)
        for number in sorted(numbers):
            yield number, self._patterns[number]


def grammar(classes: Mapping[str, Iterable[str]], barriers: Iterable[str]) -> Grammar:
    """The grammar of these word classes; a class may use those that stand above it.

    Raises PatternError.
    """
    expressions: dict[str, str] = {}
    beginnings: dict[str, frozenset[str]] = {}
    above = Grammar(expressions, beginnings, frozenset())
    for name, phrases in classes.items():
        each = tuple(phrases)
        expression = "(?:" + "|".join(above.expression(phrase) for phrase in each) + ")"
        begins = frozenset(word for phrase in each for word in above.first_words(phrase))
        expressions[name], beginnings[name] = expression, begins
    return Grammar(expressions, beginnings, frozenset(barriers))


def _parts_of(pattern: str) -> list[str]:
    parts = _PARTS.findall(pattern)
    if not parts or parts[0] in _GAPS or parts[-1] in _GAPS:
        raise PatternError(f"{pattern!r} must begin and end with words")
    return parts


def _choices(part: str) -> list[str]:
    return part.removesuffix("?").removeprefix("[").removesuffix("]").split("|")


def line(text: str, split: Mapping[str, str]) -> str:
    """Text as the patterns read it: lower case, one space behind each word, no other marks.

    split: endings of words that are words of their own, such as "n't" for "not".
    """
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower().replace("’", "'"))
    return "".join(f"{part} " for word in words for part in _parts(word, split))


def _parts(word: str, split: Mapping[str, str]) -> tuple[str, ...]:
    for ending, means in split.items():
        if word.endswith(ending) and len(word) > len(ending):
            return (word.removesuffix(ending), means)
    return (word,)
