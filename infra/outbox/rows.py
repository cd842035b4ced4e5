"""Work that must happen after a commit, as rows: asked for in the transaction that needs it.

The queue only wakes whoever works the rows (`infra.outbox.wakeup`): it may do so twice, late
or never, and the row is still worked, once in effect (docs: reliability, OB and DL).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, Select, String, Text, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from infra.clock import now
from infra.db import Base, UtcDateTime, add_once, after_commit
from infra.outbox.plan import plan_of


class RowState(StrEnum):
    """Where a row stands."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"
    """Given up: a dead letter, kept for a person."""


class Outbox(Base):
    """One thing that must happen, once. Arguments are ids only."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "queue", "state", "next_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    queue: Mapped[str] = mapped_column(String(20))
    job: Mapped[str] = mapped_column(String(120))
    args: Mapped[list[Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default=RowState.WAITING)
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


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
    plan = plan_of(session)
    plan.checks(queue)
    values = {
        "key": key,
        "queue": queue,
        "job": job,
        "args": list(args),
        "state": RowState.WAITING,
        "attempt": 0,
        "failures": 0,
        "next_at": now() + timedelta(seconds=delay_s),
        "created_at": now(),
    }
    add_once(session, Outbox, values)
    if delay_s <= 0:
        after_commit(session, lambda: plan.wake(queue))


def is_due(session: Session, queue: str) -> bool:
    """Whether a row of that queue waits to be worked now."""
    return session.scalar(due_rows(queue).limit(1)) is not None


def due_rows(queue: str) -> Select[int]:
    """The ids of rows that wait to be worked now, oldest first.

    A lease that ran out belongs to a worker that died.
    """
    moment = now()
    return (
        select(Outbox.id)
        .where(Outbox.queue == queue, Outbox.state == RowState.WAITING)
        .where(
            or_(
                and_(Outbox.lease_until.is_(None), Outbox.next_at <= moment),
                Outbox.lease_until < moment,
            )
        )
        .order_by(Outbox.next_at, Outbox.id)
    )
