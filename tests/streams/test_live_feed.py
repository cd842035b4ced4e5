"""News to pages: who hears what, and what happens when Valkey or the person goes away."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import redis
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from config.settings import Settings
from infra import valkey
from infra.db import Database
from infra.events import CHANNEL
from tests.conftest import eventually
from tests.streams.conftest import Running, ScriptGateway, running
from web.access.models import Staff
from web.access.staff import COOKIE, set_active, sign_in, sign_out

pytestmark = pytest.mark.slow


class Valkey:
    """A Valkey of this test's own, which comes and goes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def comes(self) -> None:
        """Start it."""
        command = valkey.command(self._settings.valkey_socket)
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(self._answers)

    def goes(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def tells(self, topic: str, id: int) -> None:
        """Publish an event."""
        with redis.Redis.from_url(self._settings.redis) as client:
            client.publish(CHANNEL, json.dumps({"topic": topic, "id": id}))

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self._settings.redis) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Page:
    """An open page and what it was told."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: list[tuple[str, int]] = []
        self.close_code: int | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    def hears(self, topic: str, id: int = 0) -> None:
        """Wait for an event."""
        eventually(lambda: (topic, id) in self.told)

    def _listen(self) -> None:
        with suppress(ConnectionClosed):
            for text in self.socket:
                event = json.loads(text)
                assert set(event) == {"topic", "id"}
                self.told.append((event["topic"], event["id"]))
        self.close_code = self.socket.close_code


@pytest.fixture
def store(settings: Settings) -> Iterator[Valkey]:
    """A Valkey that runs."""
    made = Valkey(settings)
    made.comes()
    yield made
    made.goes()


@pytest.fixture
def line(settings: Settings, database: Database, store: Valkey) -> Iterator[Running]:
    """The process, listening to that Valkey."""
    with running(settings, database, ScriptGateway([])) as made:
        eventually(lambda: made.streams.feed.is_connected)
        yield made


def signed_in(database: Database, username: str = "ann") -> tuple[int, str]:
    """Somebody who is signed in: their id and the token of their cookie."""
    with database.transaction() as session:
        staff = Staff(username=username, name="Ann", password_hash="", roles=["agent"])
        session.add(staff)
        session.flush()
        return staff.id, sign_in(session, staff.id)


def page_of(port: int, token: str, *, origin: str | None = "http://localhost:8000") -> Page:
    """Open the events of a process on that port."""
    socket = connect(
        f"ws://127.0.0.1:{port}/live",
        additional_headers={"Cookie": f"other=1; {COOKIE}={token}"},
        origin=Origin(origin) if origin else None,
        legacy=True,
    )
    return Page(socket)


def opens(line: Running, token: str, *, origin: str | None = "http://localhost:8000") -> Page:
    """Open the events as a page of that origin does."""
    page = page_of(line.port, token, origin=origin)
    eventually(lambda: line.streams.feed.page_count)
    return page


def test_an_event_is_told_by_topic_and_id(line: Running, database: Database, store: Valkey) -> None:
    _id, token = signed_in(database)
    page = opens(line, token, origin="http://127.0.0.1:8000")
    store.tells("ticket", 42)
    page.hears("ticket", 42)
    page.socket.close()
    eventually(lambda: line.streams.feed.page_count == 0)


def test_an_event_of_a_desk_is_for_its_agent_alone(
    line: Running, database: Database, store: Valkey
) -> None:
    ann, ann_token = signed_in(database, "ann")
    bob, bob_token = signed_in(database, "bob")
    anns, bobs = opens(line, ann_token), opens(line, bob_token)
    eventually(lambda: line.streams.feed.page_count == 2)
    store.tells("desk", ann)
    store.tells("desk", bob)
    store.tells("ticket", 7)
    anns.hears("ticket", 7)
    bobs.hears("ticket", 7)
    assert anns.told == [("desk", ann), ("ticket", 7)]
    assert bobs.told == [("desk", bob), ("ticket", 7)]
    anns.socket.close()
    bobs.socket.close()


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://localhost:8000.evil.example"]
)
def test_a_foreign_origin_is_refused(line: Running, database: Database, origin: str | None) -> None:
    _id, token = signed_in(database)
    with pytest.raises(InvalidStatus) as refused:
        opens(line, token, origin=origin)
    assert refused.value.response.status_code == 403


def test_a_stranger_and_a_signed_out_cookie_are_refused(line: Running, database: Database) -> None:
    _id, token = signed_in(database)
    with database.transaction() as session:
        sign_out(session, token)
    for cookie in (token, "", "guessed"):
        with pytest.raises(InvalidStatus) as refused:
            opens(line, cookie)
        assert refused.value.response.status_code == 403


def test_signing_out_and_being_stopped_close_the_page(line: Running, database: Database) -> None:
    _ann, ann_token = signed_in(database, "ann")
    bob, bob_token = signed_in(database, "bob")
    _eve, eve_token = signed_in(database, "eve")
    anns, bobs, eves = (opens(line, token) for token in (ann_token, bob_token, eve_token))
    eventually(lambda: line.streams.feed.page_count == 3)
    with database.transaction() as session:
        sign_out(session, ann_token)
        set_active(session, bob, False)
    eventually(lambda: (anns.close_code, bobs.close_code) == (4401, 4401))
    assert eves.close_code is None
    eves.socket.close()


def test_a_page_that_talks_is_closed(line: Running, database: Database) -> None:
    _id, token = signed_in(database)
    page = opens(line, token)
    page.socket.send("hello")
    eventually(lambda: page.close_code == 1008)


def test_pages_hear_that_events_were_missed_and_then_events_again(
    line: Running, database: Database, store: Valkey
) -> None:
    _id, token = signed_in(database)
    page = opens(line, token)
    store.goes()
    page.hears("stale")
    eventually(lambda: not line.streams.feed.is_connected)
    page.told.clear()
    store.comes()
    eventually(lambda: line.streams.feed.is_connected)
    page.hears("stale")
    store.tells("recording", 3)
    page.hears("recording", 3)
    page.socket.close()
