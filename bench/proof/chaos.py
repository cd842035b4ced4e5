"""Kills at random, drawn from a seed: processes by `kill -9`, Valkey wiped, the database struck."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import redis

from bench.proof.line import Line

_WEIGHTS = {
    "web worker": 28,
    "web master": 3,
    "queue worker": 48,
    "worker parent": 3,
    "valkey": 9,
    "valkey wiped": 5,
    "database": 4,
}
"""Masters and parents take seconds of processor time to come back: too many of their deaths would
leave a line that nobody can reach, and prove nothing about one that works."""
_KILLS = frozenset(_WEIGHTS) - {"valkey wiped"}

FAULTS: Mapping[str, Any] = {
    "webhooks": [
        {"fault": "repeated", "share": 0.2},
        {"fault": "lost", "share": 0.1, "of": ["status", "recording"]},
        {"fault": "lost", "share": 0.01, "of": ["voice"]},
        {"fault": "reordered", "share": 0.1, "seconds": [1, 6]},
    ],
    "recordings": [
        {"fault": "late", "share": 0.1, "seconds": [1, 8]},
        {"fault": "missing", "share": 0.1, "times": 2},
        {"fault": "short", "share": 0.05, "times": 1},
        {"fault": "corrupt", "share": 0.05, "times": 1},
    ],
    "rest": [{"fault": "500", "share": 0.03}, {"fault": "429", "share": 0.02}],
}
"""What the carrier itself does wrong, by the simulator's plan of faults."""


class Killer:
    """Strikes again and again, `every_s` on average, until it is stopped."""

    def __init__(self, line: Line, *, seed: int, every_s: float) -> None:
        self.struck: Counter[str] = Counter()
        self.moments: list[tuple[float, str]] = []
        self._line = line
        self._draw = random.Random(f"{seed}:kills")
        self._every_s = every_s
        self._over = threading.Event()
        self._paused = threading.Event()
        self._striking = threading.Lock()
        self.failed = ""
        """What ended the strikes before their time."""
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def kills(self) -> int:
        """How many times a process was killed."""
        return sum(count for kind, count in self.struck.items() if kind in _KILLS)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing dies meanwhile; a strike that is under way ends first."""
        self._paused.set()
        try:
            with self._striking:
                yield
        finally:
            self._paused.clear()

    def stop(self) -> None:
        """Strike no more."""
        self._over.set()
        self._thread.join(60)

    def _run(self) -> None:
        try:
            self._strike_on()
        except Exception as error:
            self.failed = f"{type(error).__name__}: {error}"

    def _strike_on(self) -> None:
        while not self._over.wait(self._draw.expovariate(1 / self._every_s)):
            if self._paused.is_set():
                continue
            with self._striking:
                self.strike(self._draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0])

    def strike(self, kind: str) -> None:
        """Let one thing of that kind happen now; counted only if something was hit."""
        which = self._draw.randrange(1000)
        line = self._line
        acts: dict[str, Callable[[], bool]] = {
            "web worker": lambda: line.kill("web", child=which),
            "web master": lambda: line.kill("web"),
            "queue worker": lambda: line.kill("worker", child=which),
            "worker parent": lambda: line.kill("worker"),
            "valkey": lambda: line.kill("valkey"),
            "valkey wiped": self._wipe,
            "database": self._database,
        }
        if acts[kind]():
            self.struck[kind] += 1
            self.moments.append((time.time(), kind))

    def _wipe(self) -> bool:
        try:
            redis.Redis.from_url(self._line.settings.redis, socket_timeout=1).flushall()
        except redis.RedisError:
            return False
        return True

    def _database(self) -> bool:
        killed = self._line.store.strike(self._draw.uniform(0.5, 3.0))
        if not killed:
            self.struck["database locked"] += 1
            self.moments.append((time.time(), "database locked"))
        return bool(killed)
