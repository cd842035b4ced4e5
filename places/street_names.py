"""The names of a city's streets: found exactly, by sound, or by the letters of a keypad. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import jellyfish
from rapidfuzz import fuzz, process

from places.geocoder import Geocoder
from places.street_words import street_words
from places.streets import Street

SAME_NAME = 0.76
"""Least likeness of a heard name to a street's name to believe it."""
_NEAREST, _MOST_ALIKE = 200, 3
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")


@dataclass(frozen=True)
class Named:
    """A street name and how much what was heard is like it, 0 to 1."""

    name: str
    likeness: float


class StreetNames:
    """All street names of a city that a caller can stand in."""

    def __init__(self, streets: tuple[Street, ...], language: str) -> None:
        self._streets: dict[str, list[Street]] = defaultdict(list)
        self._exact: dict[str, str] = {}
        for street in streets:
            if street.has_houses and street.name:
                self._streets[street.name].append(street)
        also_said = street_words(language).also_said
        for name in self._streets:
            for said in _ways_to_say(name, also_said):
                self._exact.setdefault(said, name)
        self._names = [name for name in self._streets if not name[0].isdigit()]
        self._letters = [_letters(name) for name in self._names]
        self._sounds = [_sound(name) for name in self._names]
        self.longest = max((len(said.split()) for said in self._exact), default=1)

    def streets(self, name: str) -> tuple[Street, ...]:
        """The streets of that name: plain ones before service lanes, long before short."""
        return tuple(
            sorted(
                self._streets.get(name, ()),
                key=lambda street: (street.suffix_direction, street.lowest - street.highest),
            )
        )

    def exact(self, said: str) -> str | None:
        """The name that is written or said exactly so."""
        return self._exact.get(said)

    def alike(self, said: str, least: float, allowed: Callable[[str], bool]) -> tuple[Named, ...]:
        """Names that look and sound like what was heard, best first, if `allowed`."""
        letters, sound = _letters(said), _sound(said)
        if len(letters) < 3:
            return ()
        look = process.cdist([letters], self._letters, scorer=fuzz.ratio)[0]
        near = sorted(range(len(look)), key=lambda at: -look[at])[:_NEAREST]
        scored = (Named(self._names[at], self._likeness(at, look[at], sound)) for at in near)
        good = [each for each in scored if each.likeness >= least and allowed(each.name)]
        return tuple(sorted(good, key=_by_likeness)[:_MOST_ALIKE])

    def by_keys(self, digits: str) -> tuple[Street, ...]:
        """Streets whose name begins with these keys, or whose number does."""
        if not digits:
            return ()
        return tuple(
            street
            for name, streets in self._streets.items()
            if _letters(name).translate(_KEYPAD).startswith(digits)
            for street in streets
        )

    def _likeness(self, at: int, look: float, sound: str) -> float:
        return float(0.5 * look + 0.5 * fuzz.ratio(sound, self._sounds[at])) / 100


@lru_cache(maxsize=4)
def street_names(geocoder: Geocoder) -> StreetNames:
    """The index of a city's street names, made once."""
    return StreetNames(geocoder.streets, geocoder.language)


def _by_likeness(named: Named) -> tuple[float, str]:
    return -named.likeness, named.name


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _sound(name: str) -> str:
    return str(jellyfish.metaphone(name.lower())).replace(" ", "")


def _ways_to_say(name: str, also_said: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The name in lower case, run together, and with its abbreviations spoken or left out."""
    plain = re.sub(r"[^a-z0-9 ]", " ", name.lower()).split()
    ways = [plain]
    for at, word in enumerate(plain):
        for instead in also_said.get(word, ()):
            ways += [[*way[:at], instead, *way[at + 1 :]] for way in list(ways)]
    said = {" ".join(word for word in way if word) for way in ways}
    return tuple(sorted(said | {"".join(plain)}))
