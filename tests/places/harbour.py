"""The geocoder of a tiny city without a grid: two lanes, and a list of the doors on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from places.geocoder import Point
from places.in_words import find_place
from places.place import PlaceGuess
from places.streets import Street

QUAY = Street("", "QUAY", "LN", "", 1, 9)
MARKET = Street("", "MARKET", "RD", "", 1, 40)
_DOORS = {("QUAY", 3): (1.0, 2.0), ("MARKET", 12): (1.5, 2.5)}
_CORNER = (1.2, 2.2)


class HarbourGeocoder:
    """A `Geocoder` that knows two doors and one corner."""

    language = "en"
    streets = (QUAY, MARKET)
    districts = ("Old Harbour", "Hill")
    aliases: Mapping[str, str] = {"key lane": "quay lane"}

    def find(self, text: str, language: str) -> PlaceGuess:
        """The place in a caller's words."""
        return find_place(self, text, language)

    def point_of(self, street: Street, number: int) -> Point | None:
        """The door, where it is on the list."""
        return _DOORS.get((street.name, number))

    def intersection(self, one: Street, other: Street) -> Point | None:
        """The only corner."""
        return _CORNER if self.meets(one, other) else None

    def meets(self, one: Street, other: Street) -> bool | None:
        """Both lanes meet."""
        return one.name != other.name

    def district_at(self, lat: float, lon: float) -> str | None:
        """The hill begins at 1.4 degrees north."""
        return "Hill" if lat > 1.4 else "Old Harbour"


def read_harbour(folder: Path) -> HarbourGeocoder:
    """The geocoder; it needs no files."""
    return HarbourGeocoder()
