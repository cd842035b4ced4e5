"""When a ticket must be done: pure arithmetic over the city's hours and holidays.

The resident's clock starts when the report is filed and never starts again: passing a
ticket on, returning it or giving it another priority takes nothing off the time spent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import count

from config.city import City, Priority

_MOST_DAYS = 3660
"""A city that works on none of the days of ten years has wrong files."""


def deadline(city: City, priority: Priority, filed_at: datetime) -> datetime:
    """The moment by which a ticket of that priority is due, UTC.

    Calendar time runs through nights and holidays, in real hours also when clocks change.
    Whole working days end when the city closes; other working time counts open hours.
    """
    if priority.unit == "calendar":
        return filed_at.astimezone(UTC) + timedelta(hours=priority.hours)
    if priority.days.is_integer():
        return after_working_days(city, filed_at, int(priority.days))
    return after_working_time(city, filed_at, timedelta(hours=priority.hours))


def after_working_days(city: City, filed_at: datetime, days: int) -> datetime:
    """The close of business on the last of `days` working days after the day of filing."""
    day = filed_at.astimezone(city.zone).date()
    later = (following for following in _days_from(day) if following > day)
    working = (following for following in later if city.is_working_day(following))
    for _ in range(days - 1):
        next(working)
    return _open_hours(city, next(working))[1]


def after_working_time(city: City, filed_at: datetime, budget: timedelta) -> datetime:
    """The moment at which the city has been open for `budget` since the filing."""
    left, since = budget, filed_at.astimezone(UTC)
    for day in _days_from(since.astimezone(city.zone).date()):
        if not city.is_working_day(day):
            continue
        opens, closes = _open_hours(city, day)
        begin = max(opens, since)
        if begin + left <= closes:
            return begin + left
        left -= max(closes - begin, timedelta(0))
    raise AssertionError("unreachable: _days_from raises first")


class Urgency(StrEnum):
    """How near a deadline is, for the colour of a card."""

    CALM = "calm"
    SOON = "soon"
    LATE = "late"


@dataclass(frozen=True)
class TimeLeft:
    """A deadline seen from now: how urgent, and in words."""

    urgency: Urgency
    words: str
    is_near: bool
    """Less than a day is left: counted in hours or minutes, whatever its urgency."""


def time_left(due: datetime, filed_at: datetime, at: datetime) -> TimeLeft:
    """`2 days left`, `3 h left`, `late by 40 min`. Soon: a quarter of the time, or a day, is left.

    Whichever is less: a ticket of two hours turns in its last half hour.
    """
    left = due - at
    if left < timedelta(0):
        return TimeLeft(Urgency.LATE, f"late by {_words(-left)}", is_near=True)
    near = min((due - filed_at) / 4, timedelta(days=1))
    urgency = Urgency.SOON if left <= near else Urgency.CALM
    return TimeLeft(urgency, f"{_words(left)} left", is_near=left < timedelta(days=1))


def _words(distance: timedelta) -> str:
    minutes = int(distance.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def _days_from(day: date) -> Iterator[date]:
    for distance in count():
        if distance > _MOST_DAYS:
            raise ValueError("expected a working day within ten years; see hours in city.toml")
        yield day + timedelta(days=distance)


def _open_hours(city: City, day: date) -> tuple[datetime, datetime]:
    """When the city opens and closes that day, UTC."""
    opens = datetime.combine(day, city.hours.opens, tzinfo=city.zone)
    closes = datetime.combine(day, city.hours.closes, tzinfo=city.zone)
    return opens.astimezone(UTC), closes.astimezone(UTC)
