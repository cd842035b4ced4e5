"""Where a caller means: words to an address, an intersection or a neighbourhood of the city. Pure.

Nothing is guessed: what is missing or could mean several places is said in `problem`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from places.geocoder import Geocoder
from places.mentions import Mention, Sentence, mentions_in, sentence, strength
from places.place import PlaceGuess
from places.street_names import street_names
from places.street_words import street_words
from places.streets import Street
from places.wording import written_address, written_intersection, written_street

_SURE_NAME = 0.9
_MOST_CHOICES = 6


def find_place(geocoder: Geocoder, text: str, language: str) -> PlaceGuess:
    """The place in the words of a caller who speaks that language.

    Never raises; an empty text has the problem `no_street`.
    """
    heard = sentence(geocoder, text, language)
    mentions = mentions_in(heard)
    area = _area(geocoder, heard)
    with_house = [mention for mention in mentions if mention.house is not None]
    if with_house:
        return _address(geocoder, max(with_house, key=strength), area)
    intersection = _intersection(geocoder, heard, mentions)
    if intersection is not None:
        return intersection
    if area:
        mentions = [mention for mention in mentions if not _is_area(mention, area)]
    if mentions:
        return _street_only(geocoder, max(mentions, key=strength))
    if area:
        return PlaceGuess(address=area, district=area, score=0.4, problem="area_only")
    return PlaceGuess(problem="no_street")


def street_by_keys(geocoder: Geocoder, house_number: int, digits: str) -> tuple[PlaceGuess, ...]:
    """Addresses whose street's name begins with keyed letters and has the number; longest first."""
    found = [
        each for each in street_names(geocoder).by_keys(digits) if each.has_number(house_number)
    ]
    found.sort(
        key=lambda street: (
            not street.name.startswith(digits),
            street.lowest - street.highest,
            street.full_name,
        )
    )
    guesses = (_at_house(geocoder, street, house_number, 1.0) for street in found)
    return tuple({guess.address: guess for guess in guesses}.values())


def _streets(geocoder: Geocoder, mention: Mention) -> list[Street]:
    """The streets a mention may mean: as said, or without what no street of that name has."""
    every = [street for name in mention.names for street in street_names(geocoder).streets(name)]
    usual_kind = street_words(geocoder.language).usual_kind
    exact = [street for street in every if _fits(street, mention, usual_kind)]
    by_direction = [s for s in every if mention.direction in (None, s.direction)]
    return exact or by_direction or every


def _fits(street: Street, mention: Mention, usual_kind: str) -> bool:
    """As said; "fifty third" alone is 53rd Street, not Place."""
    direction_fits = mention.direction in (None, street.direction)
    if mention.suffix is None and street.name[0].isdigit():
        return direction_fits and street.suffix == usual_kind
    return direction_fits and mention.suffix in (None, street.suffix)


def _address(geocoder: Geocoder, mention: Mention, area: str | None) -> PlaceGuess:
    assert mention.house is not None
    streets = _streets(geocoder, mention)
    found = [
        street
        for street in streets
        if street.has_number(mention.house) and mention.direction in (None, street.direction)
    ]
    guesses = [_at_house(geocoder, each, mention.house, _score(each, mention)) for each in found]
    distinct = tuple({guess.address: guess for guess in reversed(guesses)}.values())[::-1]
    if area and len(distinct) > 1:
        distinct = tuple(each for each in distinct if each.district == area) or distinct
    if not distinct:
        named = written_street(streets[0], geocoder.language)
        return PlaceGuess(named, mention.house, named, score=0.3, problem="no_such_number")
    if len(distinct) > 1:
        return replace(
            distinct[0], score=0.5, runner_ups=distinct[:_MOST_CHOICES], problem="which_street"
        )
    return distinct[0]


