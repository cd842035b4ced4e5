"""The city's streets with their address ranges, from `streets.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from config.toml_models import ConfigError

_COLUMNS = ("direction", "name", "suffix", "suffix_direction", "min_address", "max_address")

_NO_HOUSES = frozenset({"ER", "XR", "EXPY", "TOLL", "RL", "SR"})
"""Suffixes of ramps, expressways and service roads: nobody lives there."""


@dataclass(frozen=True)
class Street:
    """One street: `direction` N, S, E or W, `name` in capitals, and the numbers it has."""

    direction: str
    name: str
    suffix: str
    suffix_direction: str
    lowest: int
    highest: int

    @property
    def full_name(self) -> str:
        """As the city writes it: `N CLARK ST`."""
        parts = (self.direction, self.name, self.suffix, self.suffix_direction)
        return " ".join(part for part in parts if part)

    @property
    def has_houses(self) -> bool:
        """Whether it is a street to stand on, not a ramp or a lane of an expressway."""
        return self.suffix not in _NO_HOUSES

    def has_number(self, number: int) -> bool:
        """Whether the house number lies in its range."""
        return self.lowest <= number <= self.highest


def read_streets(file: Path) -> tuple[Street, ...]:
    """Read the list. Raises ConfigError with the line."""
    place = f"{file.parent.name}/{file.name}"
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [column for column in _COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise ConfigError(f"{place}: expected a column {missing[0]}")
            return tuple(_street(place, number, row) for number, row in enumerate(rows, start=2))
    except FileNotFoundError:
        raise ConfigError(f"{place}: expected this file") from None


def _street(place: str, line: int, row: dict[str, str]) -> Street:
    try:
        lowest, highest = int(row["min_address"]), int(row["max_address"])
    except (TypeError, ValueError):
        raise ConfigError(f"{place} line {line}: expected address numbers") from None
    return Street(
        direction=row["direction"],
        name=row["name"],
        suffix=row["suffix"],
        suffix_direction=row["suffix_direction"],
        lowest=lowest,
        highest=highest,
    )
