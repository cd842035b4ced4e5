"""A process that is told to stop ends what it has in hand and takes nothing new."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from config.settings import Settings
from infra import drain
from infra.db import Database
from infra.outbox.jobs import Run, job
from infra.outbox.rows import Outbox, enqueue
from infra.outbox.wakeup import answer, answer_with
from infra.outbox.work import work
from infra.outbox.workers import QueueWorker
from infra.services import Services


@pytest.fixture(autouse=True)
def undisturbed() -> Iterator[None]:
    """The signals of the test's own process, as they were."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    drain.forget()
    for number, handler in kept.items():
        signal.signal(number, handler)


@job
def stop_in_the_middle(run: Run, folder: str, name: str) -> None:
    """Be told to stop, and end the row all the same."""
    os.kill(os.getpid(), signal.SIGTERM)
    with run.finish():
        (Path(folder) / name).touch()


def states(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Outbox.state).order_by(Outbox.id)))


def test_a_worker_told_to_stop_ends_the_row_in_hand_and_leaves_the_next(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    with database.transaction() as session:
        for name in ("first", "second"):
            enqueue(
                session,
                queue="tickets",
                job=f"{__name__}.stop_in_the_middle",
                key=name,
                args=[str(tmp_path), name],
            )
    answer_with(Services(settings, database))
    answer("tickets")
    assert states(database) == ["done", "waiting"]
    assert (tmp_path / "first").exists()
    assert not (tmp_path / "second").exists()
    assert work(Services(settings, database), "tickets") == 0, "it takes nothing any more"
    drain.forget()
    assert work(Services(settings, database), "tickets") == 1


def test_a_stop_that_comes_while_a_worker_waits_raises_nothing(settings: Settings) -> None:
    """RQ's own handler raises from wherever the process is, also from within a line of log."""
    worker = object.__new__(QueueWorker)
    worker.is_stopping, worker._horse_pid = False, 0
    worker.request_stop(signal.SIGTERM, None)
    assert worker.is_stopping
    assert worker.dequeue_job_and_maintain_ttl(1) is None


def test_a_stop_reaches_the_job_under_way(settings: Settings) -> None:
    worker = object.__new__(QueueWorker)
    worker.is_stopping = False
    worker._horse_pid = os.fork()
    if not worker._horse_pid:
        signal.pause()
        os._exit(1)
    worker.request_stop(signal.SIGTERM, None)
    _pid, status = os.waitpid(worker._horse_pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGTERM
