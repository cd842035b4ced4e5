"""TOML read with errors that name file, key and what was expected."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class CityError(Exception):
    """A city's file is missing or wrong; the text names file, key and what was expected."""


class Table:
    """One TOML table and where it stands."""

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        self._values = values
        self._place = place

    def wrong(self, key: str, expected: str) -> CityError:
        """The error for a key that is missing or has a value that cannot be used."""
        got = repr(self._values[key]) if key in self._values else "nothing"
        return CityError(f"{self._place}: {key}: expected {expected}, got {got}")

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._values

    def names(self) -> tuple[str, ...]:
        """The keys, in the order of the file."""
        return tuple(self._values)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; not empty unless a default is given."""
        value = self._values.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.wrong(key, "a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._values.get(key)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def number(self, key: str) -> float:
        """A number."""
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, "a number")
        return float(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of numbers."""
        value = self._values.get(key)
        if not isinstance(value, list) or not all(isinstance(each, int | float) for each in value):
            raise self.wrong(key, "a list of numbers")
        return tuple(float(each) for each in value)

    def pairs(self, key: str) -> tuple[tuple[float, float], ...]:
        """A list of pairs of numbers."""
        value = self._values.get(key)
        if not isinstance(value, list) or not all(_is_pair(each) for each in value):
            raise self.wrong(key, "a list of pairs of numbers")
        return tuple((float(a), float(b)) for a, b in value)

    def clock(self, key: str) -> time:
        """A time of day, written "08:30"."""
        try:
            return time.fromisoformat(self.text(key))
        except ValueError:
            raise self.wrong(key, 'a time of day like "08:30"') from None

    def zone(self, key: str) -> ZoneInfo:
        """A time zone of the IANA list."""
        try:
            return ZoneInfo(self.text(key))
        except (ZoneInfoNotFoundError, ValueError):
            raise self.wrong(key, 'a time zone like "America/Chicago"') from None

    def table(self, key: str) -> Table:
        """A table within."""
        value = self._values.get(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "a table")
        return Table(value, f"{self._place}: {key}")

    def tables(self, key: str) -> tuple[Table, ...]:
        """A list of tables."""
        value = self._values.get(key)
        if not isinstance(value, list) or not value:
            raise self.wrong(key, f"at least one [[{key}]]")
        return tuple(
            Table(each, f"{self._place}: {key} {each.get('code', number)}")
            for number, each in enumerate(value, start=1)
        )

    def children(self) -> Iterator[tuple[str, Table]]:
        """The tables within, with their names."""
        for key in self._values:
            yield key, self.table(key)

    def text_map(self) -> Mapping[str, str]:
        """All values, which must be texts."""
        return {key: self.text(key) for key in self._values}

    def number_map(self) -> Mapping[str, float]:
        """All values, which must be numbers."""
        return {key: self.number(key) for key in self._values}


def read_table(file: Path) -> Table:
    """Read a TOML file. Raises CityError."""
    place = f"{file.parent.name}/{file.name}"
    try:
        return Table(tomllib.loads(file.read_text(encoding="utf-8")), place)
    except FileNotFoundError:
        raise CityError(f"{place}: expected this file; see docs/add-a-city.md") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CityError(f"{place}: not readable as TOML: {error}") from None


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(each, int | float) for each in value)
    )
