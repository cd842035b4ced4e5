"""Finds a place from what a person types: house number and the beginning of a street. Pure."""

from __future__ import annotations

from config.city import City, Street
from tickets.routing import Spot

MOST_PLACES = 8

_LONG_FORMS = {
    "N": "NORTH",
    "S": "SOUTH",
    "E": "EAST",
    "W": "WEST",
    "ST": "STREET",
    "AVE": "AVENUE",
    "BLVD": "BOULEVARD",
    "RD": "ROAD",
    "PL": "PLACE",
    "DR": "DRIVE",
    "CT": "COURT",
    "PKWY": "PARKWAY",
    "LN": "LANE",
    "TER": "TERRACE",
}


def places_like(city: City, typed: str) -> tuple[Spot, ...]:
    """Addresses that begin like what is typed, best first; none without a house number.

    Each typed word must begin a word of the street's name, written short or in full.
    """
    number, words = _split(typed)
    if number is None or not words:
        return ()
    fitting = [
        street
        for street in city.streets
        if street.has_houses and street.has_number(number) and _fits(street, words)
    ]
    fitting.sort(key=lambda street: (not street.name.startswith(words[-1]), street.full_name))
    return tuple(_spot(city, street, number) for street in fitting[:MOST_PLACES])


def place_of(city: City, typed: str) -> Spot | None:
    """The one address that is typed; None when it is none, or more than one fits."""
    found = places_like(city, typed)
    same = [spot for spot in found if spot.address.upper() == " ".join(typed.upper().split())]
    if same:
        return same[0]
    return found[0] if len(found) == 1 else None


def _split(typed: str) -> tuple[int | None, list[str]]:
    words = typed.upper().replace(",", " ").replace(".", " ").split()
    if words and words[0].isascii() and words[0].isdigit() and len(words[0]) < 6:
        return int(words[0]), words[1:]
    return None, words


def _fits(street: Street, words: list[str]) -> bool:
    own = street.full_name.split()
    return all(any(_begins(part, word) for part in own) for word in words)


def _begins(own: str, word: str) -> bool:
    long = _LONG_FORMS.get(own, "")
    return own.startswith(word) or (len(word) > 2 and long.startswith(word))


def _spot(city: City, street: Street, number: int) -> Spot:
    point = city.grid.house(street, number)
    district = city.district_at(*point) if point else None
    return Spot(
        address=f"{number} {street.full_name.title()}",
        district=district.name if district else None,
        lat=point[0] if point else None,
        lon=point[1] if point else None,
    )
