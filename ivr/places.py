"""Where a caller means: words to an address, a crossing or a neighbourhood of the city. Pure.

Nothing is guessed: what is missing or could mean several places is said in `problem`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from config.city import City, Street
from ivr.numbers import Token, house_in_words, ordinal, tokens
from ivr.places_streets import DIRECTIONS, SUFFIXES, Named, StreetNames, said_name, street_names

_CROSSES = frozenset({"and", "at", "by", "crossing", "cross", "crosses", "near", "&"})
_LEADS = frozenset(
    {"on", "at", "of", "and", "by", "near", "along", "in", "to", "from", "off", "is"}
)
_BETWEEN_NUMBER_AND_STREET = frozenset({"block", "of", "on", "number", "house", "and", "uh", "um"})
_SURE_NAME = 0.9
_CLOSE = 0.06
_MOST_CHOICES = 6


@dataclass(frozen=True)
class PlaceGuess:
    """What a caller's words say about the place.

    problem: None when the place is certain enough to read back. `no_street`, `no_number`,
    `no_such_number`, `no_such_crossing`, `which_street` (see `runner_ups`) or `area_only`.
    lat, lon, district: None where the street's own position is not in the city's grid.
    """

    address_text: str = ""
    house_number: int | None = None
    street: str | None = None
    district: str | None = None
    lat: float | None = None
    lon: float | None = None
    score: float = 0.0
    runner_ups: tuple[PlaceGuess, ...] = ()
    problem: str | None = None


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


def place(city: City, text: str) -> PlaceGuess:
    """The place in a caller's words. Never raises; an empty text has the problem `no_street`."""
    words = _words(city, text)
    said = tokens(words)
    names = street_names(city)
    mentions = _mentions(names, said)
    area = _area(city, words)
    with_house = [mention for mention in mentions if mention.house is not None]
    if with_house:
        return _address(city, max(with_house, key=_strength), area)
    crossing = _crossing(city, said, mentions)
    if crossing is not None:
        return crossing
    if area:
        mentions = [mention for mention in mentions if not _is_area(mention, area)]
    if mentions:
        return _street_only(city, max(mentions, key=_strength))
    if area:
        return PlaceGuess(address_text=area, district=area, score=0.4, problem="area_only")
    return PlaceGuess(problem="no_street")


def street_by_keys(city: City, house_number: int, digits: str) -> tuple[PlaceGuess, ...]:
    """Addresses whose street's name begins with keyed letters and has the number; longest first."""
    found = [each for each in street_names(city).by_keys(digits) if each.has_number(house_number)]
    found.sort(
        key=lambda street: (
            not street.name.startswith(digits),
            street.lowest - street.highest,
            street.full_name,
        )
    )
    guesses = (_at_house(city, street, house_number, 1.0) for street in found)
    return tuple({guess.address_text: guess for guess in guesses}.values())


def spoken_place(guess: PlaceGuess | Mapping[str, Any], language: str = "en") -> str:
    """The place for the ear: "twelve hundred North Clark Street". Takes a stored guess too."""
    stored = guess if isinstance(guess, Mapping) else vars(guess)
    address, number = str(stored.get("address_text") or ""), stored.get("house_number")
    if number is None or language != "en" or not address.startswith(f"{number} "):
        return address
    return house_in_words(int(number)) + address.removeprefix(str(number))


def _words(city: City, text: str) -> list[str]:
    plain = " ".join(re.findall(r"[a-z0-9]+(?:'[a-z]+)?|&", text.lower()))
    plain = re.sub(r"\bavenue oh\b", "avenue o", plain.replace("&", "and"))
    return _mended(city, plain).split()


def _mended(city: City, plain: str) -> str:
    """The words with misheard street names put right, longest first, each place once."""
    return _misheard(city).sub(lambda found: city.street_sounds[found[0]], plain)


@lru_cache(maxsize=4)
def _misheard(city: City) -> re.Pattern[str]:
    heard = sorted(city.street_sounds, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, heard))})\b" if heard else r"(?!)")


