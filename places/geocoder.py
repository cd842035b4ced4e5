"""What the house asks of a city's geocoder, and which one a city has."""

from __future__ import annotations

import pkgutil
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Protocol

from config.city import City
from config.toml_models import ConfigError
from places.place import PlaceGuess
from places.streets import Street

Point = tuple[float, float]
"""Latitude and longitude in degrees."""


class Geocoder(Hashable, Protocol):
    """Where a city's streets and districts are. Hashable by identity, so it can key a cache.

    A city that house numbers cannot place brings its own: a function that takes the city's
    folder and returns one of these, named as `geocoder` in `city.toml`.
    """

    @property
    def language(self) -> str:
        """The language that the streets are named in."""

    @property
    def streets(self) -> tuple[Street, ...]:
        """Every street of the city, ramps and service lanes too."""

    @property
    def districts(self) -> tuple[str, ...]:
        """The names of all districts."""

    @property
    def aliases(self) -> Mapping[str, str]:
        """What the recogniser writes for a name of the city, and that name; lower case."""

    def find(self, text: str, language: str) -> PlaceGuess:
        """The place in a caller's words. Never raises; no words have the problem `no_street`.

        language: the caller's.
        """

    def point_of(self, street: Street, number: int) -> Point | None:
        """Where a house number is; None where it is not known."""

    def intersection(self, one: Street, other: Street) -> Point | None:
        """Where two streets meet; None where it is not known."""

    def meets(self, one: Street, other: Street) -> bool | None:
        """Whether two streets meet; None when it cannot be told."""

    def district_at(self, lat: float, lon: float) -> str | None:
        """The district that holds a point; None outside all of them."""


@lru_cache(maxsize=8)
def geocoder_of(city: City) -> Geocoder:
    """The city's geocoder, read from its folder the first time. Raises ConfigError."""
    try:
        read = pkgutil.resolve_name(city.geocoder)
    except (ValueError, ImportError, AttributeError):
        raise ConfigError(
            f"{city.folder.name}/city.toml: geocoder: expected the path of a function, such as"
            f" places.grid_geocoder:read_geocoder, got {city.geocoder!r}"
        ) from None
    made: Geocoder = read(city.folder)
    return made
