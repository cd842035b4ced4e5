"""A browser whose connection breaks comes back to its call, and nobody waits for it for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from simulator.phone import phone_socket
from tests.simulator_phone.phones import (
    FRAME,
    Phones,
    connect,
    hears,
    told,
    try_phones,
    until,
)

ECHO = {"/voice": "<Response><Echo/></Response>"}


async def on_a_call(socket: ClientWebSocketResponse) -> tuple[str, str]:
    """The secret of the session, and the call."""
    secret = (await told(socket, "session"))["resume"]
    await connect(socket)
    return secret, (await told(socket, "accept"))["parameters"]["CallSid"]


async def cut(phones: Phones, sid: str, socket: ClientWebSocketResponse) -> None:
    """Break the connection, and see it broken."""
    answer = await phones.client.post(f"/simulator/calls/{sid}/cut-phone")
    assert answer.status == 200
    async with asyncio.timeout(60):
        while (await socket.receive()).type in (WSMsgType.BINARY, WSMsgType.TEXT):
            pass


async def speak(socket: ClientWebSocketResponse) -> None:
    while True:
        await socket.send_bytes(FRAME)
        await asyncio.sleep(0.02)


def test_a_call_goes_on_when_the_browser_comes_back(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as first:
            secret, sid = await on_a_call(first)
            await cut(phones, sid, first)
            async with phones.socket(f"/phone?resume={secret}") as second:
                assert (await told(second, "resumed"))["call"] == "a"
                speaking = asyncio.create_task(speak(second))
                await hears(second, FRAME)
                speaking.cancel()
                await second.send_json({"event": "disconnect", "ref": "a"})
                assert (await told(second, "disconnect"))["status"] == "completed"

    try_phones(tmp_path, journey, ECHO)


def test_a_call_that_ended_meanwhile_is_told_to_have_ended(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as first:
            secret, sid = await on_a_call(first)
            await cut(phones, sid, first)
            phones.network.exchange.calls[sid].end(by="line")
            async with phones.socket(f"/phone?resume={secret}") as second:
                assert (await told(second, "resumed"))["call"] is None
                assert (await told(second, "disconnect"))["ref"] == "a"

    try_phones(tmp_path, journey)


def test_a_call_ends_when_the_browser_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_socket, "LINGER_S", 0.05)

    async def journey(phones: Phones) -> None:
        async with phones.socket() as first:
            secret, sid = await on_a_call(first)
            await cut(phones, sid, first)
            await asyncio.wait_for(phones.network.exchange.calls[sid].gone.wait(), 60)
            async with phones.socket(f"/phone?resume={secret}") as late:
                assert (await told(late, "session"))["resume"] != secret

    try_phones(tmp_path, journey)


def test_a_newer_connection_takes_the_phone_over_from_one_that_seems_alive(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as first:
            secret, sid = await on_a_call(first)
            async with phones.socket(f"/phone?resume={secret}") as second:
                assert (await told(second, "resumed"))["call"] == "a"
                await first.close()
                await second.send_json({"event": "digits", "ref": "a", "digits": "5"})

                async def keys() -> list[str]:
                    events = phones.network.exchange.calls[sid].log.events
                    return [event["digits"] for event in events if event["event"] == "keys"]

                assert await until(keys, bool) == ["5"]

    try_phones(tmp_path, journey)


def test_a_secret_that_nobody_has_begins_a_new_phone(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as first, phones.socket("/phone?resume=guess") as other:
            _, sid = await on_a_call(first)
            await told(other, "session")
            await other.send_json({"event": "disconnect", "ref": "a"})
            await other.send_json({"event": "fly"})
            await told(other, "error")
            assert not phones.network.exchange.calls[sid].is_over

    try_phones(tmp_path, journey)


def test_only_a_call_of_a_browser_can_have_its_connection_cut(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        answer = await phones.client.post("/simulator/calls/CA0/cut-phone")
        assert answer.status == 404

    try_phones(tmp_path, journey)
