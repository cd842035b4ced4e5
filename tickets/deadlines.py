"""When a ticket must be done: pure arithmetic over the city's hours and holidays.

The resident's clock starts when the report is filed and never starts again.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from config.city import City, Grade


def deadline(city: City, grade: Grade, filed_at: datetime) -> datetime:
    """The moment by which a ticket of that grade is due, UTC.

    Calendar time runs through nights and holidays, in real hours also over a change of
    clocks; working time counts whole working days of the city and ends when they close.
    """
    if grade.unit == "calendar":
        return filed_at.astimezone(UTC) + timedelta(hours=grade.hours)
    return _after_working_days(city, filed_at, round(grade.days))


def _after_working_days(city: City, filed_at: datetime, days: int) -> datetime:
    """The close of business on the last of `days` working days after the day of filing."""
    local = filed_at.astimezone(city.zone)
    day = local.date()
    left = days
    while left > 0:
        day += timedelta(days=1)
        if city.is_working_day(day):
            left -= 1
    closes: time = city.hours.closes
    return datetime.combine(day, closes, tzinfo=city.zone).astimezone(UTC)
