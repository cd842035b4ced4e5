"""Work is done without a bell, and a slow kind of it holds up no other."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from config.settings import Settings
from infra import drain, jobs
from infra.db import Database
from infra.doorbell import Poller
from infra.jobs import Outbox, Run, enqueue, job
from infra.services import Services
from tests.conftest import eventually

pytestmark = pytest.mark.slow

NEVER = ((f"{__name__}.nothing", "live", 86_400),)


@job
def nothing(run: Run) -> None:
    """Is only asked for."""


@job
def wait_for(run: Run, file: str) -> None:
    """A download that takes its time."""
    eventually(Path(file).exists)


@pytest.fixture
def poller(settings: Settings, database: Database) -> Iterator[int]:
    """A process that looks; no bell is at hand."""
    pid = os.fork()
    if not pid:
        try:
            drain.forget()
            jobs.ring_with(lambda _queue: False)
            Poller(Services(settings, Database(settings.database)), schedule=NEVER).run()
            os._exit(0)
        finally:
            os._exit(1)
    yield pid
    os.kill(pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def states(database: Database) -> dict[str, str]:
    with database.read() as session:
        return {row.key: row.state for row in session.scalars(select(Outbox))}


def test_a_slow_download_holds_up_no_ticket_while_the_bell_is_away(
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


def _claimed(database: Database, key: str) -> bool:
    with database.read() as session:
        return session.scalars(select(Outbox).where(Outbox.key == key)).one().attempt == 1
