"""R5 and R6 in small: work outlives its worker, and reconciling finds what no webhook told."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from calls.models import Call
from carriers.base import Carrier, CarrierCall
from config.settings import Settings
from infra.clock import now
from infra.db import Database
from infra.outbox.jobs import Run, job
from infra.outbox.rows import Outbox, enqueue
from infra.outbox.work import work
from infra.services import Services
from tests.conftest import arrives

SID = "CA" + "5" * 32


LONG_ADDRESS = "sip:" + "reception" * 30 + "@hotline.test"


def in_their_books(**differs: Any) -> CarrierCall:
    """A call that is over."""
    call = CarrierCall(
        sid=SID,
        from_number="+13125550101",
        to_number="+13125550100",
        direction="inbound",
        status="completed",
        started_at=now() - timedelta(seconds=40),
        ended_at=now() - timedelta(seconds=20),
        duration_s=20,
    )
    return replace(call, **differs)


class TheirBooks:
    """A carrier that knows of these calls; of one that is over if none are given."""

    def __init__(self, *known: CarrierCall) -> None:
        self.known = list(known) or [in_their_books()]

    def calls(self, *, since: object) -> list[CarrierCall]:
        return self.known


@job
def die_once(run: Run, folder: str) -> None:
    """Kill the process that works on it, the first time; then add one line."""
    died = Path(folder) / "died"
    if not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    with run.finish(), (Path(folder) / "done").open("a") as file:
        file.write("once\n")


def row(database: Database) -> Outbox:
    with database.read() as session:
        return session.scalars(select(Outbox)).one()


def test_work_of_a_killed_process_is_done_once_by_another_after_its_lease(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    services = Services(settings, database)
    with database.transaction() as session:
        enqueue(session, queue="tickets", job=f"{__name__}.die_once", key="x", args=[str(tmp_path)])
    pid = os.fork()
    if not pid:
        work(services, "tickets")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    left = row(database)
    assert (left.state, left.attempt) == ("waiting", 1)
    assert left.lease_until is not None
    assert left.lease_until <= now() + timedelta(seconds=settings.lease_s)
    assert work(services, "tickets") == 0, "its lease still runs"
    _let_lease_run_out(database)
    assert work(services, "tickets") == 1
    assert (row(database).state, row(database).attempt) == ("done", 2)
    assert (tmp_path / "done").read_text() == "once\n"


def test_reconciling_ends_and_settles_a_call_whose_last_callback_never_came(
    settings: Settings, database: Database
) -> None:
    services = Services(settings, database)
    services.add(Carrier, TheirBooks())
    with database.transaction() as session:
        arrives(session, SID).draft = {"category": "pothole"}
        enqueue(session, queue="reconcile", job="ivr.jobs.reconcile", key="every:reconcile:1")
    assert work(services, "reconcile") == 1
    assert work(services, "tickets") >= 1
    with database.read() as session:
        call = session.scalars(select(Call)).one()
        kept = session.scalars(select(Outbox.job).where(Outbox.job == "tickets.jobs.open_ticket"))
        assert (call.status, call.duration_s) == ("completed", 20)
        assert call.settled_at is not None
        assert kept.all(), "what the caller had said is a report"


def compare(settings: Settings, database: Database, *known: CarrierCall) -> dict[str, Call]:
    """Our calls by sid, after reconciling."""
    services = Services(settings, database)
    services.add(Carrier, TheirBooks(*known))
    with database.transaction() as session:
        enqueue(session, queue="reconcile", job="ivr.jobs.reconcile", key="every:reconcile:1")
    assert work(services, "reconcile") == 1
    with database.read() as session:
        return {call.carrier_sid: call for call in session.scalars(select(Call))}


def test_reconciling_keeps_a_call_from_an_address_longer_than_any_number(
    settings: Settings, database: Database
) -> None:
    ours = compare(settings, database, in_their_books(from_number=LONG_ADDRESS))
    assert ours[SID].status == "completed"
    assert LONG_ADDRESS.startswith(ours[SID].from_number)


def test_a_call_that_does_not_fit_our_books_holds_up_no_other(
    settings: Settings, database: Database
) -> None:
    others = [in_their_books(sid="CA" + str(n) * 32) for n in (1, 2)]
    unfit = in_their_books(sid="CA" + "7" * 200)
    ours = compare(settings, database, others[0], unfit, others[1])
    assert all(ours[other.sid].status == "completed" for other in others)


def _let_lease_run_out(database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Outbox).values(lease_until=now() - timedelta(seconds=1)))
