"""A place of the city: what every part of the house says of one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """An address, an intersection, or whatever words were said for it.

    lat, lon: degrees; None, as `district`, where the position is not known.
    """

    address: str = ""
    house_number: int | None = None
    street: str | None = None
    district: str | None = None
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True)
class PlaceGuess(Place):
    """What a caller's words say about the place.

    score: 0 to 1. problem: None when the place is certain enough to read back. `no_street`,
    `no_number`, `no_such_number`, `no_such_intersection`, `which_street` (see `runner_ups`) or
    `area_only`.
    """

    score: float = 0.0
    runner_ups: tuple[PlaceGuess, ...] = ()
    problem: str | None = None
