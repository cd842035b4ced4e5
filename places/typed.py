"""Finds places from what a person types: a house number and the beginning of a street. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from places.geocoder import Geocoder
from places.place import Place
from places.street_words import long_forms
from places.streets import Street
from places.wording import written_address, written_street

MOST_PLACES = 8
_LONGEST_NUMBER = 5
_FEWEST_LETTERS = 3
"""Of a long form: "St" alone is the short one."""


def places_like(geocoder: Geocoder, typed: str) -> tuple[Place, ...]:
    """Places whose street has every typed word at the start of one of its own, best first.

    Words may be short or in full. A leading number is the house: streets that have no such
    number are left out, and the point is known only with it. Digits of any script count.
    """
    number, words = _parted(typed)
    streets = _streets_like(geocoder, number, words)
    return tuple(_place(geocoder, street, number) for street in streets[:MOST_PLACES])


def addresses_like(geocoder: Geocoder, typed: str) -> tuple[Place, ...]:
    """Places with a house number that begin like what is typed; none without the number."""
    found = places_like(geocoder, typed)
    return tuple(place for place in found if place.house_number is not None)


def address_of(geocoder: Geocoder, typed: str) -> Place | None:
    """The one address that is typed, short or in full; None when it is none, or several fit."""
    number, words = _parted(typed)
    if number is None:
        return None
    found = _streets_like(geocoder, number, words)
    whole = [street for street in found if words in _whole_names(street, geocoder.language)]
    certain = whole[:1] or (found if len(found) == 1 else [])
    return _place(geocoder, certain[0], number) if certain else None


def _parted(typed: str) -> tuple[int | None, list[str]]:
    """The house number and the words. `isdecimal`, for `int` takes no digit like "²"."""
    words = typed.upper().replace(",", " ").replace(".", " ").split()
    if words and words[0].isdecimal() and len(words[0]) <= _LONGEST_NUMBER:
        return int(words[0]), words[1:]
    return None, words


def _streets_like(geocoder: Geocoder, number: int | None, words: list[str]) -> list[Street]:
    """Streets that fit, best first; those that are written alike lie side by side: one of them."""
    if not words:
        return []
    in_full = long_forms(geocoder.language)
    fitting = [
        street
        for street in geocoder.streets
        if street.has_houses
        and (number is None or street.has_number(number))
        and _fits(street, words, in_full)
    ]
    fitting.sort(key=lambda street: (not street.name.startswith(words[-1]), street.full_name))
    distinct: dict[str, Street] = {}
    for street in fitting:
        distinct.setdefault(written_street(street, geocoder.language), street)
    return list(distinct.values())


def _whole_names(street: Street, language: str) -> tuple[list[str], list[str]]:
    """The words of the street as its city's list has it, and in full."""
    return street.full_name.split(), written_street(street, language).upper().split()


def _fits(street: Street, words: list[str], in_full: Mapping[str, str]) -> bool:
    own = street.full_name.split()
    return all(any(_begins(part, word, in_full) for part in own) for word in words)


def _begins(own: str, word: str, in_full: Mapping[str, str]) -> bool:
    long = in_full.get(own, "")
    return own.startswith(word) or (len(word) >= _FEWEST_LETTERS and long.startswith(word))


def _place(geocoder: Geocoder, street: Street, number: int | None) -> Place:
    named = written_street(street, geocoder.language)
    if number is None:
        return Place(named, street=named)
    address = written_address(number, street, geocoder.language)
    point = geocoder.point_of(street, number)
    if point is None:
        return Place(address, number, named)
    return Place(address, number, named, geocoder.district_at(*point), *point)