def _mentions(names: StreetNames, said: list[Token]) -> list[Mention]:
    """Every street named in the words, from left to right, without overlaps."""
    found: list[Mention] = []
    at = 0
    while at < len(said):
        mention = _mention_at(names, said, at)
        if mention is None:
            at += 1
            continue
        found.append(replace(mention, house=_house_before(said, mention.start)))
        at = mention.end
    return found


def _mention_at(names: StreetNames, said: list[Token], at: int) -> Mention | None:
    """A street named from word `at` on: with its direction, or as a name by itself."""
    direction = DIRECTIONS.get(said[at].word)
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
            return _with_suffix(said, Mention((name,), 1.0, start, end, direction))
    return _by_sound(names, said, start, at, direction)


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
    if name.lower() in DIRECTIONS and not (direction or followed):
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
    led = direction is not None or _house_before(said, start) is not None
    best: Mention | None = None
    for length in (1, 2, 3):
        end = at + length
        if end > len(said) or any(_is_structure(token) for token in said[at:end]):
            break
        closed = end < len(said) and said[end].word in SUFFIXES
        if not (led or (closed and length <= 2 and _follows_lead(said, start))):
            continue
        alike = names.alike(_phrase(said[at:end], counts=False))
        if not led:
            alike = _with_that_suffix(names, alike, SUFFIXES[said[end].word])
        if alike and (best is None or alike[0].likeness > best.likeness + 0.02 * (not closed)):
            close = [each.name for each in alike if each.likeness > alike[0].likeness - _CLOSE]
            best = Mention(tuple(close), alike[0].likeness * 0.95, start, end, direction)
    return _with_suffix(said, best) if best else None


def _with_that_suffix(
    names: StreetNames, alike: tuple[Named, ...], suffix: str
) -> tuple[Named, ...]:
    """Without a number, a misheard name counts only if such a street, avenue, ... exists."""
    return tuple(
        named
        for named in alike
        if named.likeness >= _SURE_NAME - 0.05
        and any(street.suffix == suffix for street in names.streets(named.name))
    )


