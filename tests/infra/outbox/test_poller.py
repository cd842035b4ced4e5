"""Work is done without a signal, and a slow kind of it holds up no other."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from config.settings import Settings
from infra import drain
from infra.db import Database
from infra.outbox.jobs import Run, job
from infra.outbox.plan import OutboxPlan
from infra.outbox.rows import Outbox, enqueue
from infra.outbox.schedule import Every
from infra.outbox.workers import Poller
from infra.services import Services
from ops.queues import PLAN
from tests.conftest import eventually

pytestmark = pytest.mark.slow

NEVER = (Every(f"{__name__}.nothing", "live", 86_400),)


@job
def nothing(run: Run) -> None:
    """Is only asked for."""


@job
def write_niceness(run: Run, file: str) -> None:
    """Write the niceness of the thread that works on it."""
    Path(file).write_text(str(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))


@job
def wait_for(run: Run, file: str) -> None:
    """A download that takes its time."""
    eventually(Path(file).exists)


@pytest.fixture
def poller(settings: Settings, database: Database) -> Iterator[int]:
    """A process that looks; no signal comes."""
    pid = os.fork()
    if not pid:
        try:
            drain.forget()
            own = Database(settings.database)
            own.attach(OutboxPlan, PLAN)
            Poller(Services(settings, own), schedule=NEVER).run()
            os._exit(0)
        finally:
            os._exit(1)
    yield pid
    os.kill(pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def states(database: Database) -> dict[str, str]:
    with database.read() as session:
        return {row.key: row.state for row in session.scalars(select(Outbox))}


def test_a_slow_download_holds_up_no_ticket_while_no_signal_comes(
    poller: int, database: Database, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    with database.transaction() as session:
        enqueue(session, queue="carrier", job=f"{__name__}.wait_for", key="slow", args=[str(there)])
    eventually(lambda: _claimed(database, "slow"))
    with database.transaction() as session:
        enqueue(session, queue="tickets", job=f"{__name__}.nothing", key="vital")
    eventually(lambda: states(database)["vital"] == "done")
    assert states(database)["slow"] == "waiting"
    there.touch()
    eventually(lambda: states(database)["slow"] == "done")
    eventually(lambda: any(key.startswith("every:") for key in states(database)))


def test_a_look_says_whether_more_may_be_left(settings: Settings, database: Database) -> None:
    with database.transaction() as session:
        for number in range(7):
            enqueue(session, queue="tickets", job=f"{__name__}.nothing", key=f"vital {number}")
    poller = Poller(Services(settings, database), schedule=NEVER)
    assert [poller.look_at("tickets") for _ in range(3)] == [True, False, False]
    assert set(states(database).values()) == {"done"}


def test_downloads_give_way_and_tickets_do_not(
    poller: int, database: Database, tmp_path: Path
) -> None:
    with database.transaction() as session:
        for queue in ("carrier", "tickets"):
            file = str(tmp_path / queue)
            enqueue(session, queue=queue, job=f"{__name__}.write_niceness", key=queue, args=[file])
    eventually(lambda: states(database).get("carrier") == states(database)["tickets"] == "done")
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert int((tmp_path / "tickets").read_text()) == mine
    assert int((tmp_path / "carrier").read_text()) > mine


def _claimed(database: Database, key: str) -> bool:
    with database.read() as session:
        return session.scalars(select(Outbox).where(Outbox.key == key)).one().attempt == 1
