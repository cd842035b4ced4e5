"""Jobs: functions that work a row of the outbox, and what they are given for one attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from infra.clock import now
from infra.outbox.rows import Outbox, RowState
from infra.services import Services

T = TypeVar("T")
Job = Callable[..., None]
_MOST_REASON = 2000


class Later(Exception):
    """Not yet: try again after `delay_s`. Does not count as a failure."""

    def __init__(self, delay_s: float, reason: str = "not yet") -> None:
        super().__init__(reason)
        self.delay_s = delay_s


class Permanent(Exception):
    """Trying again cannot help: make the row a dead letter with this reason, for a person."""


class Fenced(Exception):
    """Another attempt owns the row by now; this one's effect was not committed."""


class Run:
    """One attempt at one row: what the job was built with, and the way to commit its effect."""

    def __init__(
        self, services: Services, row_id: int, attempt: int, failures: int, name: str = "unnamed"
    ) -> None:
        self.services = services
        self.settings = services.settings
        self.database = services.database
        self.attempt = attempt
        self.failures = failures
        self.name = name
        self.finished = False
        self._row_id = row_id

    def get(self, kind: type[T]) -> T:
        """The service of that kind."""
        return self.services.get(kind)

    def last_done(self) -> datetime | None:
        """When the newest row of this job that is done was asked for; None: there is none."""
        query = (
            select(Outbox.created_at)
            .where(Outbox.job == self.name, Outbox.state == RowState.DONE)
            .order_by(Outbox.id.desc())
            .limit(1)
        )
        with self.database.read() as session:
            return session.scalar(query)

    @contextmanager
    def finish(self) -> Iterator[Session]:
        """A transaction that commits the job's effect together with "done", or not at all.

        Raises Fenced when the lease went to another attempt meanwhile.
        """
        with self.database.transaction(f"{self.name}.finish") as session:
            done = {"state": RowState.DONE, "done_at": now()}
            if not self._change(session, **done, lease_until=None, last_error=None):
                raise Fenced(f"outbox row {self._row_id}: attempt {self.attempt} is not current")
            yield session
        self.finished = True

    def renew(self, lease_s: int) -> bool:
        """Hold the row for longer; False when it is no longer ours."""
        until = now() + timedelta(seconds=lease_s)
        with self.database.transaction("outbox.renew") as session:
            return self._change(session, lease_until=until)

    def release(self, state: RowState, *, reason: str, failures: int, delay_s: float = 0) -> None:
        """Let go of the row: for a later attempt, or as a dead letter."""
        with self.database.transaction("outbox.release") as session:
            self._change(
                session,
                state=state,
                next_at=now() + timedelta(seconds=delay_s),
                lease_until=None,
                failures=failures,
                last_error=reason[:_MOST_REASON],
            )

    def _change(self, session: Session, **values: Any) -> bool:
        result = session.execute(
            update(Outbox)
            .where(Outbox.id == self._row_id, Outbox.attempt == self.attempt)
            .where(Outbox.state == RowState.WAITING)
            .values(**values)
        )
        assert isinstance(result, CursorResult)
        return bool(result.rowcount == 1)


def job(function: Job) -> Job:
    """Mark a function as work for the outbox: `f(run, *ids)`. It may run twice."""
    function.is_job = True  # type: ignore[attr-defined]
    return function


def name_of(job: Job) -> str:
    """What rows call this job: its dotted path."""
    return f"{job.__module__}.{job.__name__}"


def job_named(name: str) -> Job:
    """The job of that dotted path. Raises Permanent for anything else."""
    module, _, attribute = name.rpartition(".")
    function: Job | None = getattr(import_module(module), attribute, None)
    if function is None or not getattr(function, "is_job", False):
        raise Permanent(f"{name} is not a job; mark it with @job")
    return function
