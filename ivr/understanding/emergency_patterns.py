"""What the emergency patterns of a language find in a caller's words, weighed. Pure.

What people say in each kind of emergency stands in `config/languages/<lang>/emergencies.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from config.emergencies import EmergencyTable, emergency_table
from ivr.understanding.phrases import (
    BARRIER,
    Grammar,
    Pattern,
    PatternIndex,
    grammar,
    line,
)

SURE, UNSURE, _HINT = 1.0, 0.5, 0.2
_IN_FRONT = 5
"""Words in front of a match in which a "not" or a "might" still speaks of it."""


_NEAR = 8
"""Words on either side of a match in which a time is the time of it."""


@dataclass(frozen=True)
class Match:
    """A pattern found in the words: its kind, and what the words around it leave of its weight."""

    kind: str
    words: str
    weight: float
    pattern_weight: float
    start: int
    end: int


@dataclass(frozen=True)
class Evidence:
    """Everything that the patterns found in a text."""

    matches: tuple[Match, ...] = ()
    harmless: int = 0
    """How often words stood there that only sound like danger."""

    def told(self) -> tuple[Match, ...]:
        """What still says something and shares no word with what says more; heaviest first."""
        apart: list[Match] = []
        found = [each for each in self.matches if each.weight > 0]
        for each in sorted(found, key=lambda one: (-one.weight, one.start)):
            if all(each.end <= other.start or each.start >= other.end for other in apart):
                apart.append(each)
        return tuple(apart)


@dataclass(frozen=True)
class _Sign:
    """What a match of one pattern says."""

    kind: str
    weight: float
    even_if: bool
    words: frozenset[str]
    """What the pattern itself names, so that it is not held against a match."""


@dataclass(frozen=True)
class _Context:
    """Words around a match, ready to be searched for."""

    negation: re.Pattern[str]
    hypothetical: re.Pattern[str]
    epistemic: re.Pattern[str]
    clause_start: re.Pattern[str]
    far_past: re.Pattern[str]
    near_past: re.Pattern[str]
    still: re.Pattern[str]


@dataclass(frozen=True)
class _Detector:
    rewrite: re.Pattern[str] | None
    rewritten: Mapping[str, str]
    endings: Mapping[str, str]
    harmless: PatternIndex
    patterns: PatternIndex
    signs: tuple[_Sign, ...]
    """What each pattern says, by its number in the index."""
    context: _Context
    barriers: re.Pattern[str]


def read_patterns(language: str) -> None:
    """Read the patterns of a language now, so that no caller waits for them or for their error.

    Raises ConfigError or PatternError.
    """
    _detector(language)


def evidence(text: str, language: str) -> Evidence | None:
    """What the patterns find in the words; None where the language has no patterns.

    Raises ConfigError or PatternError if the table of the language is broken.
    """
    detector = _detector(language)
    if detector is None:
        return None
    read = _read(detector, text)
    words = _without_harmless(detector, read)
    found = tuple(_weighed(detector, words, each) for each in _matches(detector, words))
    return Evidence(found, words.count(BARRIER) - read.count(BARRIER))


@cache
def _detector(language: str) -> _Detector | None:
    table = emergency_table(language)
    return _compiled(table) if table is not None else None


def _compiled(table: EmergencyTable) -> _Detector:
    barriers = (*table.context.barriers, BARRIER)
    made = grammar(table.words, barriers)
    rewrite = "|".join(re.escape(word) for word in sorted(table.rewrite, key=len, reverse=True))
    patterns, signs = zip(*_signs(table, made), strict=True)
    return _Detector(
        rewrite=re.compile(rf"(?<!\S)(?:{rewrite})(?= )") if rewrite else None,
        rewritten=table.rewrite,
        endings=table.endings,
        harmless=PatternIndex(made.pattern(pattern) for pattern in table.harmless),
        patterns=PatternIndex(patterns),
        signs=signs,
        context=_context(table, made),
        barriers=_any_of(made, barriers[:-1]),
    )


def _signs(table: EmergencyTable, made: Grammar) -> Iterator[tuple[Pattern, _Sign]]:
    for kind in table.kind:
        for patterns, weight, even_if in (
            (kind.even_if, SURE, True),
            (kind.sure, SURE, False),
            (kind.unsure, UNSURE, False),
            (kind.hint, _HINT, False),
        ):
            for text in patterns:
                named = frozenset(re.findall(r"[^\W_]+", text))
                yield made.pattern(text), _Sign(kind.name, weight, even_if, named)


def _context(table: EmergencyTable, made: Grammar) -> _Context:
    words = table.context
    after_no = "|".join(re.escape(word) for word in words.not_after_no)
    negations = "|".join(made.expression(word) for word in words.negations)
    return _Context(
        negation=re.compile(rf"(?<!\S)(?!no (?:{after_no}) )(?:{negations})"),
        hypothetical=_any_of(made, words.hypothetical),
        epistemic=_any_of(made, words.epistemic),
        clause_start=_any_of(made, words.clause_starts),
        far_past=_any_of(made, words.far_past),
        near_past=_any_of(made, words.near_past),
        still=_any_of(made, words.still),
    )


def _any_of(made: Grammar, patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(r"(?<!\S)(?:" + "|".join(made.expression(each) for each in patterns) + ")")


def _read(detector: _Detector, text: str) -> str:
    """The words as patterns expect them: long forms, one spelling."""
    words = line(text, {})
    if detector.rewrite is not None:
        words = detector.rewrite.sub(lambda found: detector.rewritten[found[0]], words)
    return line(words, detector.endings)


def _without_harmless(detector: _Detector, words: str) -> str:
    for _, pattern in detector.harmless.may_match(words):
        words = pattern.expression.sub(f"{BARRIER} ", words)
    return words


def _matches(detector: _Detector, words: str) -> Iterator[tuple[_Sign, re.Match[str]]]:
    for number, pattern in detector.patterns.may_match(words):
        for found in pattern.expression.finditer(words):
            yield detector.signs[number], found


def _weighed(detector: _Detector, words: str, found: tuple[_Sign, re.Match[str]]) -> Match:
    """A match, with what the words around it leave of its weight."""
    sign, match = found
    context = detector.context
    told = _clause_before(detector, words, match.start()) + match[0]
    weight = 0.0
    if not _says(context.negation, told, sign) and (
        sign.even_if or not _says(context.hypothetical, context.epistemic.sub("", told), sign)
    ):
        weight = _weight_by_time(context, _around(words, match), sign.weight)
    return Match(sign.kind, match[0].strip(), weight, sign.weight, match.start(), match.end())


def _around(words: str, match: re.Match[str]) -> str:
    """The match with a few words on either side: "last year" far away speaks of something else."""
    before, after = words[: match.start()].split()[-_NEAR:], words[match.end() :].split()[:_NEAR]
    return "".join(f"{word} " for word in (*before, match[0].strip(), *after))


def _says(expression: re.Pattern[str], told: str, sign: _Sign) -> bool:
    """Whether it stands in front of a match or in a gap, and is not what the pattern asks for."""
    return any(not set(found[0].split()) <= sign.words for found in expression.finditer(told))


def _weight_by_time(context: _Context, words: str, weight: float) -> float:
    """Nothing is left of what is over, and of yesterday's a question."""
    if context.still.search(words):
        return weight
    if context.far_past.search(words):
        return 0.0
    return min(weight, UNSURE) if context.near_past.search(words) else weight


def _clause_before(detector: _Detector, words: str, start: int) -> str:
    """The last few words in front of a match that speak of the same thing."""
    before = words[:start]
    begins = [found.end() for found in detector.barriers.finditer(before)]
    begins += [found.start() for found in detector.context.clause_start.finditer(before)]
    near = before[max(begins, default=0) :].replace(BARRIER, " ").split()[-_IN_FRONT:]
    return "".join(f"{word} " for word in near)
