"""Deadlines: calendar time, working time, holidays, and the nights when clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.city import City, Hours, Priority
from tests.cities import chicago
from tickets.deadlines import Urgency, after_working_time, deadline, time_left


def office(zone: str = "Europe/Berlin", **hours: object) -> City:
    """A city that works 9 to 18, Monday to Friday, without holidays of its own."""
    open_hours = Hours(opens=time(9), closes=time(18), weekdays=(1, 2, 3, 4, 5))
    return replace(
        chicago(),
        zone=ZoneInfo(zone),
        country="DE",
        subdivision="",
        hours=replace(open_hours, **hours),  # type: ignore[arg-type]
    )


def at(city: City, text: str) -> datetime:
    """A moment of the city's own clock."""
    return datetime.fromisoformat(text).replace(tzinfo=city.zone)


def calendar(hours: float) -> Priority:
    """A priority in calendar hours."""
    return Priority("test", "Test", hours, "calendar")


def working(*, hours: float = 0, days: float = 0) -> Priority:
    """A priority in working time."""
    return Priority("test", "Test", hours + 24 * days, "working")


@pytest.mark.parametrize(
    ("filed", "hours", "due"),
    [
        ("2026-06-03T23:30", 2, "2026-06-04T01:30"),
        ("2026-06-03T12:00", 24, "2026-06-04T12:00"),
        ("2026-06-05T17:00", 168, "2026-06-12T17:00"),
    ],
)
def test_calendar_time_runs_through_nights_and_weekends(filed: str, hours: float, due: str) -> None:
    city = office()
    assert deadline(city, calendar(hours), at(city, filed)) == at(city, due)


@pytest.mark.parametrize(
    ("filed", "due"),
    [
        ("2026-03-07T12:00", "2026-03-08T13:00"),
        ("2026-10-31T12:00", "2026-11-01T11:00"),
    ],
)
def test_a_day_is_24_hours_when_the_clocks_change(filed: str, due: str) -> None:
    city = office("America/New_York")
    assert deadline(city, calendar(24), at(city, filed)) == at(city, due)


@pytest.mark.parametrize(
    ("filed", "hours", "due"),
    [
        ("2026-06-12T17:30", 4, "2026-06-15T12:30"),
        ("2026-06-12T03:00", 4, "2026-06-12T13:00"),
        ("2026-06-13T12:00", 4, "2026-06-15T13:00"),
        ("2026-06-12T18:00", 1, "2026-06-15T10:00"),
        ("2026-06-12T09:00", 9, "2026-06-12T18:00"),
        ("2026-06-12T09:00", 10, "2026-06-15T10:00"),
        ("2026-05-22T17:30", 4, "2026-05-26T12:30"),
    ],
    ids=[
        "over a weekend",
        "at night",
        "on a Saturday",
        "at closing",
        "all day",
        "next day",
        "Whit",
    ],
)
def test_working_hours_count_while_the_city_is_open(filed: str, hours: float, due: str) -> None:
    city = office()
    assert deadline(city, working(hours=hours), at(city, filed)) == at(city, due)


def test_a_saturday_can_be_a_working_day() -> None:
    city = office(weekdays=(1, 2, 3, 4, 5, 6))
    filed = at(city, "2026-06-12T17:30")
    assert deadline(city, working(hours=4), filed) == at(city, "2026-06-13T12:30")


@pytest.mark.parametrize(
    ("filed", "days", "due"),
    [
        ("2026-06-12T10:00", 1, "2026-06-15T18:00"),
        ("2026-06-12T23:00", 1, "2026-06-15T18:00"),
        ("2026-06-13T10:00", 1, "2026-06-15T18:00"),
        ("2026-12-23T10:00", 2, "2026-12-28T18:00"),
        ("2026-06-01T08:00", 15, "2026-06-22T18:00"),
    ],
    ids=["Friday", "late", "Saturday", "Christmas", "three weeks"],
)
def test_working_days_end_when_the_city_closes(filed: str, days: float, due: str) -> None:
    city = office()
    assert deadline(city, working(days=days), at(city, filed)) == at(city, due)


@pytest.mark.parametrize("filed", ["2026-03-27T17:00", "2026-10-23T17:00"])
def test_working_days_end_at_the_same_hour_of_the_clock_over_a_change(filed: str) -> None:
    city = office()
    due = deadline(city, working(days=1), at(city, filed)).astimezone(city.zone)
    assert (due.hour, due.minute, due.weekday()) == (18, 0, 0)


def test_the_demo_city_counts_its_own_holidays() -> None:
    city = chicago()
    filed = at(city, "2026-07-02T10:00")
    due = deadline(city, working(days=1), filed).astimezone(city.zone)
    assert f"{due:%a %H:%M}" == "Mon 17:00"


def test_a_city_that_never_works_is_refused_instead_of_searched_for_ever() -> None:
    city = office(weekdays=())
    with pytest.raises(ValueError, match="working day"):
        deadline(city, working(hours=4), at(city, "2026-06-12T17:30"))


@given(
    start=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31)),
    minutes=st.integers(1, 6000),
    more=st.integers(0, 6000),
)
def test_more_time_is_never_due_earlier(start: datetime, minutes: int, more: int) -> None:
    city = office("America/New_York")
    filed = start.replace(tzinfo=UTC)
    one = after_working_time(city, filed, timedelta(minutes=minutes))
    other = after_working_time(city, filed, timedelta(minutes=minutes + more))
    assert filed < one <= other


@pytest.mark.parametrize(
    ("left", "urgency", "words"),
    [
        (timedelta(days=6, hours=2), Urgency.CALM, "6 days left"),
        (timedelta(hours=47), Urgency.CALM, "47 h left"),
        (timedelta(hours=20), Urgency.SOON, "20 h left"),
        (timedelta(minutes=40), Urgency.SOON, "40 min left"),
        (timedelta(minutes=-40), Urgency.LATE, "late by 40 min"),
        (timedelta(days=-3), Urgency.LATE, "late by 3 days"),
    ],
)
def test_the_time_left_is_told_in_words(left: timedelta, urgency: Urgency, words: str) -> None:
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    filed = moment + left - timedelta(days=7)
    seen = time_left(moment + left, filed, moment)
    assert (seen.urgency, seen.words) == (urgency, words)


def test_a_ticket_of_two_hours_is_urgent_only_in_its_last_half_hour() -> None:
    filed = datetime(2026, 6, 1, tzinfo=UTC)
    due = filed + timedelta(hours=2)
    assert time_left(due, filed, filed + timedelta(minutes=80)).urgency is Urgency.CALM
    assert time_left(due, filed, filed + timedelta(minutes=91)).urgency is Urgency.SOON


def test_hours_that_are_left_are_told_apart_from_days_whatever_the_urgency() -> None:
    filed = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    due = filed + timedelta(days=6)
    assert not time_left(due, filed, filed).is_near
    short = filed + timedelta(hours=2)
    hour = time_left(short, filed, filed + timedelta(hours=1))
    assert (hour.urgency, hour.is_near) == (Urgency.CALM, True)
