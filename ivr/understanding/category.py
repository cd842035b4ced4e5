"""What is wrong: the city's own words, weighed. Small, and honest about doubt. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from config.city import City
from config.language import lexicon
from ivr.understanding.homophones import respelled

_GAP = 3
"""Most words that `*` in a clue stands for."""
_DOUBT = 1.5
"""Weight that must be outweighed before a score is believed; a hint alone (1) is not."""
_WORTH_ASKING = 0.5
"""Least score of a guess that is read back to the caller."""


@dataclass(frozen=True)
class Guess:
    """The likeliest category of a problem.

    score: 0 to 1, high only if much speaks for it and little for another; 0.5 is worth reading
    back. code is None when nothing speaks for any, or two are level. margin: best less second.
    """

    code: str | None
    score: float
    words_that_matched: tuple[str, ...] = ()
    runner_ups: tuple[Guess, ...] = ()
    margin: float = 0.0


@dataclass(frozen=True)
class _Scored:
    code: str
    weight: float
    words: tuple[str, ...]


def category(city: City, text: str, language: str) -> Guess:
    """The category that the caller's words speak for. Never raises.

    A recogniser cannot hear how a word is spelled: a hole in the road may be written as "a whole
    and the road". Only where the words as written leave no category worth reading back are their
    homophones tried, since "the whole street is dark" is about a light.
    """
    if language not in city.languages:
        return Guess(None, 0.0)
    guess = _weigh(city, text, language)
    if guess.score >= _WORTH_ASKING:
        return guess
    other = _weigh(city, respelled(text, language), language)
    return other if other.score >= _WORTH_ASKING else guess


def _weigh(city: City, text: str, language: str) -> Guess:
    scored = sorted(_scored(city, text, language), key=lambda each: (-each.weight, each.code))
    good = [each for each in scored if each.weight > 0][:4]
    if not good:
        return Guess(None, 0.0)
    guesses = [_guess(each, good) for each in good]
    best, rest = guesses[0], tuple(guesses[1:])
    margin = round(best.score - rest[0].score, 3) if rest else best.score
    if rest and good[0].weight == good[1].weight:
        return Guess(None, best.score, best.words_that_matched, tuple(guesses), 0.0)
    return Guess(best.code, best.score, best.words_that_matched, rest, margin)


def _guess(one: _Scored, every: list[_Scored]) -> Guess:
    rival = max((each.weight for each in every if each.code != one.code), default=0.0)
    return Guess(one.code, round(one.weight / (one.weight + rival + _DOUBT), 3), one.words)


def _scored(city: City, text: str, language: str) -> list[_Scored]:
    if not lexicon(language).writing.spaced:
        return _scored_by_parts(city, text, language)
    stems = " ".join(_stem(word, language) for word in _words(city, text, language))
    found = []
    for code, patterns in _patterns(city, language):
        hits = [(words, weight) for words, weight, pattern in patterns if pattern.search(stems)]
        found.append(
            _Scored(
                code,
                sum(weight for _, weight in hits),
                tuple(words for words, weight in hits if weight > 0),
            )
        )
    return found


def _scored_by_parts(city: City, text: str, language: str) -> list[_Scored]:
    """For a language that glues endings to its words: a clue matches inside a word."""
    plain = re.sub(r"\s", "", text)
    found = []
    for category_ in city.categories:
        hits = [
            clue
            for clue in category_.clues.get(language, ())
            if re.sub(r"\s", "", clue.words) in plain
        ]
        weight = sum(clue.weight for clue in hits)
        found.append(_Scored(category_.code, weight, tuple(clue.words for clue in hits)))
    return found


def _words(city: City, text: str, language: str) -> list[str]:
    """The words in lower case, with what the recogniser hears badly put right."""
    plain = " ".join(re.findall(lexicon(language).writing.word, text.lower().replace("’", "'")))
    padded = f" {plain} "
    sounds = (lexicon(language).sounds, city.sounds.get(language, {}))
    for heard, means in chain.from_iterable(table.items() for table in sounds):
        padded = padded.replace(f" {heard} ", f" {means} ")
    return padded.split()


_Patterns = tuple[tuple[str, tuple[tuple[str, float, re.Pattern[str]], ...]], ...]


@lru_cache(maxsize=8)
def _patterns(city: City, language: str) -> _Patterns:
    """Each category's clues as patterns over stems, made once."""
    return tuple(
        (
            category_.code,
            tuple(
                (clue.words, clue.weight, _pattern(clue.words, language))
                for clue in category_.clues.get(language, ())
            ),
        )
        for category_ in city.categories
    )


def _pattern(words: str, language: str) -> re.Pattern[str]:
    parts = [
        rf"(?:\S+ ){{0,{_GAP}}}" if word == "*" else re.escape(_stem(word, language)) + " "
        for word in words.lower().split()
    ]
    return re.compile(r"(?<!\S)" + "".join(parts).rstrip(" ") + r"(?!\S)")


@lru_cache(maxsize=4096)
def _stem(word: str, language: str) -> str:
    """The word without the commonest endings, so that its forms meet."""
    stems = lexicon(language).stems
    if stems is None:
        return word
    word = word.removesuffix(stems.possessive).replace("'", "")
    for rule in stems.endings:
        if (
            word.endswith(rule.ending)
            and len(word) >= rule.least
            and not word.endswith(stems.not_after)
        ):
            word = word.removesuffix(rule.ending) + rule.instead
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in stems.stay_double:
        word = word[:-1]
    return word.removesuffix(stems.silent) if len(word) > 4 else word
