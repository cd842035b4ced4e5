"""Works the rows of a queue: claimed by lease, fenced by attempt, retried or given up."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from infra import drain
from infra.clock import now
from infra.log import logger
from infra.outbox.jobs import Fenced, Later, Permanent, Run, job_named
from infra.outbox.plan import OutboxPlan, plan_of
from infra.outbox.rows import Outbox, RowState, due_rows, is_due
from infra.services import Services

MOST_FAILURES = 8
"""After so many a row is a dead letter."""
_LONGEST_PAUSE_S = 3600

_log = logger(__name__)


def work(services: Services, queue: str, *, limit: int = 50) -> int:
    """Work rows of `queue` until none is due, `limit` is reached or the process is to end.

    Returns how many.
    """
    for count in range(limit):
        if drain.is_on():
            return count
        claimed = _claim(services, queue)
        if claimed is None:
            return count
        _attempt(*claimed)
    return limit


def safe_reason(error: BaseException, plan: OutboxPlan) -> str:
    """What may be kept of an error: its class, and its text only if it is one of ours."""
    package = type(error).__module__.split(".")[0]
    ours = isinstance(error, (Later, Permanent, Fenced)) or package in plan.own_packages
    return f"{type(error).__name__}: {error}" if ours else type(error).__name__


def _claim(services: Services, queue: str) -> tuple[Run, list[Any]] | None:
    """Take the oldest due row by lease; no other process can hold it at the same time.

    It looks before it asks for the write lock, which on SQLite every turn of a call waits for.
    """
    with services.database.read() as session:
        if not is_due(session, queue):
            return None
    with services.database.transaction("outbox.claim") as session:
        query = due_rows(queue).limit(1).with_for_update(skip_locked=True)
        row_id = session.scalar(query)
        if row_id is None:
            return None
        row = session.get_one(Outbox, row_id)
        row.attempt += 1
        row.lease_until = now() + timedelta(seconds=services.settings.lease_s)
        return Run(services, row.id, row.attempt, row.failures, row.job), list(row.args)


def _attempt(run: Run, args: list[Any]) -> None:
    with _renewed(run, run.settings.lease_s):
        try:
            job_named(run.name)(run, *args)
            if not run.finished:
                with run.finish():
                    pass
        except Fenced:
            _log.info("attempt overtaken", job=run.name)
        except Later as later:
            run.release(
                RowState.WAITING, reason=str(later), failures=run.failures, delay_s=later.delay_s
            )
        except Permanent as error:
            _give_up(run, safe_reason(error, plan_of(run.database)))
        except Exception as error:
            _retry(run, safe_reason(error, plan_of(run.database)))


def _retry(run: Run, reason: str) -> None:
    """Let a later attempt have it, after a pause that doubles each time."""
    failures = run.failures + 1
    if failures >= MOST_FAILURES:
        return _give_up(run, reason)
    _log.warning("job failed", job=run.name, reason=reason)
    delay_s = min(2**failures, _LONGEST_PAUSE_S) * random.uniform(0.75, 1.25)
    return run.release(RowState.WAITING, reason=reason, failures=failures, delay_s=delay_s)


def _give_up(run: Run, reason: str) -> None:
    _log.warning("job is a dead letter", job=run.name, reason=reason)
    run.release(RowState.DEAD, reason=reason, failures=run.failures + 1)


@contextmanager
def _renewed(run: Run, lease_s: int) -> Iterator[None]:
    """Keep the lease while a long job runs; a killed process stops renewing."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(lease_s / 3):
            try:
                if run.finished or not run.renew(lease_s):
                    return
            except SQLAlchemyError:
                _log.warning("lease not renewed")

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
