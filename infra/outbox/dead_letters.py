"""Work that was given up waits here for a person, who sees why and may have it retried (DL).

A row of the outbox is a dead letter after eight failures, or at once when trying again cannot
help; a kept callback when it fails otherwise than by a database that is away. Neither is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from infra.clock import now
from infra.db import after_commit
from infra.outbox.plan import plan_of
from infra.outbox.rows import Outbox, RowState


@dataclass(frozen=True)
class DeadLetters:
    """All given-up work of one job with one reason."""

    job: str
    reason: str
    count: int
    since: datetime
    example: str
    """Key of one of its rows: ids only."""


def dead_letters(session: Session) -> tuple[DeadLetters, ...]:
    """What was given up, most of it first."""
    rows = session.execute(
        select(
            Outbox.job,
            func.coalesce(Outbox.last_error, "no reason was kept"),
            func.count(),
            func.min(Outbox.created_at),
            func.min(Outbox.key),
        )
        .where(Outbox.state == RowState.DEAD)
        .group_by(Outbox.job, Outbox.last_error)
        .order_by(func.count().desc(), Outbox.job)
    )
    return tuple(DeadLetters(*row) for row in rows)


def keys_of(session: Session, job: str) -> tuple[str, ...]:
    """The keys of a job's dead letters, oldest first."""
    query = select(Outbox.key).where(Outbox.state == RowState.DEAD, Outbox.job == job)
    return tuple(session.scalars(query.order_by(Outbox.id)))


def retry(session: Session, *, job: str | None = None, key: str | None = None) -> int:
    """Let dead letters be tried from the beginning: of one job, of one key, or all of them.

    Returns how many. A row that is no dead letter is left alone, whatever its key.
    """
    which: list[ColumnElement[bool]] = [Outbox.state == RowState.DEAD]
    if job is not None:
        which.append(Outbox.job == job)
    if key is not None:
        which.append(Outbox.key == key)
    again = {"state": RowState.WAITING, "failures": 0, "next_at": now(), "lease_until": None}
    changed = update(Outbox).where(*which).values(**again).returning(Outbox.queue)
    queues = list(session.scalars(changed))
    wake = plan_of(session).wake
    for queue in set(queues):
        after_commit(session, lambda queue=queue: wake(queue))  # type: ignore[misc]
    return len(queues)
