"""A street grid: house numbers tell the distance from two baselines, so they give a point.

Miles need not be equally long in numbers: each direction has its own steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, field_validator

from config.toml_models import ConfigModel, Number, Text
from places.streets import Street

_POSITION = re.compile(r"(\d+) ([NSEW])")
_NUMBERED = re.compile(r"(\d+)(ST|ND|RD|TH)")
_SIGN = {"N": 1, "E": 1, "S": -1, "W": -1}

Steps = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Grid:
    """Baselines, scale, and the grid numbers of the streets themselves.

    positions: street name → signed number on the other axis (north and east are positive),
    apart for streets that run north-south and east-west.
    """

    lat: float
    lon: float
    lat_per_mile: float
    lon_per_mile: float
    lat_per_lon: float
    """How far an east-west street leans: degrees of latitude for each of longitude."""
    lon_per_lat: float
    miles: Mapping[str, Steps]
    north_south: Mapping[str, float]
    east_west: Mapping[str, float]
    slanting: Mapping[str, Steps]
    """Streets that cut across the grid, as `N CLARK`: (own number, signed position there)."""

    def point(self, north: float, east: float) -> tuple[float, float]:
        """Latitude and longitude of signed grid numbers."""
        up = self._miles("N" if north >= 0 else "S", north) * self.lat_per_mile
        right = self._miles("E" if east >= 0 else "W", east) * self.lon_per_mile
        return self.lat + up + right * self.lat_per_lon, self.lon + right + up * self.lon_per_lat

    def position(self, street: Street, along: float = 0) -> float | None:
        """The street's own signed number on the other axis, where it is known.

        along: signed number on the axis it runs along; matters for slanting streets only.
        """
        steps = self.slanting.get(f"{street.direction} {street.name}")
        if steps is not None:
            return _between(steps, abs(along))
        if street.direction in ("N", "S"):
            return self.north_south.get(street.name)
        numbered = _NUMBERED.fullmatch(street.name)
        if numbered:
            half = 30 if street.suffix == "PL" else 0
            return -(int(numbered[1]) * 100.0 + half)
        return self.east_west.get(street.name)

    def house(self, street: Street, number: int) -> tuple[float, float] | None:
        """The point of a house number; None where the street's own place is not known."""
        along = number * _SIGN[street.direction]
        position = self.position(street, along)
        if position is None:
            return None
        if street.direction in ("N", "S"):
            return self.point(along, position)
        return self.point(position, along)

    def intersection(self, one: Street, other: Street) -> tuple[float, float] | None:
        """The point where two streets meet; None when the grid does not know."""
        numbers = self._intersection_numbers(one, other)
        return self.point(*numbers) if numbers else None

    def meets(self, one: Street, other: Street) -> bool | None:
        """Whether the streets' number ranges reach one another; None when it cannot be told."""
        if self._is_straight(one) and self._is_straight(other) and _side_by_side(one, other):
            return False
        numbers = self._intersection_numbers(one, other)
        if numbers is None:
            return None
        north, east = numbers
        upright, level = _upright_first(one, other)
        return _reaches(level, east) and _reaches(upright, north)

    def _is_straight(self, street: Street) -> bool:
        slants = f"{street.direction} {street.name}" in self.slanting
        return not slants and self.position(street) is not None

    def _intersection_numbers(self, one: Street, other: Street) -> tuple[float, float] | None:
        """Signed numbers (north, east) where a north-south and an east-west street meet."""
        if _side_by_side(one, other):
            return None
        upright, level = _upright_first(one, other)
        slants = f"{level.direction} {level.name}" in self.slanting
        east = self.position(upright) if slants else None
        north = self.position(level, east or 0)
        if north is None or (slants and east is None):
            return None
        east = self.position(upright, north)
        return None if east is None else (north, east)

    def _miles(self, direction: str, number: float) -> float:
        """Signed miles from the baseline."""
        size, before = abs(number), (0.0, 0.0)
        for step in self.miles[direction]:
            if size <= step[0]:
                share = (size - before[0]) / (step[0] - before[0])
                return _SIGN[direction] * (before[1] + share * (step[1] - before[1]))
            before = step
        return _SIGN[direction] * (before[1] + (size - before[0]) / 800)


def _side_by_side(one: Street, other: Street) -> bool:
    return (one.direction in ("N", "S")) == (other.direction in ("N", "S"))


def _upright_first(one: Street, other: Street) -> tuple[Street, Street]:
    return (one, other) if one.direction in ("N", "S") else (other, one)


def _between(steps: Steps, number: float) -> float | None:
    """Linear between steps of rising numbers; None outside them."""
    for (low, start), (high, end) in pairwise(steps):
        if low <= number <= high:
            return start + (number - low) / (high - low) * (end - start)
    return None


def _reaches(street: Street, position: float) -> bool:
    """Whether a street has numbers near a position of the axis it runs along (a block's slack)."""
    if position and _SIGN[street.direction] * position < -99:
        return False
    return street.lowest - 100 <= abs(position) <= street.highest + 100


class BaseTable(ConfigModel):
    """Where the baselines cross, and the scale."""

    lat: Number
    lon: Number
    lat_per_mile: Number
    lon_per_mile: Number
    lat_per_lon: Number
    lon_per_lat: Number


def _pairs(value: object) -> object:
    if not isinstance(value, list) or not all(_is_pair(each) for each in value):
        raise ValueError("expected a list of pairs of numbers")
    return value


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(each, int | float) for each in value)
    )


def _rising(steps: Steps) -> Steps:
    numbers = [number for number, _ in steps]
    if len(steps) < 2 or numbers != sorted(set(numbers)):
        raise ValueError("expected at least two pairs with rising numbers")
    return steps


def _signed(axis: str) -> Callable[[Mapping[str, tuple[str, ...]]], Mapping[str, float]]:
    """From `36 W` with its streets to the streets with their signed numbers."""

    def read(streets: Mapping[str, tuple[str, ...]]) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for position, names in streets.items():
            written = _POSITION.fullmatch(position)
            if not written or written[2] not in axis:
                raise ValueError(f"expected a position like `100 {axis[0]}`")
            found |= dict.fromkeys(names, int(written[1]) * float(_SIGN[written[2]]))
        return found

    return read


Pairs = Annotated[Steps, BeforeValidator(_pairs)]
_Streets = Mapping[str, tuple[Text, ...]]


class GridFile(ConfigModel):
    """`grid.toml`."""

    language: Text
    """The language that the streets are named in."""
    base: BaseTable
    miles: Mapping[str, Pairs]
    sounds: Mapping[str, Text]
    slanting: Mapping[str, Annotated[Pairs, AfterValidator(_rising)]]
    north_south: Annotated[_Streets, AfterValidator(_signed("EW"))]
    east_west: Annotated[_Streets, AfterValidator(_signed("NS"))]

    @field_validator("miles")
    @classmethod
    def _all_directions(cls, miles: Mapping[str, Steps]) -> Mapping[str, Steps]:
        if set(miles) != set(_SIGN):
            raise ValueError("expected N, E, S and W")
        return miles

    def grid(self) -> Grid:
        """The grid that the file describes."""
        return Grid(
            **self.base.model_dump(),
            miles=self.miles,
            north_south=self.north_south,  # type: ignore[arg-type]
            east_west=self.east_west,  # type: ignore[arg-type]
            slanting=self.slanting,
        )
