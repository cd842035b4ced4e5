"""What the comparison of phone networks counts and divides."""

from __future__ import annotations

import base64

from aiohttp.test_utils import TestClient, TestServer

from bench.phone_app import create_app
from bench.phone_beside import Outcome, ratio
from simulator.load.report import Percentiles
from tests.simulator.app import run


def test_a_ratio_to_nothing_is_a_dash() -> None:
    assert ratio(3.0, 2.0) == "1.50"
    assert ratio(3.0, 0.0) == "-"


def test_a_fetched_document_is_no_callback() -> None:
    told = {"document": 5, "ringing": 5, "completed": 4}
    assert Outcome(1.0, Percentiles.of(()), told).callbacks == 9


def test_states_of_calls_and_messages_are_counted_until_forgotten() -> None:
    async def work() -> None:
        async with TestClient(TestServer(create_app())) as client:
            await client.post("/told", data={"CallStatus": "ringing"})
            await client.post("/told", data={"MessageStatus": "delivered"})
            await client.post("/told", data={"MessageStatus": "delivered"})
            await client.post("/bye")
            counted = {"ringing": 1, "delivered": 2, "document": 1}
            assert await (await client.get("/counts?forget=1")).json() == counted
            assert await (await client.get("/counts")).json() == {}

    run(work())


def test_a_frame_comes_back_however_its_message_is_spaced() -> None:
    async def work() -> None:
        payload = base64.b64encode(b"\x7f" * 160).decode()
        async with (
            TestClient(TestServer(create_app())) as client,
            client.ws_connect("/sound") as socket,
        ):
            for space in ("", " "):
                media = f'{{"payload":{space}"{payload}"}}'
                await socket.send_str('{"event": "connected"}')
                await socket.send_str(
                    f'{{"event":{space}"media","streamSid":"MZ1","media":{media}}}'
                )
                assert (await socket.receive_json())["media"]["payload"] == payload
            assert len(await (await client.get("/figures")).json()) == 2

    run(work())
