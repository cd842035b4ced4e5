"""The outbox on real databases: once in effect, whatever happens to the worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from config.settings import Settings
from infra.clock import now
from infra.db import Database, after_commit
from infra.outbox.jobs import Fenced, Later, Permanent, Run, job
from infra.outbox.rows import Outbox, enqueue
from infra.outbox.work import MOST_FAILURES, work
from infra.services import Services

HERE = "tests.infra.outbox.test_work"
seen: list[int] = []


@job
def remember(run: Run, number: int) -> None:
    with run.finish() as session:
        seen.append(number)
        session.flush()


@job
def come_back(run: Run, number: int) -> None:
    raise Later(60, "not there yet")


@job
def break_down(run: Run, number: int) -> None:
    raise RuntimeError("a caller's words must not be kept")


@job
def refuse(run: Run, number: int) -> None:
    raise Permanent("this number is not known")


@job
def be_overtaken(run: Run, number: int) -> None:
    with run.database.transaction() as session:
        row = session.scalars(select(Outbox)).one()
        row.attempt += 1
    with pytest.raises(Fenced), run.finish():
        seen.append(number)
    raise Fenced("overtaken")


@pytest.fixture
def services(settings: Settings, database: Database) -> Services:
    seen.clear()
    return Services(settings, database)


def ask(services: Services, name: str, key: str = "k", number: int = 1) -> None:
    with services.database.transaction() as session:
        enqueue(session, queue="tickets", job=f"{HERE}.{name}", key=key, args=[number])


def row(services: Services) -> Outbox:
    with services.database.read() as session:
        return session.scalars(select(Outbox)).one()


def test_a_row_is_worked_once_and_the_same_key_is_ignored(services: Services) -> None:
    ask(services, "remember")
    ask(services, "remember", number=2)
    assert work(services, "tickets") == 1
    assert work(services, "tickets") == 0
    assert seen == [1]
    assert row(services).state == "done"


def test_rows_of_another_queue_stay(services: Services) -> None:
    ask(services, "remember")
    assert work(services, "carrier") == 0
    assert row(services).state == "waiting"


def test_not_yet_defers_without_counting_a_failure(services: Services) -> None:
    ask(services, "come_back")
    work(services, "tickets")
    left = row(services)
    assert (left.state, left.failures, left.last_error) == ("waiting", 0, "not there yet")
    assert left.next_at > now() + timedelta(seconds=50)


def test_an_error_backs_off_and_its_text_is_not_kept(services: Services) -> None:
    ask(services, "break_down")
    work(services, "tickets")
    left = row(services)
    assert (left.state, left.failures, left.last_error) == ("waiting", 1, "RuntimeError")


def test_a_row_that_always_fails_becomes_a_dead_letter(services: Services) -> None:
    ask(services, "break_down")
    for _ in range(MOST_FAILURES):
        with services.database.transaction() as session:
            session.scalars(select(Outbox)).one().next_at = now() - timedelta(seconds=1)
        work(services, "tickets")
    assert row(services).state == "dead"


def test_a_permanent_refusal_is_a_dead_letter_at_once_with_its_reason(services: Services) -> None:
    ask(services, "refuse")
    work(services, "tickets")
    assert row(services).last_error == "Permanent: this number is not known"


def test_a_name_that_is_no_job_makes_a_dead_letter(services: Services) -> None:
    ask(services, "ask")
    work(services, "tickets")
    assert row(services).state == "dead"


def test_an_overtaken_attempt_commits_nothing(services: Services) -> None:
    ask(services, "be_overtaken")
    work(services, "tickets", limit=1)
    assert seen == []
    assert row(services).state == "waiting"


def test_a_dead_workers_row_is_taken_over_when_its_lease_is_over(services: Services) -> None:
    ask(services, "remember")
    with services.database.transaction() as session:
        dead = session.scalars(select(Outbox)).one()
        dead.attempt, dead.lease_until = 1, now() + timedelta(seconds=30)
    assert work(services, "tickets") == 0
    with services.database.transaction() as session:
        session.scalars(select(Outbox)).one().lease_until = now() - timedelta(seconds=1)
    assert work(services, "tickets") == 1
    assert row(services).attempt == 2


def test_a_rolled_back_change_leaves_no_work(services: Services) -> None:
    with pytest.raises(RuntimeError), services.database.transaction() as session:
        enqueue(session, queue="tickets", job=f"{HERE}.remember", key="k", args=[1])
        raise RuntimeError
    assert work(services, "tickets") == 0


def test_a_change_that_is_committed_is_a_success_though_nobody_can_be_notified(
    services: Services,
) -> None:
    told: list[str] = []

    def deaf() -> None:
        raise ConnectionError

    with services.database.transaction() as session:
        enqueue(session, queue="tickets", job=f"{HERE}.remember", key="k", args=[1])
        after_commit(session, deaf)
        after_commit(session, lambda: told.append("told"))
    assert told == ["told"]
    assert work(services, "tickets") == 1
