"""R8 in small: whatever the database does, the carrier gets an answer it can run, and in time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from bench.proof.store import Postgres, locked
from calls.models import Call
from config.settings import Settings
from infra.db import Database
from infra.spool import Spool
from migrations.tables import metadata
from tests import cities
from tests.conftest import eventually, folder_for_postgres
from tests.ivr.test_webhooks import Phone, phone_on, verbs
from web.spooling import replay_kept

pytestmark = pytest.mark.slow

ASKED = ("/ivr/voice", "/ivr/continue?after=stream", "/ivr/turn?n=1", "/agents/queue-over")
IN_PLACE = ("/agents/wait", "/agents/wait?round=1&look=3", "/agents/voice", "/agents/voice-over")
TOLD = ("/ivr/status", "/recordings/status")
RECORDED = {"RecordingSid": "RE" + "b" * 32, "RecordingStatus": "completed"}


class Line:
    """A carrier that asks everything at once, before an application on that database."""

    def __init__(self, folder: Path, database: Database) -> None:
        settings = Settings(
            _env_file=None,
            var_dir=folder / "var",
            secret_key="test-secret-key",
            twilio_account_sid="AC" + "0" * 32,
            twilio_auth_token="test-token",
        )
        self.phone = phone_on(settings, database, cities.chicago())
        self.app = self.phone.client.application
        self.database = database

    def answers(self, paths: tuple[str, ...], **fields: str) -> dict[str, TestResponse]:
        """What each address answers, all asked at the same moment."""

        def ask(path: str) -> TestResponse:
            return Phone(self.app.test_client(), self.phone.settings).posts(path, **fields)

        with ThreadPoolExecutor(len(paths)) as pool:
            return dict(zip(paths, pool.map(ask, paths), strict=True))

    def is_away(self) -> None:
        """Every request is answered as it should be while nothing can be stored."""
        for answer in self.answers(ASKED, Digits="1").values():
            assert verbs(answer) == ["Say", "Pause", "Redirect"]
            assert "/ivr/continue?after=trouble&amp;trouble=1&amp;at=" in answer.text
        for path, answer in self.answers(IN_PLACE, From="client:agent_1", offer="1").items():
            assert verbs(answer) == ["Say", "Pause", "Redirect"]
            assert f"https://hotline.swiftline.example{path.partition('?')[0]}?" in answer.text
        for answer in self.answers(TOLD, CallStatus="completed", **RECORDED).values():
            assert (answer.status_code, answer.mimetype) == (200, "text/xml")
        assert replay_kept(self.app) == 0
        assert Spool(self.phone.settings.spool).dead_letters() == 0

    def is_back(self) -> None:
        """What was told meanwhile is in the records, and the call goes on."""
        replayed: list[int] = []
        eventually(lambda: self._replays(replayed) == len(TOLD))
        eventually(lambda: "Gather" in verbs(self._asks_again()))
        with self.database.read() as session:
            assert session.scalars(select(Call)).one().ended_at is not None

    def _replays(self, replayed: list[int]) -> int:
        """What was told meanwhile is tried once more; how much of it is taken by now."""
        replayed.append(replay_kept(self.app))
        return sum(replayed)

    def _asks_again(self) -> TestResponse:
        return self.phone.posts("/ivr/continue?after=trouble&trouble=1")


def test_a_lock_that_is_never_released_on_sqlite(tmp_path: Path, sqlite_template: Path) -> None:
    file = tmp_path / "line.db"
    file.write_bytes(sqlite_template.read_bytes())
    line = Line(tmp_path, Database(f"sqlite:///{file}"))
    line.phone.posts("/ivr/voice")
    with locked(file):
        line.is_away()
    line.is_back()


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of its own."""
    with folder_for_postgres() as folder:
        made = Postgres(folder)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def store(server: Postgres) -> Postgres:
    """The server with every table, all empty."""
    database = Database(server.env["DATABASE_URL"])
    metadata.drop_all(database.engine)
    metadata.create_all(database.engine)
    database.close()
    return server


@pytest.mark.postgres
def test_a_killed_server(tmp_path: Path, store: Postgres) -> None:
    is_outlived(tmp_path, store, store.away())


@pytest.mark.postgres
def test_a_server_that_takes_questions_and_answers_none(tmp_path: Path, store: Postgres) -> None:
    is_outlived(tmp_path, store, frozen(store))


def is_outlived(folder: Path, store: Postgres, away: AbstractContextManager[None]) -> None:
    """The line has a call when its server goes away, answers meanwhile, and goes on afterwards."""
    line = Line(folder, Database(store.env["DATABASE_URL"]))
    line.phone.posts("/ivr/voice")
    with away:
        line.is_away()
    line.is_back()
    line.database.close()


@contextmanager
def frozen(store: Postgres) -> Iterator[None]:
    """The server takes connections and questions, and answers none."""
    head = psutil.Process(store._server.get_pid())
    family = [head, *head.children(recursive=True)]
    for one in family:
        one.suspend()
    try:
        yield
    finally:
        for one in family:
            one.resume()
