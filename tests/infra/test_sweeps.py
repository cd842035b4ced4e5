"""A comparison goes on where the last one that was done began."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from config.settings import Settings
from infra.clock import now
from infra.db import Database
from infra.jobs import Outbox, Permanent, Run, enqueue, job, work
from infra.services import Services
from infra.sweeps import DAY, RECENT, since_last

SOON = timedelta(seconds=5)
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


def comes_round(services: Services, name: str = "compare") -> None:
    with services.database.transaction() as session:
        enqueue(session, queue="books", job=f"{__name__}.{name}", key=f"every:{name}:{now()}")
    assert work(services, "books") == 1


def goes_by(services: Services, time: timedelta) -> None:
    with services.database.transaction() as session:
        session.execute(update(Outbox).values(created_at=now() - time))


def looks_back(services: Services) -> timedelta:
    comes_round(services)
    return now() - looked[-1]


def test_the_first_looks_at_the_last_minutes(services: Services) -> None:
    assert RECENT <= looks_back(services) < RECENT + SOON


def test_the_next_begins_a_little_before_the_last_was_asked_for(services: Services) -> None:
    comes_round(services)
    goes_by(services, timedelta(seconds=20))
    assert timedelta(seconds=80) <= looks_back(services) < timedelta(seconds=80) + SOON


def test_after_a_long_absence_all_of_it_is_looked_at(services: Services) -> None:
    comes_round(services)
    goes_by(services, timedelta(hours=5))
    assert looks_back(services) > timedelta(hours=5)


def test_a_day_back_is_the_farthest(services: Services) -> None:
    comes_round(services)
    goes_by(services, timedelta(days=5))
    assert DAY <= looks_back(services) < DAY + SOON


def test_one_that_was_not_done_and_other_work_count_as_none(services: Services) -> None:
    comes_round(services)
    goes_by(services, timedelta(hours=5))
    comes_round(services, "refuse")
    with services.database.transaction() as session:
        enqueue(session, queue="books", job=f"{__name__}.compare", key="waits", delay_s=3600)
    assert looks_back(services) > timedelta(hours=5)
