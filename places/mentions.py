"""Streets named in a caller's words, with the number, direction and kind said around them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from places.geocoder import Geocoder
from places.spoken_numbers import Token, ordinal
from places.street_names import (
    DIRECTION_SOUNDS,
    DIRECTION_WORDS,
    SAME_NAME,
    SUFFIXES,
    Named,
    StreetNames,
)

CROSSES = frozenset({"and", "at", "by", "crossing", "cross", "crosses", "near"})
"""Words between two streets that cross."""
_LEADS = frozenset(
    {"on", "at", "of", "and", "by", "near", "along", "in", "to", "from", "off", "is"}
)
_BETWEEN_NUMBER_AND_STREET = frozenset({"block", "of", "on", "number", "house", "and", "uh", "um"})
_SURE_NAME = 0.85
"""Least likeness of a misheard name when nothing else is known of the street."""
_CLOSE = 0.06
_LONGER_LIKENESS = 0.8
_HEARD = 0.95
"""A misheard name counts less than one that was heard."""
_GROWN_TOGETHER = re.compile(r"(north|south|east|west)([a-z]{3,})")
_ALIKE_IF_ALL_ELSE_FITS = 0.6


@dataclass(frozen=True)
class Mention:
    """A street that was named, with what was said around it."""

    names: tuple[str, ...]
    likeness: float
    start: int
    end: int
    direction: str | None = None
    suffix: str | None = None
    house: int | None = None
    after_odd_word: bool = False
    """What stands before the house number may be a misheard part of it."""


def heard_words(geocoder: Geocoder, text: str) -> list[str]:
    plain = " ".join(re.findall(r"[a-z0-9]+(?:'[a-z]+)?|&", text.lower()))
    plain = re.sub(r"\bavenue oh\b", "avenue o", plain.replace("&", "and"))
    return _mended(geocoder, plain).split()


def mentions_in(names: StreetNames, said: list[Token]) -> list[Mention]:
    """Every street named in the words, from left to right, without overlaps."""
    found: list[Mention] = []
    at = 0
    while at < len(said):
        mention = _mention_at(names, said, at)
        if mention is None:
            at += 1
            continue
        house = _house_before(said, mention.start)
        odd = house is not None and _is_odd_before(said, mention.start, house)
        found.append(replace(mention, house=house, after_odd_word=odd))
        at = mention.end
    return found


def with_directions(said: list[Token]) -> list[Token]:
    """Behind a house number: words that sound like a direction, or have one grown to the name."""
    mended: list[Token] = []
    for at, token in enumerate(said):
        behind_number = at > 0 and said[at - 1].house is not None
        sounds_like = DIRECTION_SOUNDS.get(token.word)
        grown = _GROWN_TOGETHER.fullmatch(token.word)
        if behind_number and sounds_like and at + 1 < len(said):
            mended.append(Token(sounds_like.lower()))
        elif behind_number and grown:
            mended += [Token(grown[1]), Token(grown[2])]
        else:
            mended.append(token)
    return mended


def strength(mention: Mention) -> tuple[float, int, int]:
    told = (mention.direction is not None) + (mention.suffix is not None)
    return mention.likeness, told, -mention.start


def _mended(geocoder: Geocoder, plain: str) -> str:
    """The words with misheard street names put right, longest first, each place once."""
    return _misheard(geocoder).sub(lambda found: geocoder.aliases[found[0]], plain)


@lru_cache(maxsize=4)
def _misheard(geocoder: Geocoder) -> re.Pattern[str]:
    heard = sorted(geocoder.aliases, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, heard))})\b" if heard else r"(?!)")


def _mention_at(names: StreetNames, said: list[Token], at: int) -> Mention | None:
    """A street named from word `at` on: with its direction, or as a name by itself."""
    direction = DIRECTION_WORDS.get(said[at].word)
    options = [_named_at(names, said, at, at, None)]
    if direction and at + 1 < len(said):
        options.append(_named_at(names, said, at, at + 1, direction))
    good = [option for option in options if option]
    return max(good, key=lambda each: (each.likeness, each.end, each.direction or ""), default=None)


def _named_at(
    names: StreetNames, said: list[Token], start: int, at: int, direction: str | None
) -> Mention | None:
    """A name that begins at `at`: exact and longest first, then by sound where one must stand."""
    for length in range(min(names.longest, len(said) - at), 0, -1):
        phrase = _phrase(said[at : at + length], counts=direction is not None)
        name = names.exact(phrase) if phrase else None
        end = at + length
        if name and _may_stand(said, start, end, direction, name):
            exact = _with_suffix(said, Mention((name,), 1.0, start, end, direction))
            return exact if exact.suffix else _longer_by_sound(names, said, exact)
    return _by_sound(names, said, start, at, direction)


def _longer_by_sound(names: StreetNames, said: list[Token], exact: Mention) -> Mention:
    """ "bell plane avenue" is Belle Plaine Avenue and not Bell, followed by something else."""
    at = exact.start + (exact.direction is not None)
    longer = _by_sound(names, said, exact.start, at, exact.direction)
    if longer and longer.suffix and longer.likeness >= _LONGER_LIKENESS:
        return longer
    return exact


def _phrase(part: list[Token], *, counts: bool) -> str:
    """The tokens as a street would be written; after a direction "fifty three" is 53rd."""
    written = []
    for token in part:
        if token.ordinal is not None:
            written.append(ordinal(token.ordinal))
        elif token.house is not None:
            if not counts or token.house > 199:
                return ""
            written.append(ordinal(token.house))
        else:
            written.append(token.word)
    return " ".join(written)


def _may_stand(said: list[Token], start: int, end: int, direction: str | None, name: str) -> bool:
    """Whether these words are meant as a street: many street names are everyday words."""
    followed = end < len(said) and said[end].word in (*SUFFIXES, "and", "at")
    if name.lower() in DIRECTION_WORDS and not (direction or followed):
        return False
    if direction or name[0].isdigit() or _house_before(said, start) is not None:
        return True
    if end < len(said) and said[end].word in SUFFIXES:
        return True
    if len(said) <= 4 or (end < len(said) and said[end].word in ("and", "at")):
        return start == 0 or said[start - 1].word != "the"
    return start > 0 and said[start - 1].word in _LEADS


def _by_sound(
    names: StreetNames, said: list[Token], start: int, at: int, direction: str | None
) -> Mention | None:
    """A misheard name: only behind a house number or a direction, or before "street"."""
    if direction is None and start > 0 and said[start - 1].word in DIRECTION_WORDS:
        return None
    house = _house_before(said, start)
    best: Mention | None = None
    for end in range(at + 1, min(at + 4, len(said) + 1)):
        if any(_is_structure(token) for token in said[at:end]):
            break
        suffix = SUFFIXES.get(said[end].word) if end < len(said) else None
        if house is None and direction is None and not (suffix and _follows_lead(said, start)):
            continue
        wanted = _Wanted(names, direction, suffix, house)
        alike = names.alike(_phrase(said[at:end], counts=False), wanted.least, wanted.fits)
        close = _close(alike)
        if close and (best is None or alike[0].likeness > best.likeness / _HEARD):
            likeness = alike[0].likeness * _HEARD
            best = Mention(close, likeness, start, end, direction)
    return _with_suffix(said, best) if best else None


@dataclass(frozen=True)
class _Wanted:
    """What is known of a street whose name was misheard."""

    names: StreetNames
    direction: str | None
    suffix: str | None
    house: int | None

    @property
    def least(self) -> float:
        """The more else is known, the less the name must be alike."""
        if self.house is not None and self.direction:
            return _ALIKE_IF_ALL_ELSE_FITS
        return SAME_NAME if self.house is not None or self.direction else _SURE_NAME

    def fits(self, name: str) -> bool:
        """Whether a street of that name has the direction, kind and number that were said."""
        return any(
            self.direction in (None, street.direction)
            and self.suffix in (None, street.suffix)
            and (self.house is None or street.has_number(self.house))
            for street in self.names.streets(name)
        )


def _close(alike: tuple[Named, ...]) -> tuple[str, ...]:
    """The best name, with those level with it; where none is convincing, a choice or nothing."""
    if not alike:
        return ()
    best = alike[0].likeness
    if best >= SAME_NAME:
        return tuple(named.name for named in alike if named.likeness > best - _CLOSE)
    return tuple(named.name for named in alike) if len(alike) > 1 else ()


def _is_structure(token: Token) -> bool:
    return (
        token.house is not None
        or token.ordinal is not None
        or token.word in DIRECTION_WORDS
        or token.word in SUFFIXES
        or token.word in CROSSES
        or token.word in _BETWEEN_NUMBER_AND_STREET
        or token.word in ("the", "a")
    )


def _follows_lead(said: list[Token], start: int) -> bool:
    return start == 0 or said[start - 1].word in _LEADS


def _with_suffix(said: list[Token], mention: Mention) -> Mention:
    if mention.end < len(said) and said[mention.end].word in SUFFIXES:
        suffix = SUFFIXES[said[mention.end].word]
        return replace(mention, suffix=suffix, end=mention.end + 1)
    return mention


def _house_before(said: list[Token], start: int) -> int | None:
    """The house number right before a street, past words like "block of"."""
    at = start - 1
    if at >= 0 and said[at].word in DIRECTION_WORDS:
        at -= 1
    while at >= 0 and said[at].word in (*_BETWEEN_NUMBER_AND_STREET, "the"):
        at -= 1
    if at < 0 or said[at].house is None or (said[at + 1 : start] and said[at + 1].word == "and"):
        return None
    house = said[at].house
    return house if house and house < 100_000 else None


def _is_odd_before(said: list[Token], start: int, house: int) -> bool:
    """Whether a lone word at the very start, before the number, is none that leads to one."""
    first = next((at for at, token in enumerate(said[:start]) if token.house == house), 0)
    return first == 1 and said[0].word not in {*_LEADS, *_BETWEEN_NUMBER_AND_STREET, "it's", "the"}
