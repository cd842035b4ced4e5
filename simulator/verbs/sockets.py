"""Sockets to the application, whatever is spoken over them: how they open and are cut."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

import aiohttp

from simulator.documents.scene import Scene
from simulator.faults.strikes import Strike
from simulator.media.app_socket import SocketFailed
from simulator.webhooks.origins import BadOrigin, OriginMap


class Socket(Protocol):
    """One connection with its protocol."""

    @property
    def sid(self) -> str:
        """What the carrier calls it."""

    async def open(
        self, session: aiohttp.ClientSession, *, auth_token: str, origins: OriginMap
    ) -> None:
        """Shake hands and introduce the call. Raises SocketFailed, BadOrigin."""

    async def stop(self) -> None:
        """Say goodbye and close."""

    def cut(self) -> None:
        """Drop the connection as a broken network does."""


async def open_socket(scene: Scene, socket: Socket, url: str) -> None:
    """Open it; a caller who hangs up meanwhile leaves one that opens and stops at once.

    Raises SocketFailed, BadOrigin.
    """
    exchange = scene.exchange
    if exchange.outage.is_on:
        exchange.outage.note(scene.call, "media", url=url)
        raise SocketFailed(31902, "cannot connect: the carrier is out")
    scene.call.log.add("stream", stream_sid=socket.sid, state="opening")

    async def shake_hands() -> None:
        async with exchange.clock.outside():
            await socket.open(
                exchange.webhooks.session,
                auth_token=exchange.settings.auth_token,
                origins=exchange.settings.origins,
            )

    opening = asyncio.ensure_future(shake_hands())
    try:
        await asyncio.shield(opening)
    except asyncio.CancelledError:
        exchange.background.run(_stop_when_open(scene, opening, socket), of=scene.call)
        raise


async def _stop_when_open(scene: Scene, opening: asyncio.Future[None], socket: Socket) -> None:
    with suppress(SocketFailed, BadOrigin):
        await opening
        scene.exchange.background.run(socket.stop())


def strikes_of(scene: Scene, *, only: str = "") -> list[Strike]:
    """What the plan of faults has for the socket that was opened last; `only` one kind of it."""
    number = sum(
        event["event"] == "stream" and event.get("state") == "started"
        for event in scene.call.log.events
    )
    return list(scene.exchange.faults.of_media(scene.call.sid, number, only=only))


async def cut_when_due(scene: Scene, socket: Socket, strikes: list[Strike]) -> None:
    """Cut the socket when its time has come, if the plan cuts it."""
    cuts = [strike for strike in strikes if strike.fault.name == "cut"]
    if not cuts:
        return
    await scene.exchange.clock.sleep(min(strike.drawn("seconds") for strike in cuts))
    scene.call.log.add("fault", fault="cut", purpose="media", stream_sid=socket.sid)
    socket.cut()