def _score(street: Street, mention: Mention) -> float:
    """How sure an address is: likeness of the name, less for what was said differently."""
    score = mention.likeness
    if mention.suffix not in (None, street.suffix):
        score -= 0.1
    if mention.direction is None:
        score -= 0.05
    if mention.after_odd_word:
        score -= 0.2
    return max(0.1, round(score, 3))


def _at_house(geocoder: Geocoder, street: Street, number: int, score: float) -> PlaceGuess:
    named = written_street(street, geocoder.language)
    address = written_address(number, street, geocoder.language)
    point = geocoder.point_of(street, number)
    return _at_point(geocoder, PlaceGuess(address, number, named, score=score), point)


def _at_point(
    geocoder: Geocoder, guess: PlaceGuess, point: tuple[float, float] | None
) -> PlaceGuess:
    if point is None:
        return guess
    lat, lon = round(point[0], 5), round(point[1], 5)
    return replace(guess, lat=lat, lon=lon, district=geocoder.district_at(*point))


def _intersection(
    geocoder: Geocoder, heard: Sentence, mentions: list[Mention]
) -> PlaceGuess | None:
    """Two streets with "and" or "at" between them; None when no two are named so."""
    for one, other in pairwise(mentions):
        between = {token.word for token in heard.said[one.end : other.start]}
        if between and between <= heard.known.between_streets:
            return _intersection_of(geocoder, one, other)
    return None


def _intersection_of(geocoder: Geocoder, one: Mention, other: Mention) -> PlaceGuess:
    pairs = [
        (first, second, geocoder.meets(first, second))
        for first in _streets(geocoder, one)
        for second in _streets(geocoder, other)
        if first.name != second.name
    ]
    meeting = [pair for pair in pairs if pair[2]] or [p for p in pairs if p[2] is None]
    guesses = [_corner(geocoder, *pair[:2], min(one.likeness, other.likeness)) for pair in meeting]
    distinct = _distinct_corners(tuple({g.address: g for g in guesses}.values()))
    if not distinct:
        return PlaceGuess(problem="no_such_intersection", score=0.3)
    if len(distinct) > 1:
        return replace(
            distinct[0], score=0.5, runner_ups=distinct[:_MOST_CHOICES], problem="which_street"
        )
    return distinct[0]


def _distinct_corners(corners: tuple[PlaceGuess, ...]) -> tuple[PlaceGuess, ...]:
    """Corners at one point are one corner: streets change their direction at the baselines."""
    by_point: dict[object, PlaceGuess] = {}
    for corner in corners:
        point = (corner.lat, corner.lon) if corner.lat is not None else corner.address
        by_point.setdefault(point, corner)
    return tuple(by_point.values())


def _corner(geocoder: Geocoder, one: Street, other: Street, likeness: float) -> PlaceGuess:
    address = written_intersection(one, other, geocoder.language)
    first = written_street(one, geocoder.language)
    guess = PlaceGuess(address, None, first, score=round(likeness * 0.95, 3))
    return _at_point(geocoder, guess, geocoder.intersection(one, other))


def _street_only(geocoder: Geocoder, mention: Mention) -> PlaceGuess:
    streets = _streets(geocoder, mention)
    named = written_street(streets[0], geocoder.language)
    score = 0.3 if mention.likeness > _SURE_NAME else 0.2
    return PlaceGuess(named, street=named, score=score, problem="no_number")


def _is_area(mention: Mention, area: str) -> bool:
    """Whether a bare name is the neighbourhood's and not the street's of the same name."""
    bare = mention.house is None and mention.direction is None and mention.suffix is None
    return bare and any(name.lower() in area.lower() for name in mention.names)


def _area(geocoder: Geocoder, heard: Sentence) -> str | None:
    """The neighbourhood named in the words, the longest name first."""
    text = f" {' '.join(heard.words)} "
    ampersand = heard.known.words.ampersand
    found = [
        district
        for district in geocoder.districts
        for said in district.lower().replace("'", "").replace("&", ampersand).split(",")
        if f" {said.strip()} " in text
    ]
    return max(found, key=len, default=None)
