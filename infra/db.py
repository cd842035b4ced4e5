"""The database: one declarative base, and transactions that are safe on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from infra.failpoints import failpoint
from infra.log import logger, origin

_log = logger(__name__)
T = TypeVar("T")
_BUSY_MS = 1200
"""How long a commit may wait for others: an answer must leave before the carrier, which waits
two seconds while a caller holds the line, gives it up (carriers/twilio/addresses.py)."""
_DEAD_MS = 10_000
"""A database host that acknowledges nothing for so long is gone (tcp(7), TCP_USER_TIMEOUT)."""


class Base(DeclarativeBase):
    """Parent of every table."""


B = TypeVar("B", bound=Base)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; naive values are refused rather than guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("expected an aware time; use infra.clock.now()")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as aware UTC, also from SQLite, which stores no zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """Connections to one database. Safe to share between threads, and across a fork."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._reader = self.engine.execution_options(read_only=True)
        self._parts: dict[type[Any], Any] = {}
        engine = weakref.ref(self.engine)
        os.register_at_fork(after_in_child=lambda: _forget_connections(engine))

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    def attach(self, kind: type[T], part: T) -> None:
        """Make `part` what `attached(session, kind)` finds in every session of this database."""
        self._parts[kind] = part

    def attached(self, kind: type[T]) -> T | None:
        """The part of that kind, if there is one."""
        part: T | None = self._parts.get(kind)
        return part

    def _session(self, engine: Engine) -> Session:
        return Session(engine, expire_on_commit=False, info={"database": self})

    @contextmanager
    def transaction(self, name: str = "unnamed") -> Iterator[Session]:
        """A session that commits at the end, then runs what waited for the commit.

        On SQLite the write lock is taken at the start, so no transaction fails half-way.
        `name` says whose commit this is: its failpoints are `name.commit` and `name.committed`.
        """
        with self._session(self.engine) as session:
            with session.begin():
                yield session
                _reach(f"{name}.commit")
            _reach(f"{name}.committed")
            for call in session.info.pop("after_commit", ()):
                _run(call)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for looking only: it takes no write lock and never commits."""
        with self._session(self._reader) as session:
            yield session

    def answers(self) -> None:
        """Ask the database for a sign of life; raises sqlalchemy.exc.SQLAlchemyError."""
        with self._reader.connect() as connection:
            connection.execute(text("select 1"))

    def close(self) -> None:
        """Close every connection of this process."""
        self.engine.dispose()


def attached(where: Session | Database, kind: type[T]) -> T | None:
    """What the builder of this process attached to the database, if it did."""
    database = where.info.get("database") if isinstance(where, Session) else where
    return database.attached(kind) if isinstance(database, Database) else None


def add_once(session: Session, model: type[B], values: Mapping[str, Any]) -> B | None:
    """Add a row, or None where a unique one like it is there already.

    Two transactions may do so at the same moment: the second waits for the first to end.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    added = dialect.insert(model).values(values).on_conflict_do_nothing().returning(model)
    return session.scalars(added).one_or_none()


def find_or_add(
    session: Session, model: type[B], values: Mapping[str, Any], *, find: Callable[[], B | None]
) -> B:
    """The row that `find` finds, or a new one; also where two transactions make it at once.

    Raises LookupError when a row stands in the way that `find` does not find.
    """
    row = find() or add_once(session, model, values) or find()
    if row is None:
        raise LookupError(f"a {model.__name__} like it is there and is not found")
    return row


def after_commit(session: Session, call: Callable[[], object]) -> None:
    """Run `call` once the transaction of `session` is committed; never if it fails."""
    session.info.setdefault("after_commit", []).append(call)


def _reach(name: str) -> None:
    """A failpoint at which a full disk is reported as the database's driver does."""
    try:
        failpoint(name)
    except OSError as full:
        raise OperationalError("COMMIT", None, full) from full


def _run(call: Callable[[], object]) -> None:
    """What is committed stays committed, also when nobody can be notified of it."""
    try:
        call()
    except Exception as error:
        _log.error("committed, but nobody was notified", error=origin(error))


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(
            url,
            hide_parameters=True,
            connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000},
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        pool_timeout=1,
        connect_args={
            "options": f"-c lock_timeout={_BUSY_MS}",
            "connect_timeout": 2,
            "tcp_user_timeout": _DEAD_MS,
            "keepalives_idle": _DEAD_MS // 2000,
            "keepalives_interval": _DEAD_MS // 2000,
        },
    )


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    """WAL with full sync: an acknowledged webhook survives a power cut (reliability 3.2)."""
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _forget_connections(engine: weakref.ref[Engine]) -> None:
    alive = engine()
    if alive is not None:
        alive.dispose(close=False)
