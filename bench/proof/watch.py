"""Looks on at the outbox during a run: when each attempt at a row was claimed."""

from __future__ import annotations

import threading
import time

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from infra.db import Database
from infra.outbox.rows import Outbox, RowState

_LOOK_S = 0.25

Claims = dict[tuple[int, int], float]
"""(row, attempt): Unix time at which the claim was first seen, at most a look late."""


class Watch:
    """A thread that looks until it is stopped; a database that is away is looked at later."""

    def __init__(self, database: Database) -> None:
        self.claims: Claims = {}
        self._database = database
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join(10)

    def _run(self) -> None:
        held = select(Outbox.id, Outbox.attempt).where(
            Outbox.state == RowState.WAITING, Outbox.lease_until.is_not(None)
        )
        while not self._over.wait(_LOOK_S):
            try:
                with self._database.read() as session:
                    found = session.execute(held).all()
            except SQLAlchemyError:
                continue
            moment = time.time()
            for row, attempt in found:
                self.claims.setdefault((row, attempt), moment)
