"""The geocoder of a city whose house numbers tell where they are: a list of streets, a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.toml_models import read_model
from places.districts import Districts, read_districts
from places.geocoder import Point
from places.grid import Grid, GridFile
from places.in_words import find_place
from places.place import PlaceGuess
from places.street_words import street_words
from places.streets import Street, read_streets


@dataclass(frozen=True, eq=False)
class GridGeocoder:
    """A `Geocoder` over `streets.csv`, `grid.toml` and `districts.geojson.gz`."""

    language: str
    streets: tuple[Street, ...]
    aliases: Mapping[str, str]
    grid: Grid
    outlines: Districts

    @property
    def districts(self) -> tuple[str, ...]:
        """The names of all districts, in the order of the file."""
        return tuple(district.name for district in self.outlines.all)

    def find(self, text: str, language: str) -> PlaceGuess:
        """The place in a caller's words."""
        return find_place(self, text, language)

    def point_of(self, street: Street, number: int) -> Point | None:
        """The point of a house number; None where the street's own place is not in the grid."""
        return self.grid.house(street, number)

    def intersection(self, one: Street, other: Street) -> Point | None:
        """The point where two streets meet."""
        return self.grid.intersection(one, other)

    def meets(self, one: Street, other: Street) -> bool | None:
        """Whether the streets' number ranges reach one another."""
        return self.grid.meets(one, other)

    def district_at(self, lat: float, lon: float) -> str | None:
        """The district that holds a point; where two do, the smaller one."""
        found = self.outlines.at(lat, lon)
        return found.name if found else None


def read_geocoder(folder: Path) -> GridGeocoder:
    """Read the geocoder of the city in `folder`. Raises ConfigError with file and key."""
    file = read_model(folder / "grid.toml", GridFile)
    street_words(file.language)  # a language without words for streets is refused before any call
    return GridGeocoder(
        language=file.language,
        streets=read_streets(folder / "streets.csv"),
        aliases=file.sounds,
        grid=file.grid(),
        outlines=read_districts(folder / "districts.geojson.gz"),
    )
