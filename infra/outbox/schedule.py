"""Work that comes round by the clock: one row for each period, whoever writes it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from infra.db import Database
from infra.outbox.rows import enqueue


@dataclass(frozen=True)
class Every:
    """A job that is asked for once in each period."""

    job: str
    queue: str
    period_s: int


class Schedule:
    """Writes the rows of each new period; the key of a row keeps others from doing so too."""

    def __init__(self, jobs: Iterable[Every]) -> None:
        self._jobs = tuple(jobs)
        self._written: dict[str, int] = {}

    def write(self, database: Database) -> None:
        """Ask for what the clock asks for."""
        for each in self._jobs:
            period = int(time.time() // each.period_s)
            if period == self._written.get(each.job):
                continue
            with database.transaction("outbox.schedule") as session:
                key = f"every:{each.job}:{period}"
                enqueue(session, queue=each.queue, job=each.job, key=key)
            self._written[each.job] = period
