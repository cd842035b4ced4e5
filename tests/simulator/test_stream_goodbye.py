"""`stop` reaches a server that writes all the time; what it does then disturbs nobody."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.media import media_stream
from simulator.network import Network
from tests.simulator.app import FakeApp, network, run
from tests.simulator.test_stream_pace import dialled
from tests.simulator.test_streams import CONNECT, media

pytestmark = pytest.mark.slow

PATIENCE_S = 6.0


class Echo:
    """Answers each frame with one, and reads on a little later; closes at `stop` if it `leaves`."""

    def __init__(self, *, leaves: bool) -> None:
        self.events: list[str] = []
        self.stopped_s = 0.0
        """From `stop` to the end of the socket."""
        self.close_code: int | None = None
        self._leaves = leaves

    async def __call__(self, socket: web.WebSocketResponse) -> None:
        began = 0.0
        async for message in socket:
            told: dict[str, Any] = json.loads(message.data)
            self.events.append(told["event"])
            if told["event"] == "media":
                await asyncio.sleep(0.01)
                await socket.send_str(media(told["streamSid"], b"\xff" * 160))
            if told["event"] == "stop":
                began = time.monotonic()
                await socket.send_str("{")
                if self._leaves:
                    await socket.close(code=1011)
        self.stopped_s = time.monotonic() - began
        self.close_code = socket.close_code


async def hung_up(net: Network) -> float:
    """How many real seconds a call takes to settle once its caller has hung up."""
    call = dialled(net)
    await net.exchange.clock.sleep(1)
    call.leg.hang_up()
    began = time.monotonic()
    await call.settling()
    assert call.log.events[-1]["event"] != "error"
    return time.monotonic() - began


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has long enough to go that no slow machine is taken for it."""
    monkeypatch.setattr(media_stream, "GOODBYE_S", PATIENCE_S)


@pytest.mark.parametrize("leaves", [False, True])
def test_a_server_that_answers_each_frame_reads_stop(
    tmp_path: Path, leaves: bool, patient: None
) -> None:
    server = Echo(leaves=leaves)

    async def work() -> tuple[float, list[Any]]:
        app = FakeApp({"/voice": CONNECT, "/status": ""}, socket=server)
        async with network(app, tmp_path, pace=0.0, seed=1) as net:
            took_s = await hung_up(net)
            while server.close_code is None:
                await asyncio.sleep(0.02)
            return took_s, list(net.exchange.debugger.alerts)

    took_s, alerts = run(work())
    assert server.events[-1] == "stop" and not alerts
    assert took_s < PATIENCE_S / 2, "the call does not wait for the server"
    assert (server.stopped_s < PATIENCE_S / 2) == leaves
    assert server.close_code == 1000


def test_the_simulators_end_waits_for_no_server_and_leaves_nothing(
    tmp_path: Path, patient: None
) -> None:
    server = Echo(leaves=False)

    async def work() -> tuple[float, set[str]]:
        before = asyncio.all_tasks()
        app = FakeApp({"/voice": CONNECT, "/status": ""}, socket=server)
        async with network(app, tmp_path, pace=0.0, seed=1) as net:
            await hung_up(net)
            began = time.monotonic()
        took_s = time.monotonic() - began
        left = asyncio.all_tasks() - before
        return took_s, {str(one.get_coro()) for one in left if "_all" in str(one.get_coro())}

    took_s, left = run(work())
    assert took_s < PATIENCE_S / 2 and not left
