"""Breakers of the fallback chain: a step that keeps failing is skipped for a while (CB).

Five failures within ten seconds open a step's breaker; ten seconds later one call at a time
tries the step again. The state is a row, changed in the transaction of the message that told of
the failure, so it holds for every process (docs/decisions/0005-breakers-are-rows.md).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import JSON, String, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, mapped_column

from infra.clock import now
from infra.db import Base, UtcDateTime, add_once
from infra.log import logger

MOST_FAILURES = 5
WINDOW = timedelta(seconds=10)
PAUSE = timedelta(seconds=10)

_log = logger(__name__)


class Breaker(Base):
    """One step of the fallback chain; a step without a row has never failed."""

    __tablename__ = "breaker"

    step: Mapped[str] = mapped_column(String(40), primary_key=True)
    failures: Mapped[list[float]] = mapped_column(JSON, default=list)
    """Moments of the last failures, in Unix seconds; empty while it is open."""
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a call was last let through an open breaker."""


def allows(session: Session, step: str) -> bool:
    """Whether a call may use the step now; an open breaker lets one through every ten seconds."""
    breaker = session.get(Breaker, step)
    if breaker is None or breaker.opened_at is None:
        return True
    return now() - breaker.opened_at >= PAUSE and _takes_the_try(session, step)


def failure(session: Session, step: str) -> None:
    """The step has failed a caller."""
    breaker = _locked(session, step)
    moment = now()
    if breaker.opened_at is not None:
        if moment - breaker.opened_at >= PAUSE:
            breaker.opened_at = moment
        return
    since = (moment - WINDOW).timestamp()
    recent = [at for at in breaker.failures if at > since] + [moment.timestamp()]
    if len(recent) < MOST_FAILURES:
        breaker.failures = recent
        return
    breaker.failures, breaker.opened_at = [], moment
    _log.warning("breaker opened", step=step)


def success(session: Session, step: str, *, since: datetime) -> None:
    """The step has served a caller who began with it at `since`: an open breaker closes.

    What began before it opened proves nothing. A closed one is only read, so that success
    costs no write.
    """
    breaker = session.get(Breaker, step)
    if breaker is None or breaker.opened_at is None or since <= breaker.opened_at:
        return
    breaker = _locked(session, step)
    if breaker.opened_at is not None and since > breaker.opened_at:
        breaker.opened_at = breaker.tried_at = None
        _log.info("breaker closed", step=step)


def _takes_the_try(session: Session, step: str) -> bool:
    """Only one call gets it, whichever process asks."""
    moment = now()
    result = session.execute(
        update(Breaker)
        .where(Breaker.step == step)
        .where(or_(Breaker.tried_at.is_(None), Breaker.tried_at <= moment - PAUSE))
        .values(tried_at=moment)
    )
    assert isinstance(result, CursorResult)
    return bool(result.rowcount == 1)


def _locked(session: Session, step: str) -> Breaker:
    add_once(session, Breaker, {"step": step, "failures": []})
    query = select(Breaker).where(Breaker.step == step).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).one()
