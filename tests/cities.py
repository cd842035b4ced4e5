"""The demo city, read once for a whole run of the tests."""

from __future__ import annotations

from functools import lru_cache

from config.city import City, load_city
from places.geocoder import geocoder_of


@lru_cache(maxsize=1)
def chicago() -> City:
    """The demo city, its places read as the processes do before they serve a caller."""
    city = load_city("chicago")
    geocoder_of(city)
    return city
