"""How a place is worded: written one way everywhere, and for the ear. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from places.numbers_in_words import house_in_words
from places.place import PlaceGuess
from places.street_words import street_words
from places.streets import Street


@lru_cache(maxsize=8192)
def written_street(street: Street, language: str) -> str:
    """A street in full: `North Clark Street`, `East 53rd Street`.

    language: the one that the city's streets are named in. Lanes beside a street are written
    like it: nobody tells them apart by ear, and they have its house numbers.
    """
    words = street_words(language)
    name = " ".join(_name_word(word, words.name_words) for word in street.name.split())
    parts = (words.directions.get(street.direction, ""), name, words.kinds.get(street.suffix, ""))
    written = " ".join(part for part in parts if part)
    return re.sub(r"\bMc (\w)", r"Mc\1", written)


def written_address(number: int, street: Street, language: str) -> str:
    """A house: `1200 North Clark Street`."""
    named = written_street(street, language)
    return street_words(language).address.format(number=number, street=named)


def written_intersection(one: Street, other: Street, language: str) -> str:
    """Where two streets meet: `North Clark Street and West Division Street`."""
    first, second = written_street(one, language), written_street(other, language)
    return street_words(language).intersection.format(one=first, other=second)


def spoken_place(place: PlaceGuess | Mapping[str, Any], language: str) -> str:
    """The place for the ear: "twelve hundred North Clark Street". Takes a stored one too."""
    stored = place if isinstance(place, Mapping) else vars(place)
    address, number = str(stored.get("address") or ""), stored.get("house_number")
    if number is None:
        return address
    said = house_in_words(int(number), language)
    return re.sub(rf"(?<!\w){number}(?!\w)", said, address, count=1)


def _name_word(word: str, in_full: Mapping[str, str]) -> str:
    if word in in_full:
        return in_full[word]
    return word.lower() if word[0].isdigit() else word.title()
