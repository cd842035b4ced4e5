"""One call in simulated time against documents by path, and everything that came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from simulator.calls.call import Call
from simulator.network import Network
from simulator.scenario.caller import ScriptedCaller, play_scenario
from simulator.scenario.files import behaviour_from, scenario_from
from simulator.sound.audio import RATE, is_audible
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run

SHOP = "+13125550177"
FRIEND = "+13125550178"


class Hearer(ScriptedCaller):
    """A scripted caller who keeps what they hear."""

    def __init__(self, net: Network, *, number: str = CALLER) -> None:
        super().__init__(net.exchange, number=number)
        self.heard = bytearray()

    def hear(self, frame: bytes) -> None:
        """Keep it."""
        self.heard += frame
        super().hear(frame)


@dataclass
class Played:
    """A call that is over and settled."""

    app: FakeApp
    net: Network
    caller: Hearer
    calls: list[Call]

    @property
    def call(self) -> Call:
        """The caller's own call."""
        return self.caller.call

    def events(self, kind: str, call: Call | None = None) -> list[dict[str, Any]]:
        """The events of a kind in the caller's log."""
        return [one for one in (call or self.call).log.events if one["event"] == kind]

    def heard(self, call: Call | None = None) -> list[str]:
        """The sentences that the line spoke, as they were recognised."""
        return [str(one["text"]) for one in self.events("heard", call)]

    def codes(self, call: Call | None = None) -> list[int]:
        """The codes of what was complained of."""
        return [int(one["code"]) for one in self.events("error", call)]

    @property
    def audible_s(self) -> list[tuple[float, float]]:
        """Stretches of sound that the caller heard, in seconds since the call began."""
        return stretches_s(bytes(self.caller.heard))


def stretches_s(sound: bytes, gap_s: float = 0.1) -> list[tuple[float, float]]:
    """Where a sound is audible; stretches with a shorter gap between them are one."""
    found: list[tuple[float, float]] = []
    for at in range(0, len(sound), 160):
        if not is_audible(sound[at : at + 160]):
            continue
        begin, end = at / RATE, (at + 160) / RATE
        if found and begin - found[-1][1] < gap_s:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def play(
    folder: Path,
    replies: Mapping[str, Any],
    steps: list[dict[str, Any]] | None = None,
    *,
    phones: Mapping[str, dict[str, Any]] | None = None,
    from_number: str = CALLER,
    meanwhile: Callable[[Network], Awaitable[None]] | None = None,
    socket: Callable[[web.WebSocketResponse], Awaitable[None]] | None = None,
    **settings: Any,
) -> Played:
    """Call in, do the steps (or listen until it is over), and let everything be done that follows.

    phones: who stands where, as `POST /simulator/phones` describes them. meanwhile: what else
    happens, before the steps. socket: who answers media streams.
    """
    app = FakeApp({"/status": response(), **replies}, socket=socket)

    async def work() -> Played:
        async with network(app, folder, **{"pace": 0.0, "seed": 1, **settings}) as net:
            for address, source in (phones or {}).items():
                net.phones.describe(address, behaviour_from(source, Path()))
            caller = Hearer(net, number=from_number)
            net.dial(caller, from_number=from_number, to=NUMBER)
            if meanwhile is not None:
                await meanwhile(net)
            if steps:
                await play_scenario(caller, scenario_from({"steps": steps}, Path()))
            await caller.call.gone.wait()
            caller.finish()
            await asyncio.gather(*(call.settling() for call in tuple(net.exchange.calls.values())))
            return Played(app, net, caller, list(net.exchange.calls.values()))

    return run(work())


def one(folder: Path, *verbs: str, **options: Any) -> Played:
    """Play a single document to a listener."""
    return play(folder, {"/voice": response(*verbs)}, **options)
