"""A connection that takes nothing more before it is lost: what did not go is told afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from simulator.calls.legs import Endpoint, Leg, NotReachable
from simulator.phone.handset import Handset
from simulator.phone.phone_socket import PhoneSocket


class NoLine:
    """Calls nobody."""

    def hello(self, phone: PhoneSocket) -> None:
        """Nothing to say."""

    def place(self, handset: Endpoint, params: Mapping[str, str]) -> Leg:
        raise NotReachable(21214, "nobody is here")

    def told(self, phone: PhoneSocket, message: Mapping[str, Any]) -> None:
        """Nothing to do."""

    def bye(self) -> None:
        """Nothing to say."""


class Socket:
    """A browser's end that takes what it is sent, until it is over."""

    close_code = 1000

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.told: list[str] = []
        self.is_told = asyncio.Event()

    def __aiter__(self) -> Socket:
        return self

    async def __anext__(self) -> object:
        await self.over.wait()
        raise StopAsyncIteration

    async def send_str(self, text: str) -> None:
        self.told.append(json.loads(text)["event"])
        self.is_told.set()


class StuckSocket(Socket):
    """One whose network takes nothing more."""

    close_code = 1006

    async def send_str(self, text: str) -> None:
        self.is_told.set()
        await self.over.wait()
        await asyncio.Event().wait()


def serve(phone: PhoneSocket, socket: Socket, *, again: bool = False) -> asyncio.Task[None]:
    to = cast(web.WebSocketResponse, socket)
    return asyncio.create_task(phone.run(to, drop=lambda: None, again=again))


async def lose_a_stuck_connection() -> list[str]:
    """What a browser that comes back is told."""
    phone, stuck, fresh = PhoneSocket(NoLine()), StuckSocket(), Socket()
    handset = Handset("a", phone.outbox)
    Leg(handset, sid="CA1")
    phone.take(handset)
    lost = serve(phone, stuck)
    phone.send("sms", body="Your ticket")
    await stuck.is_told.wait()
    phone.send("caption", text="Hello")
    stuck.over.set()
    await lost
    back = serve(phone, fresh, again=True)
    while len(fresh.told) < 3:
        fresh.is_told.clear()
        await asyncio.wait_for(fresh.is_told.wait(), 5)
    fresh.over.set()
    await back
    return fresh.told


def test_an_event_that_was_stuck_in_a_lost_connection_is_told_again() -> None:
    assert asyncio.run(lose_a_stuck_connection()) == ["resumed", "sms", "caption"]
