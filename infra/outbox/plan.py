"""What the outbox is given by whoever builds a process: queues, and whose errors may be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from infra.db import Database, attached


def _nobody_listens(_queue: str) -> bool:
    return False


@dataclass(frozen=True)
class OutboxPlan:
    """ops/services.py attaches it to the database: every session that asks for work finds it."""

    queues: tuple[str, ...] = ()
    """The queues there are, most urgent first; empty: any name is taken."""
    background: frozenset[str] = frozenset()
    """Queues that yield to the others where the processor is short."""
    own_packages: frozenset[str] = frozenset()
    """Packages whose errors say nothing that a caller said, so that their text may be kept."""
    wake: Callable[[str], bool] = _nobody_listens
    """Wakes the workers of a queue; False when nobody can hear it (the poller will look)."""

    def checks(self, queue: str) -> None:
        """Raises ValueError for a queue that nobody works."""
        if self.queues and queue not in self.queues:
            raise ValueError(f"expected one of the queues {', '.join(self.queues)}, got {queue}")


def plan_of(where: Session | Database) -> OutboxPlan:
    """The plan of this session's or database's outbox; without one, nobody is woken."""
    return attached(where, OutboxPlan) or OutboxPlan()
