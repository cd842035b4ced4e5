"""When callers ring: a steady rate or a curve from a file, drawn from a seed."""

from __future__ import annotations

import csv
import math
import random
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path

_SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_HOUR_S = 3600.0


class BadArrivals(Exception):
    """A rate, a duration or a file of arrivals cannot be read; the text says what was expected."""


@dataclass(frozen=True)
class Curve:
    """Calls per slot, one slot after the other, from the beginning again after the last.

    slot_s: length of a slot in seconds.
    """

    calls: tuple[float, ...]
    slot_s: float

    def __post_init__(self) -> None:
        if not self.calls or min(self.calls) < 0 or sum(self.calls) <= 0 or self.slot_s <= 0:
            raise BadArrivals("expected slots with no call count below 0 and at least one above it")

    @property
    def length_s(self) -> float:
        """Seconds until it begins again."""
        return self.slot_s * len(self.calls)

    def times(self, duration_s: float, *, seed: int, scale: float = 1.0) -> Iterator[float]:
        """Arrivals in seconds from the start: a Poisson process whose rate is the curve.

        Unit-rate gaps are drawn and carried through the inverse of the cumulated curve, so one
        seed and a larger scale give the same crowd, only denser.
        """
        draw = random.Random(f"{seed}:arrivals")
        cumulated = tuple(accumulate(self.calls))
        reached = 0.0
        while True:
            reached += draw.expovariate(1.0) / scale
            at_s = self._when(reached, cumulated)
            if at_s >= duration_s:
                return
            yield at_s

    def _when(self, count: float, cumulated: tuple[float, ...]) -> float:
        """The second by which `count` calls are expected."""
        rounds, rest = divmod(count, cumulated[-1])
        slot = min(bisect_right(cumulated, rest), len(cumulated) - 1)
        into = rest - (cumulated[slot - 1] if slot else 0.0)
        share = into / self.calls[slot] if self.calls[slot] else 0.0
        return rounds * self.length_s + (slot + share) * self.slot_s


def read_arrivals(text: str) -> Curve:
    """A rate such as `90/min`, `2/s`, `400/h`, or the path of a CSV file. Raises BadArrivals."""
    rate = re.fullmatch(r"(\d+(?:\.\d+)?)\s*/\s*([a-z]+)", text.strip())
    if rate is None:
        return _curve_of(Path(text))
    if rate[2] not in _SECONDS:
        raise BadArrivals(f"a rate is calls per s, min, h or d, got {text!r}")
    return Curve((float(rate[1]),), _SECONDS[rate[2]])


def read_duration(text: str) -> float:
    """Seconds of `90`, `90s`, `10m`, `24h`, `7d`. Raises BadArrivals."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip())
    if found is None or found[2] not in _SECONDS or float(found[1]) <= 0:
        raise BadArrivals(f"expected a duration such as 90s, 10m or 24h, got {text!r}")
    return float(found[1]) * _SECONDS[found[2]]


def _curve_of(path: Path) -> Curve:
    """A CSV with a heading and two columns: hour, clock time or ISO date, and calls in the slot."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row][1:]
    except (OSError, ValueError, csv.Error) as error:
        raise BadArrivals(
            f"arrivals: expected a rate such as 90/min or a CSV file, got {str(path)!r} ({error})"
        ) from error
    if len(rows) < 2:
        raise BadArrivals(f"{path}: expected a heading and at least two rows of time,calls")
    try:
        times = [_seconds(row[0]) for row in rows]
        calls = tuple(float(row[1]) for row in rows)
    except (ValueError, IndexError) as error:
        raise BadArrivals(f"{path}: expected rows of time,calls ({error})") from error
    slot_s = times[1] - times[0]
    if slot_s <= 0 or not all(math.isfinite(one) for one in calls):
        raise BadArrivals(f"{path}: expected times that grow and whole counts")
    return Curve(calls, slot_s)


def _seconds(text: str) -> float:
    """Seconds of an hour (`8`), a clock time (`08:30`) or an ISO date and time."""
    plain = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return float(plain) * _HOUR_S
    clock = re.fullmatch(r"(\d{1,2}):(\d{2})", plain)
    if clock:
        return int(clock[1]) * _HOUR_S + int(clock[2]) * 60.0
    return datetime.fromisoformat(plain).timestamp()
