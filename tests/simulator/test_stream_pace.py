"""Simulated time with a one-way stream: at real pace while it is open, at once when it is not."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.calls.call import Call
from simulator.documents.scene import Scene
from simulator.faults.plan import plan_from
from simulator.faults.strikes import Faults
from simulator.network import Network
from simulator.scenario.caller import ScriptedCaller
from simulator.twiml.parser import parse
from simulator.verbs.streams import start_stream
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run

pytestmark = pytest.mark.slow

LISTENED = '<Start><Stream name="ear" url="wss://hotline.test/media"/></Start>'
FREE_S = 150
"""How long the line waits without a stream; at real pace that would be a test's whole time."""
UNHEARD = f'<Pause length="{FREE_S}"/>'


class Server:
    """Keeps what comes; hangs up after so many frames, 0: never."""

    def __init__(self, frames: int = 0) -> None:
        self.messages: list[dict[str, Any]] = []
        self._frames = frames

    async def __call__(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            self.messages.append(json.loads(message.data))
            if self._frames and self.heard == self._frames:
                await socket.close()

    @property
    def heard(self) -> int:
        return sum(one["event"] == "media" for one in self.messages)


def dialled(net: Network) -> Call:
    """A call of somebody who says nothing."""
    caller = ScriptedCaller(net.exchange, number=CALLER)
    net.dial(caller, from_number=CALLER, to=NUMBER)
    return caller.call


async def over(net: Network, call: Call) -> float:
    """How many real seconds the call takes; nobody is on the line then, and a day goes by."""
    began = time.monotonic()
    await call.settling()
    took_s = time.monotonic() - began
    await asyncio.wait_for(net.exchange.clock.sleep(86_400), 60)
    return took_s


def lasted(folder: Path, server: Server | None, *verbs: str, cut: bool = False) -> float:
    """How many real seconds a call in simulated time takes."""

    async def work() -> float:
        app = FakeApp({"/voice": response(*verbs), "/status": ""}, socket=server)
        async with network(app, folder, pace=0.0, seed=1) as net:
            if cut:
                plan = {"seed": 1, "media": [{"fault": "cut", "seconds": 1}]}
                net.exchange.faults = Faults(plan_from(plan))
            return await over(net, dialled(net))

    return run(work())


def test_a_second_that_is_listened_to_takes_a_second(tmp_path: Path) -> None:
    server = Server()
    assert 0.9 < lasted(tmp_path, server, LISTENED, '<Pause length="1"/>') < 10
    assert 45 <= server.heard <= 55


@pytest.mark.parametrize(
    ("server", "verbs", "cut"),
    [
        (Server(), (LISTENED, '<Pause length="1"/>', '<Stop><Stream name="ear"/></Stop>'), False),
        (Server(frames=25), (LISTENED,), False),
        (Server(), (LISTENED,), True),
        (None, (LISTENED,), False),
    ],
    ids=["stopped", "closed by the server", "cut", "refused"],
)
def test_time_passes_at_once_when_nobody_listens_any_more(
    tmp_path: Path, server: Server | None, verbs: tuple[str, ...], cut: bool
) -> None:
    assert lasted(tmp_path, server, *verbs, UNHEARD, cut=cut) < FREE_S / 5


@pytest.mark.parametrize("has_ended", [False, True])
def test_a_stream_begun_beside_a_call_runs_at_real_pace_until_the_call_is_over(
    tmp_path: Path, has_ended: bool
) -> None:
    server = Server()

    async def work() -> tuple[float, Call]:
        replies: Any = {"/voice": response('<Pause length="600"/>'), "/status": ""}
        async with network(FakeApp(replies, socket=server), tmp_path, pace=0.0, seed=1) as net:
            call = dialled(net)
            await net.exchange.clock.sleep(1)
            if has_ended:
                call.end(by="line")
                await call.settling()
            scene = Scene(call, net.exchange, net.handlers, "", inline=True)
            noun = parse(response(LISTENED).encode())[0].children[0]
            assert await start_stream(scene, noun) is not None
            began = time.monotonic()
            await net.exchange.clock.sleep(1)
            took_s = time.monotonic() - began
            call.end(by="line")
            await over(net, call)
            return took_s, call

    took_s, call = run(work())
    assert has_ended or 0.9 < took_s < 10
    assert not call.streams.cut and not call.streams.stop_by_sid


def test_one_seed_gives_one_history_with_a_stream_beside_the_call(tmp_path: Path) -> None:
    async def once(folder: Path) -> list[dict[str, Any]]:
        verbs = (LISTENED, "<Say>Hello</Say>", '<Stop><Stream name="ear"/></Stop>', UNHEARD)
        app = FakeApp({"/voice": response(*verbs), "/status": ""}, socket=Server())
        async with network(app, folder, pace=0.0, seed=5) as net:
            call = dialled(net)
            await call.settling()
            return [dict(event) for event in call.log.events]

    first, second = run(once(tmp_path / "a")), run(once(tmp_path / "b"))
    for event in (*first, *second):
        event.pop("url", None)
    assert first == second
