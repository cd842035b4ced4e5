"""Finds places from what a person types: a house number and the beginning of a street. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from places.geocoder import Geocoder
from places.place import Place
from places.street_words import long_forms
from places.streets import Street

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
    if not words:
        return ()
    in_full = long_forms(geocoder.language)
    fitting = [
        street
        for street in geocoder.streets
        if street.has_houses
        and (number is None or street.has_number(number))
        and _fits(street, words, in_full)
    ]
    fitting.sort(key=lambda street: (not street.name.startswith(words[-1]), street.full_name))
    return tuple(_place(geocoder, street, number) for street in fitting[:MOST_PLACES])


def addresses_like(geocoder: Geocoder, typed: str) -> tuple[Place, ...]:
    """Places with a house number that begin like what is typed; none without the number."""
    found = places_like(geocoder, typed)
    return tuple(place for place in found if place.house_number is not None)


def address_of(geocoder: Geocoder, typed: str) -> Place | None:
    """The one address that is typed; None when it is none, or more than one fits."""
    found = addresses_like(geocoder, typed)
    whole = " ".join(typed.upper().split())
    same = [place for place in found if place.address.upper() == whole]
    if same:
        return same[0]
    return found[0] if len(found) == 1 else None


def _parted(typed: str) -> tuple[int | None, list[str]]:
    """The house number and the words. `isdecimal`, for `int` takes no digit like "²"."""
    words = typed.upper().replace(",", " ").replace(".", " ").split()
    if words and words[0].isdecimal() and len(words[0]) <= _LONGEST_NUMBER:
        return int(words[0]), words[1:]
    return None, words


def _fits(street: Street, words: list[str], in_full: Mapping[str, str]) -> bool:
    own = street.full_name.split()
    return all(any(_begins(part, word, in_full) for part in own) for word in words)


def _begins(own: str, word: str, in_full: Mapping[str, str]) -> bool:
    long = in_full.get(own, "")
    return own.startswith(word) or (len(word) >= _FEWEST_LETTERS and long.startswith(word))


def _place(geocoder: Geocoder, street: Street, number: int | None) -> Place:
    named = street.written_name
    if number is None:
        return Place(named, street=street.full_name)
    address = f"{number} {named}"
    point = geocoder.point_of(street, number)
    if point is None:
        return Place(address, number, street.full_name)
    return Place(address, number, street.full_name, geocoder.district_at(*point), *point)
