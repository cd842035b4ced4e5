"""A comparison goes on where the last one that was done began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from config.settings import Settings
from infra.db import Database
from infra.outbox.jobs import Permanent, Run, job
from infra.outbox.reconcile import RECENT, WEEK, since_last
from infra.outbox.rows import enqueue
from infra.outbox.work import work
from infra.services import Services

BEGIN = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=3)
looked: list[datetime] = []


@job
def compare(run: Run) -> None:
    looked.append(since_last(run))


@job
def refuse(run: Run) -> None:
    raise Permanent("the carrier is away")


@pytest.fixture
def services(settings: Settings, database: Database) -> Services:
    return Services(settings, database)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEGIN, tick=False) as traveller:
        yield traveller


def asks(services: Services, name: str = "compare") -> None:
    with services.database.transaction() as session:
        job_name = f"{__name__}.{name}"
        enqueue(session, queue="reconcile", job=job_name, key=f"every:{name}:{datetime.now(UTC)}")


def looks_from(services: Services) -> datetime:
    asks(services)
    assert work(services, "reconcile") == 1
    return looked[-1]


def test_the_first_looks_at_the_last_minutes(
    services: Services, clock: time_machine.Traveller
) -> None:
    assert looks_from(services) == BEGIN - RECENT - OVERLAP


@pytest.mark.parametrize("pause", [timedelta(seconds=15), timedelta(hours=5), timedelta(days=3)])
def test_the_next_begins_a_little_before_the_last_however_long_ago_that_was(
    services: Services, clock: time_machine.Traveller, pause: timedelta
) -> None:
    looks_from(services)
    clock.shift(pause)
    assert looks_from(services) == BEGIN - OVERLAP


def test_it_counts_from_when_the_last_was_asked_for_not_from_when_it_came_to_run(
    services: Services, clock: time_machine.Traveller
) -> None:
    asks(services)
    clock.shift(timedelta(minutes=10))
    assert work(services, "reconcile") == 1
    assert looks_from(services) == BEGIN - OVERLAP


def test_a_week_back_is_the_farthest(services: Services, clock: time_machine.Traveller) -> None:
    looks_from(services)
    clock.shift(timedelta(days=30))
    assert looks_from(services) == BEGIN + timedelta(days=30) - WEEK


def test_a_clock_that_was_ahead_does_not_make_it_look_into_the_future(
    services: Services, clock: time_machine.Traveller
) -> None:
    looks_from(services)
    clock.shift(timedelta(hours=-2))
    assert looks_from(services) == BEGIN - timedelta(hours=2) - OVERLAP


def test_one_that_was_given_up_and_other_work_count_as_none(
    services: Services, clock: time_machine.Traveller
) -> None:
    looks_from(services)
    clock.shift(timedelta(hours=1))
    asks(services, "refuse")
    assert work(services, "reconcile") == 1
    assert looks_from(services) == BEGIN - OVERLAP
