"""Drives of sockets: a call on its media socket, and events to a page."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest import mock

from calls.models import Call
from ivr.live.gateway import CallGateway
from tests.conftest import eventually
from tests.faults.points.line import gets_a_token, rang
from tests.faults.points.world import CALL, Drive, World
from tests.streams.conftest import running
from tests.streams.phone import STREAM, FakeVoice
from web.access.staff import COOKIE
from web.live_feed import LiveFeed


def _holds_a_socket(world: World) -> object:
    """A media socket speaks its greeting, and is given back to the carrier."""
    token = world.one(Call).stream_token
    if not token:
        return None
    gateway = CallGateway(world.services)
    with running(world.settings, world.database, gateway, voice=FakeVoice()) as line:
        phone = line.dials()
        starts = {"event": "start", "streamSid": STREAM}
        params = {"call": CALL, "token": token, "purpose": "conversation"}
        start = {"streamSid": STREAM, "callSid": CALL, "customParameters": params}
        phone.sends({"event": "connected"})
        phone.sends({**starts, "start": start})
        eventually(lambda: phone.marks or phone.close_code)
        line.drains()
        phone.leaves()
    return None


def _goes_on(world: World) -> None:
    answer = world.posts("/ivr/continue?after=stream")
    assert answer.status_code == 200
    assert b"<Gather" in answer.data
    assert world.one(Call).turn_count >= 1


class _Socket:
    """A page's socket: keeps what it is sent until it is closed."""

    def __init__(self, token: str) -> None:
        self.request = mock.Mock(headers={"Cookie": f"{COOKIE}={token}"})
        self.sent: list[str] = []
        self._closed = asyncio.Event()

    async def send(self, text: str) -> None:
        self.sent.append(text)

    async def recv(self) -> str:
        await asyncio.Event().wait()
        return ""

    async def close(self, *_why: object) -> None:
        self._closed.set()

    async def wait_closed(self) -> None:
        await self._closed.wait()


def _reads_events(world: World) -> object:
    """A page hears of a change, or its socket closes and it asks again."""

    async def read() -> list[str]:
        feed = LiveFeed(world.settings, world.database)
        socket: Any = _Socket((world.folder / "ada.token").read_text())
        serving = asyncio.create_task(feed.serve(socket))
        while not feed.page_count and not serving.done():
            await asyncio.sleep(0.005)
        feed._pass_on(b'{"topic": "ticket", "id": 1}')
        for _ in range(6000):
            if socket.sent or serving.done():
                break
            await asyncio.sleep(0.005)
        assert socket.sent or serving.done(), "a page that is told nothing must know it"
        await socket.close()
        await serving
        return list(socket.sent)

    return asyncio.run(read())


def _event_comes(world: World) -> None:
    assert _reads_events(world) == ['{"topic": "ticket", "id": 1}']


DRIVES = (
    Drive("a media socket", _holds_a_socket, _goes_on, prepare=rang, before=gets_a_token),
    Drive(
        "a page hears of a change",
        _reads_events,
        _event_comes,
        prepare=lambda w: w.person("ada", "agent"),
    ),
)
