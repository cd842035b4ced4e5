"""The socket of browser phones, spoken to by a program: rules, refusals, and the end of calls."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse, WSMessage, WSMsgType, WSServerHandshakeError

from tests.simulator_phone.phones import (
    CALLER,
    FRAME,
    NUMBER,
    WAIT,
    Phones,
    connect,
    told,
    try_phones,
    until,
)


def test_a_call_goes_from_ringing_to_answered_to_hung_up(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket:
            await connect(socket)
            ringing = await told(socket, "ringing")
            accepted = await told(socket, "accept")
            assert ringing["ref"] == accepted["ref"] == "a"
            sid = accepted["parameters"]["CallSid"]
            await socket.send_bytes(FRAME)
            await socket.send_json({"event": "digits", "ref": "a", "digits": "1w2#"})
            await socket.send_json({"event": "disconnect", "ref": "a"})
            assert (await told(socket, "disconnect"))["reason"] == "You hung up"
            call = await (await phones.client.get(f"/calls/{sid}.json")).json()
            assert call["from"] == CALLER
            assert call["status"] == "completed"
            assert [e["digits"] for e in call["events"] if e["event"] == "keys"] == ["1"]

    try_phones(tmp_path, journey)


def test_digits_wait_where_a_pause_is_asked_for(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket:
            await connect(socket)
            sid = (await told(socket, "accept"))["parameters"]["CallSid"]
            await socket.send_json({"event": "digits", "ref": "a", "digits": "1w2#"})
            keys = await until(lambda: _keys(phones, sid), lambda found: len(found) == 3)
            assert [digit for digit, _ in keys] == ["1", "2", "#"]
            assert keys[1][1] - keys[0][1] >= 0.4

    try_phones(tmp_path, journey)


async def _statuses(phones: Phones) -> list[str]:
    return [form["CallStatus"] for _, form in phones.requests]


async def _keys(phones: Phones, sid: str) -> list[tuple[str, float]]:
    call = await (await phones.client.get(f"/calls/{sid}.json")).json()
    return [(e["digits"], e["at_s"]) for e in call["events"] if e["event"] == "keys"]


def test_closing_the_page_hangs_up(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket:
            await connect(socket)
            await told(socket, "accept")
        await until(lambda: _statuses(phones), lambda found: found[-1] == "completed")

    try_phones(tmp_path, journey)


def test_one_phone_has_one_call_and_may_call_again_afterwards(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket:
            await connect(socket, "a")
            await told(socket, "accept")
            await connect(socket, "b")
            assert (await told(socket, "error"))["ref"] == "b"
            assert (await told(socket, "disconnect"))["ref"] == "b"
            await socket.send_json({"event": "disconnect", "ref": "a"})
            assert (await told(socket, "disconnect"))["ref"] == "a"
            await connect(socket, "c")
            assert (await told(socket, "accept"))["ref"] == "c"

    try_phones(tmp_path, journey)


@pytest.mark.parametrize(
    "params", [{"To": "+13125550199"}, {"From": "nobody"}, {"From": ""}, {"To": ""}]
)
def test_a_call_that_cannot_be_placed_is_refused_with_a_reason(
    tmp_path: Path, params: dict[str, str]
) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket:
            await connect(socket, **params)
            assert (await told(socket, "error"))["code"] in {21212, 21214}
            assert (await told(socket, "disconnect"))["status"] == "failed"
        assert phones.requests == []

    try_phones(tmp_path, journey)


@pytest.mark.parametrize(
    "nonsense",
    [
        "not json",
        "[]",
        "{}",
        '{"event": 1}',
        '{"event": "fly"}',
        '{"event": "connect"}',
        '{"event": "connect", "ref": "x", "params": []}',
        '{"event": "digits", "ref": "x", "digits": "1a"}',
        '{"event": "digits", "ref": "x"}',
        '{"event": "text", "body": ""}',
    ],
)
def test_nonsense_is_answered_and_the_phone_goes_on(tmp_path: Path, nonsense: str) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket:
            await socket.send_str(nonsense)
            assert (await told(socket, "error"))["message"]
            await socket.send_bytes(FRAME)
            await connect(socket)
            await told(socket, "accept")
            await socket.send_bytes(b"too short")
            assert "160" in (await told(socket, "error"))["message"]

    try_phones(tmp_path, journey)


@pytest.mark.parametrize("path", ["/phone", "/phone/agent?token=x"])
def test_a_page_from_elsewhere_gets_no_phone(tmp_path: Path, path: str) -> None:
    async def journey(phones: Phones) -> None:
        with pytest.raises(WSServerHandshakeError) as refused:
            await phones.socket(path, "https://evil.example")
        assert refused.value.status == 403

    try_phones(tmp_path, journey)


def test_an_agent_without_a_token_is_told_and_let_go(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket("/phone/agent", "http://localhost:8000") as socket:
            assert (await told(socket, "error"))["code"] == 20101
            async with asyncio.timeout(60):
                assert (await socket.receive()).type is WSMsgType.CLOSE
            assert socket.close_code == 4401

    try_phones(tmp_path, journey)


def test_texts_of_the_watched_number_come_past_ones_first(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket, phones.socket() as other:
            text = {"event": "text", "from": CALLER, "to": NUMBER, "body": "hello"}
            await socket.send_json(text)
            await other.send_json({"event": "watch", "number": "+13125550109"})
            await socket.send_json({"event": "watch", "number": CALLER})
            first = await told(socket, "sms")
            await socket.send_json({**text, "body": "again"})
            second = await told(socket, "sms")
            assert (first["body"], second["body"]) == ("hello", "again")
            assert first["mine"]
            await socket.send_json({**text, "body": "see https://a.example/t/1, or call"})
            links = (await told(socket, "sms"))["links"]
            assert links == {"https://a.example/t/1": "https://a.example/t/1"}
            await told(other, "session")
            await other.send_json({"event": "fly"})
            async with asyncio.timeout(60):
                assert json.loads(await other.receive_str())["event"] == "error"

    try_phones(tmp_path, journey)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/calls", 200),
        ("/static/phone/worklet.js", 200),
        ("/static/nothing.js", 404),
        ("/static/%2e%2e/server.py", 404),
        ("/static/..%2fserver.py", 404),
        ("/calls/CA0.json", 404),
    ],
)
def test_only_what_is_meant_for_browsers_is_served(tmp_path: Path, path: str, status: int) -> None:
    async def journey(phones: Phones) -> None:
        answer = await phones.client.get(path)
        assert answer.status == status

    try_phones(tmp_path, journey)


def test_other_origins_may_load_the_agents_phone_but_not_the_calls(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        for path in ("/phone.js", "/static/phone/worklet.js"):
            answer = await phones.client.get(path)
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.content_type == "text/javascript"
        answer = await phones.client.get("/calls.json")
        assert "Access-Control-Allow-Origin" not in answer.headers

    try_phones(tmp_path, journey)


async def wait_for_calls(socket: ClientWebSocketResponse, number: str) -> None:
    """Ask to be rung; when nonsense has been answered, the network knows."""
    await socket.send_json({"event": "ring", "number": number})
    await socket.send_json({"event": "fly"})
    assert "fly" in (await told(socket, "error"))["message"]


def test_a_softphone_that_waits_for_its_calls_is_rung_and_others_are_not(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket, phones.socket() as other:
            await wait_for_calls(socket, CALLER)
            await wait_for_calls(other, "+13125550109")
            made = await phones.rest("Calls", To=CALLER, From=NUMBER, Twiml=WAIT)
            rung = await told(socket, "incoming")
            assert (rung["ref"], rung["parameters"]["From"]) == (made["sid"], NUMBER)
            await socket.send_json({"event": "accept", "ref": rung["ref"]})
            await told(socket, "accept")
            await other.send_json({"event": "fly"})
            assert other_than_sound(await other.receive()) == "error"

            await wait_for_calls(socket, "")
            assert phones.network.exchange.clients.registered() == {"+13125550109": 1}

    try_phones(tmp_path, journey)


def other_than_sound(message: WSMessage) -> str:
    assert message.type is WSMsgType.TEXT
    return str(json.loads(message.data)["event"])


def test_a_call_declined_on_the_softphone_is_busy(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket:
            await wait_for_calls(socket, CALLER)
            made = await phones.rest("Calls", To=CALLER, From=NUMBER, Twiml=WAIT)
            ref = (await told(socket, "incoming"))["ref"]
            await socket.send_json({"event": "reject", "ref": ref})
            call = phones.network.exchange.calls[made["sid"]]
            await asyncio.wait_for(call.gone.wait(), 60)
            assert call.status == "busy"

    try_phones(tmp_path, journey)


@pytest.mark.parametrize("number", ["5", "client:", "client:a b", "sip:a@b"])
def test_a_softphone_cannot_wait_as_nobody(tmp_path: Path, number: str) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket:
            await socket.send_json({"event": "ring", "number": number})
            assert "ring needs a number" in (await told(socket, "error"))["message"]
        assert phones.network.exchange.clients.registered() == {}

    try_phones(tmp_path, journey)


def test_a_softphone_as_a_client_calls_the_application_and_is_rung_by_its_name(
    tmp_path: Path,
) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as socket:
            await connect(socket, From="client:agent_7")
            await told(socket, "accept")
            form = phones.asked("/agent")[0]
            assert (form["From"], form["To"]) == ("client:agent_7", NUMBER)
            await socket.send_json({"event": "disconnect", "ref": "a"})
            await told(socket, "disconnect")
            await wait_for_calls(socket, "client:agent_7")
            await phones.rest("Calls", To="client:agent_7?case=1", From=NUMBER, Twiml=WAIT)
            assert (await told(socket, "incoming"))["custom_parameters"] == {"case": "1"}

    try_phones(tmp_path, journey)
