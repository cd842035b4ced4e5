"""What dies while people call, drawn from a seed."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import psutil

from bench.proof.line import Line

FAULTS = {
    "webhooks": [
        {"fault": "repeated", "share": 0.2},
        {"fault": "lost", "share": 0.1, "of": ["status", "recording"]},
        {"fault": "reordered", "share": 0.1, "seconds": [1, 20]},
    ],
    "recordings": [
        {"fault": "late", "share": 0.2, "seconds": [5, 30]},
        {"fault": "missing", "share": 0.2, "times": 2},
        {"fault": "short", "share": 0.1, "times": 1},
        {"fault": "corrupt", "share": 0.1, "times": 1},
    ],
}
_WEIGHTS = {
    "gunicorn child": 5,
    "gunicorn": 1,
    "worker.py child": 6,
    "worker.py": 1,
    "valkey": 1,
    "lock": 1,
}
_LOCK_S = 1.5


class Chaos:
    """Kills something every now and then until it is stopped."""

    def __init__(self, line: Line, *, database: Path | None, seed: int, every_s: float) -> None:
        self.killed: Counter[str] = Counter()
        self._line = line
        self._database = database
        self._draw = random.Random(f"{seed}:chaos")
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Chaos:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        acts: dict[str, Callable[[], None]] = {"lock": self._lock}
        while not self._stop.wait(self._draw.uniform(0.5, 1.5) * self._every_s):
            name = self._draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
            acts.get(name, lambda name=name: self._kill(name))()

    def _kill(self, name: str) -> None:
        group = self._line.processes().get(name, [])
        if not group:
            return
        with suppress(psutil.NoSuchProcess):
            self._draw.choice(group).kill()
            self.killed[name] += 1

    def _lock(self) -> None:
        """Somebody else holds the embedded database."""
        if self._database is None:
            return
        with (
            suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(self._database, timeout=1)) as connection,
        ):
            connection.execute("BEGIN IMMEDIATE")
            self._stop.wait(_LOCK_S)
            connection.rollback()
            self.killed["database locked"] += 1
