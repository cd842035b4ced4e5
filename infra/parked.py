"""Work that was given up waits here for a person, who sees why and may drive it again (DL).

A row of the outbox is parked after eight failures, or at once when trying again cannot help;
a kept callback when it fails otherwise than by a database that is away. Neither is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from infra.clock import now
from infra.db import after_commit
from infra.jobs import QUEUES, Outbox, ring


@dataclass(frozen=True)
class Given:
    """All parked work of one job with one reason."""

    job: str
    reason: str
    count: int
    since: datetime
    example: str
    """Key of one of its rows: ids only."""


def given_up(session: Session) -> tuple[Given, ...]:
    """What is parked, most of it first."""
    rows = session.execute(
        select(
            Outbox.job,
            func.coalesce(Outbox.last_error, "no reason was kept"),
            func.count(),
            func.min(Outbox.created_at),
            func.min(Outbox.key),
        )
        .where(Outbox.state == "parked")
        .group_by(Outbox.job, Outbox.last_error)
        .order_by(func.count().desc(), Outbox.job)
    )
    return tuple(Given(*row) for row in rows)


def keys_of(session: Session, job: str) -> tuple[str, ...]:
    """The keys of a job's parked rows, oldest first."""
    query = select(Outbox.key).where(Outbox.state == "parked", Outbox.job == job)
    return tuple(session.scalars(query.order_by(Outbox.id)))


def drive_again(session: Session, *, job: str | None = None, key: str | None = None) -> int:
    """Let parked rows be tried from the beginning: of one job, of one key, or all of them.

    Returns how many. A row that is not parked is left alone, whatever its key.
    """
    changed = update(Outbox).where(Outbox.state == "parked")
    if job is not None:
        changed = changed.where(Outbox.job == job)
    if key is not None:
        changed = changed.where(Outbox.key == key)
    values: dict[str, Any] = {"state": "waiting", "failures": 0, "next_at": now()}
    result = session.execute(changed.values(**values, lease_until=None))
    assert isinstance(result, CursorResult)
    for queue in QUEUES if result.rowcount else ():
        after_commit(session, lambda queue=queue: ring(queue))  # type: ignore[misc]
    return result.rowcount
