"""Work that must happen after a commit: rows of an outbox, claimed by lease, fenced by attempt.

A row is written in the transaction of the change that asks for it. The queue is only a
doorbell (`infra.doorbell`): it may ring twice, late or never, and the row is still worked,
once in effect (docs: reliability, OB and DL).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, TypeVar

from sqlalchemy import JSON, Index, String, Text, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from infra import drain
from infra.clock import now
from infra.db import Base, UtcDateTime, after_commit
from infra.log import logger
from infra.services import Services

QUEUES = ("live", "tickets", "sms", "books", "carrier", "asr")
"""Each is worked by a process of its own, so that a slow kind of work holds up no vital one.

`live`: a caller waits for it. `sms`: text messages. `books`: the comparison with the carrier's.
`carrier`: downloads. `asr`: batch recognition.
"""

FAILURES_BEFORE_PARKING = 8
_LONGEST_PAUSE_S = 3600

_log = logger(__name__)
T = TypeVar("T")


class Outbox(Base):
    """One thing that must happen, once. Arguments are ids only."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "queue", "state", "next_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    queue: Mapped[str] = mapped_column(String(20))
    job: Mapped[str] = mapped_column(String(120))
    args: Mapped[list[Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Later(Exception):
    """Not yet: try again after `delay_s`. Does not count as a failure."""

    def __init__(self, delay_s: float, reason: str = "not yet") -> None:
        super().__init__(reason)
        self.delay_s = delay_s


class Permanent(Exception):
    """Trying again cannot help: park the row with this reason, where a person sees it."""


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
        self.finished = False
        self._row_id = row_id
        self._name = name

    def get(self, kind: type[T]) -> T:
        """The service of that kind."""
        return self.services.get(kind)

    def last_done(self) -> datetime | None:
        """When the newest row of this job that is done was asked for; None: there is none."""
        query = (
            select(Outbox.created_at)
            .where(Outbox.job == self._name, Outbox.state == "done")
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
        with self.database.transaction(f"{self._name}.finish") as session:
            self._mark(session, state="done", done_at=now(), lease_until=None, last_error=None)
            yield session
        self.finished = True

    def renew(self, lease_s: int) -> bool:
        """Hold the row for longer; False when it is no longer ours."""
        until = now() + timedelta(seconds=lease_s)
        with self.database.transaction("jobs.renew") as session:
            return self._change(session, lease_until=until)

    def put_off(self, *, delay_s: float, reason: str, failures: int, state: str) -> None:
        """Give the row back for a later attempt, or park it."""
        with self.database.transaction("jobs.put_off") as session:
            self._change(
                session,
                state=state,
                next_at=now() + timedelta(seconds=delay_s),
                lease_until=None,
                failures=failures,
                last_error=reason[:2000],
            )

    def _mark(self, session: Session, **values: Any) -> None:
        if not self._change(session, **values):
            raise Fenced(f"outbox row {self._row_id}: attempt {self.attempt} is no longer current")

    def _change(self, session: Session, **values: Any) -> bool:
        result = session.execute(
            update(Outbox)
            .where(Outbox.id == self._row_id, Outbox.attempt == self.attempt)
            .where(Outbox.state == "waiting")
            .values(**values)
        )
        assert isinstance(result, CursorResult)
        return bool(result.rowcount == 1)


Job = Callable[..., None]
_ring: list[Callable[[str], bool]] = []


def ring_with(ring: Callable[[str], bool]) -> None:
    """Use `ring(queue)` as this process's doorbell."""
    _ring[:] = [ring]


def job(function: Job) -> Job:
    """Mark a function as work for the outbox: `f(run, *ids)`. It may run twice."""
    function.is_job = True  # type: ignore[attr-defined]
    return function


def name_of(job: Job) -> str:
    """What rows call this job: its dotted path."""
    return f"{job.__module__}.{job.__name__}"


def enqueue(
    session: Session,
    *,
    queue: str,
    job: str,
    key: str,
    args: Sequence[Any] = (),
    delay_s: float = 0,
) -> None:
    """Ask, in the caller's transaction, that `job` runs once; the same key again is ignored."""
    if queue not in QUEUES:
        raise ValueError(f"expected one of the queues {', '.join(QUEUES)}, got {queue}")
    values = {
        "key": key,
        "queue": queue,
        "job": job,
        "args": list(args),
        "state": "waiting",
        "attempt": 0,
        "failures": 0,
        "next_at": now() + timedelta(seconds=delay_s),
        "created_at": now(),
    }
    session.execute(_insert_once(session, values))
    if delay_s <= 0:
        after_commit(session, lambda: ring(queue))


def ring(queue: str) -> bool:
    """Ring the doorbell of a queue; False when nobody can hear it (the poller will look)."""
    return _ring[0](queue) if _ring else False


def due(session: Session, queue: str) -> bool:
    """Whether a row of that queue waits to be worked now."""
    return session.scalar(_due(queue).limit(1)) is not None


def work(services: Services, queue: str, *, limit: int = 50) -> int:
    """Work rows of `queue` until none is due, `limit` is reached or the process is to end.

    Returns how many.
    """
    for count in range(limit):
        if drain.is_on():
            return count
        run_row = _claim(services, queue)
        if run_row is None:
            return count
        _attempt(services, *run_row)
    return limit


def park_reason(error: BaseException) -> str:
    """What may be kept of an error: its class, and its text only if it is one of ours."""
    if isinstance(error, (Later, Permanent, Fenced)):
        return f"{type(error).__name__}: {error}"
    module = type(error).__module__.split(".")[0]
    own = {"agents", "asr", "calls", "carriers", "infra", "ivr", "recordings", "tickets", "voice"}
    return f"{type(error).__name__}: {error}" if module in own else type(error).__name__


def _insert_once(session: Session, values: dict[str, Any]) -> Any:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(Outbox).values(values).on_conflict_do_nothing(index_elements=["key"])


def _due(queue: str) -> Any:
    moment = now()
    return (
        select(Outbox.id)
        .where(Outbox.queue == queue, Outbox.state == "waiting")
        .where(
            or_(
                and_(Outbox.lease_until.is_(None), Outbox.next_at <= moment),
                Outbox.lease_until < moment,
            )
        )
        .order_by(Outbox.next_at, Outbox.id)
    )


def _claim(services: Services, queue: str) -> tuple[Run, str, list[Any]] | None:
    """Take the oldest due row by lease; no other process can hold it at the same time.

    It looks before it asks for the write lock, which on SQLite every turn of a call waits for.
    """
    with services.database.read() as session:
        if not due(session, queue):
            return None
    with services.database.transaction("jobs.claim") as session:
        query = _due(queue).limit(1).with_for_update(skip_locked=True)
        row_id = session.scalar(query)
        if row_id is None:
            return None
        row = session.get_one(Outbox, row_id)
        row.attempt += 1
        row.lease_until = now() + timedelta(seconds=services.settings.lease_s)
        run = Run(services, row.id, row.attempt, row.failures, row.job)
        return run, row.job, list(row.args)


def _attempt(services: Services, run: Run, name: str, args: list[Any]) -> None:
    with _renewed(run, services.settings.lease_s):
        try:
            _function(name)(run, *args)
            if not run.finished:
                with run.finish():
                    pass
        except Fenced:
            _log.info("attempt overtaken", job=name)
        except Later as later:
            run.put_off(
                delay_s=later.delay_s, reason=str(later), failures=run.failures, state="waiting"
            )
        except Permanent as error:
            _log.warning("job parked", job=name, reason=park_reason(error))
            run.put_off(
                delay_s=0, reason=park_reason(error), failures=run.failures + 1, state="parked"
            )
        except Exception as error:
            _give_back(run, name, error)


def _give_back(run: Run, name: str, error: Exception) -> None:
    failures = run.failures + 1
    parked = failures >= FAILURES_BEFORE_PARKING
    pause_s = min(2**failures, _LONGEST_PAUSE_S) * random.uniform(0.75, 1.25)
    _log.warning("job failed", job=name, reason=park_reason(error), parked=parked)
    run.put_off(
        delay_s=pause_s,
        reason=park_reason(error),
        failures=failures,
        state="parked" if parked else "waiting",
    )


def _function(name: str) -> Job:
    module, _, attribute = name.rpartition(".")
    function: Job | None = getattr(import_module(module), attribute, None)
    if function is None or not getattr(function, "is_job", False):
        raise Permanent(f"{name} is not a job; mark it with @job")
    return function


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
