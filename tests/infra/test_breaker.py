"""A step that keeps failing is skipped, tried again by one call, and taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from infra import breaker
from infra.db import Database

STEP, OTHER = "live_speech", "recorded_speech"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    """The time of a test."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.at = NOON
        patch.setattr(breaker, "now", lambda: self.at)

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def fails(database: Database, times: int = 1) -> None:
    for _ in range(times):
        with database.transaction() as session:
            breaker.failure(session, STEP)


def allows(database: Database, step: str = STEP) -> bool:
    with database.transaction() as session:
        return breaker.allows(session, step)


def success(database: Database, since: datetime) -> None:
    with database.transaction() as session:
        breaker.success(session, STEP, since=since)


def test_five_failures_within_ten_seconds_open_the_breaker_of_that_step_alone(
    database: Database, clock: Clock
) -> None:
    fails(database, 4)
    assert allows(database)
    clock.passes(9.9)
    fails(database)
    assert not allows(database)
    assert allows(database, OTHER)


def test_five_failures_over_a_longer_time_open_nothing(database: Database, clock: Clock) -> None:
    for _ in range(12):
        fails(database)
        clock.passes(2.6)
    assert allows(database)


def test_after_ten_seconds_one_call_at_a_time_tries_the_step_again(
    database: Database, clock: Clock
) -> None:
    fails(database, 5)
    clock.passes(9)
    assert not allows(database)
    clock.passes(1)
    assert [allows(database) for _ in range(3)] == [True, False, False]
    clock.passes(10)
    assert [allows(database) for _ in range(2)] == [True, False], "the first try told nothing"


def test_a_try_that_held_closes_the_breaker_and_one_that_failed_does_not(
    database: Database, clock: Clock
) -> None:
    fails(database, 5)
    clock.passes(10)
    assert allows(database)
    clock.passes(1)
    fails(database)
    clock.passes(9)
    assert not allows(database), "the pause begins anew"
    clock.passes(1)
    assert allows(database)
    success(database, since=clock.at)
    assert [allows(database) for _ in range(3)] == [True, True, True]
    fails(database, 4)
    assert allows(database), "what failed before it opened is forgotten"


def test_a_call_that_began_before_the_breaker_opened_does_not_close_it(
    database: Database, clock: Clock
) -> None:
    before = clock.at
    clock.passes(1)
    fails(database, 5)
    success(database, since=before)
    assert not allows(database)


def test_a_failure_that_is_rolled_back_with_its_message_does_not_count(
    database: Database, clock: Clock
) -> None:
    fails(database, 4)
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        breaker.failure(session, STEP)
        raise ZeroDivisionError
    assert allows(database)