def _is_structure(token: Token) -> bool:
    return (
        token.house is not None
        or token.ordinal is not None
        or token.word in DIRECTIONS
        or token.word in SUFFIXES
        or token.word in _CROSSES
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
    if at >= 0 and said[at].word in DIRECTIONS:
        at -= 1
    while at >= 0 and said[at].word in (*_BETWEEN_NUMBER_AND_STREET, "the"):
        at -= 1
    if at < 0 or said[at].house is None or (said[at + 1 : start] and said[at + 1].word == "and"):
        return None
    house = said[at].house
    return house if house and house < 100_000 else None


def _strength(mention: Mention) -> tuple[float, int, int]:
    told = (mention.direction is not None) + (mention.suffix is not None)
    return mention.likeness, told, -mention.start


def _streets(city: City, mention: Mention) -> list[Street]:
    """The streets a mention may mean: as said, or without what no street of that name has."""
    every = [street for name in mention.names for street in street_names(city).streets(name)]
    exact = [street for street in every if _fits(street, mention)]
    by_direction = [s for s in every if mention.direction in (None, s.direction)]
    return exact or by_direction or every


def _fits(street: Street, mention: Mention) -> bool:
    """As said; "fifty third" alone is 53rd Street, not Place."""
    direction_fits = mention.direction in (None, street.direction)
    if mention.suffix is None and street.name[0].isdigit():
        return direction_fits and street.suffix == "ST"
    return direction_fits and mention.suffix in (None, street.suffix)


def _address(city: City, mention: Mention, area: str | None) -> PlaceGuess:
    assert mention.house is not None
    streets = _streets(city, mention)
    found = [street for street in streets if street.has_number(mention.house)]
    guesses = [_at_house(city, each, mention.house, _score(each, mention)) for each in found]
    distinct = tuple({guess.address_text: guess for guess in reversed(guesses)}.values())[::-1]
    if area and len(distinct) > 1:
        distinct = tuple(each for each in distinct if each.district == area) or distinct
    if not distinct:
        named = said_name(streets[0])
        return PlaceGuess(named, mention.house, named, score=0.3, problem="no_such_number")
    if len(distinct) > 1:
        return replace(
            distinct[0], score=0.5, runner_ups=distinct[:_MOST_CHOICES], problem="which_street"
        )
    return distinct[0]


def _score(street: Street, mention: Mention) -> float:
    """How sure an address is: likeness of the name, less for what was said differently."""
    score = mention.likeness
    if mention.direction not in (None, street.direction):
        score -= 0.25
    if mention.suffix not in (None, street.suffix):
        score -= 0.1
    if mention.direction is None:
        score -= 0.05
    return max(0.1, round(score, 3))


def _at_house(city: City, street: Street, number: int, score: float) -> PlaceGuess:
    named = said_name(street)
    point = city.grid.house(street, number)
    return _at_point(city, PlaceGuess(f"{number} {named}", number, named, score=score), point)


def _at_point(city: City, guess: PlaceGuess, point: tuple[float, float] | None) -> PlaceGuess:
    if point is None:
        return guess
    district = city.district_at(*point)
    return replace(
        guess,
        lat=round(point[0], 5),
        lon=round(point[1], 5),
        district=district.name if district else None,
    )


def _crossing(city: City, said: list[Token], mentions: list[Mention]) -> PlaceGuess | None:
    """Two streets with "and" or "at" between them; None when no two are named so."""
    for one, other in pairwise(mentions):
        between = [token.word for token in said[one.end : other.start]]
        if not between or not set(between) <= {*_CROSSES, "the", "uh", "um", "of", "corner"}:
            continue
        return _crossing_of(city, one, other)
    return None


def _crossing_of(city: City, one: Mention, other: Mention) -> PlaceGuess:
    pairs = [
        (first, second, city.grid.meets(first, second))
        for first in _streets(city, one)
        for second in _streets(city, other)
        if first.name != second.name
    ]
    meeting = [pair for pair in pairs if pair[2]] or [p for p in pairs if p[2] is None]
    guesses = [_corner(city, *pair[:2], min(one.likeness, other.likeness)) for pair in meeting]
    distinct = _distinct_corners(tuple({g.address_text: g for g in guesses}.values()))
    if not distinct:
        return PlaceGuess(problem="no_such_crossing", score=0.3)
    if len(distinct) > 1:
        return replace(
            distinct[0], score=0.5, runner_ups=distinct[:_MOST_CHOICES], problem="which_street"
        )
    return distinct[0]


def _distinct_corners(corners: tuple[PlaceGuess, ...]) -> tuple[PlaceGuess, ...]:
    """Corners at one point are one corner: streets change their direction at the baselines."""
    by_point: dict[object, PlaceGuess] = {}
    for corner in corners:
        point = (corner.lat, corner.lon) if corner.lat is not None else corner.address_text
        by_point.setdefault(point, corner)
    return tuple(by_point.values())


def _corner(city: City, one: Street, other: Street, likeness: float) -> PlaceGuess:
    first, second = said_name(one), said_name(other)
    guess = PlaceGuess(f"{first} and {second}", None, first, score=round(likeness * 0.95, 3))
    return _at_point(city, guess, city.grid.crossing(one, other))


def _street_only(city: City, mention: Mention) -> PlaceGuess:
    streets = _streets(city, mention)
    named = said_name(streets[0])
    score = 0.3 if mention.likeness > _SURE_NAME else 0.2
    return PlaceGuess(named, street=named, score=score, problem="no_number")


def _is_area(mention: Mention, area: str) -> bool:
    """Whether a bare name is the neighbourhood's and not the street's of the same name."""
    bare = mention.house is None and mention.direction is None and mention.suffix is None
    return bare and any(name.lower() in area.lower() for name in mention.names)


def _area(city: City, words: list[str]) -> str | None:
    """The neighbourhood named in the words, the longest name first."""
    text = f" {' '.join(words)} "
    found = [
        district.name
        for district in city.districts
        for said in district.name.lower().replace("'", "").replace("&", "and").split(",")
        if f" {said.strip()} " in text
    ]
    return max(found, key=len, default=None)
