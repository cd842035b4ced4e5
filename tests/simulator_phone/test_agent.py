"""An agent's phone that rings, spoken to by a program: who rings, who answers, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from simulator.calls.call import Call
from tests.simulator_phone.phones import (
    ACCOUNT,
    APP,
    CALLER,
    FRAME,
    NUMBER,
    Phones,
    connect,
    hears,
    token,
    told,
    try_phones,
    until,
)

DIAL = (
    '<Response><Dial action="/after" timeout="{timeout}"><Client><Identity>agent_7</Identity>'
    '<Parameter name="case" value="42"/><Parameter name="note" value=""/></Client></Dial>'
    "</Response>"
)
TO_AGENT = {"/voice": DIAL.format(timeout=30), "/after": "<Response><Hangup/></Response>"}
OTHER_FRAME = b"\x90" * 160


async def register(socket: ClientWebSocketResponse) -> None:
    await socket.send_json({"event": "register"})
    assert (await told(socket, "registered"))["identity"]


@asynccontextmanager
async def ringing(
    phones: Phones,
) -> AsyncIterator[tuple[ClientWebSocketResponse, ClientWebSocketResponse, str]]:
    """An agent's phone that rings, the caller's, and the call's reference."""
    async with phones.agent() as agent, phones.socket() as caller:
        await register(agent)
        await connect(caller)
        yield agent, caller, (await told(agent, "incoming"))["ref"]


async def answer(socket: ClientWebSocketResponse, how: str, ref: str) -> None:
    await socket.send_json({"event": how, "ref": ref})


async def outcome(phones: Phones) -> dict[str, str]:
    """What the Dial's action was told."""

    async def look() -> list[dict[str, str]]:
        return phones.asked("/after")

    return (await until(look, bool))[0]


async def silent(socket: ClientWebSocketResponse) -> bool:
    """Whether nothing but sound has come; asks something and looks what comes before the answer."""
    await socket.send_json({"event": "fly"})
    return "fly" in (await told_any(socket))["message"]


async def told_any(socket: ClientWebSocketResponse) -> dict[str, Any]:
    while True:
        message = await socket.receive(timeout=60)
        if message.type is WSMsgType.TEXT:
            got: dict[str, Any] = message.json()
            return got


async def verbs(phones: Phones, sid: str) -> list[str]:
    """What a call's documents ran so far."""
    events = phones.network.exchange.calls[sid].log.events
    return [event["verb"] for event in events if event["event"] == "verb"]


def child_of(phones: Phones) -> Call:
    return next(
        c for c in phones.network.exchange.calls.values() if c.party.direction == "outbound-dial"
    )


@pytest.mark.row(
    "ring.identity",
    "ring.parameter",
    "ring.address",
    "noun.Client",
    "noun.Client.identity",
    "noun.Client.Parameter",
)
def test_a_dialled_agent_rings_accepts_and_both_hear_each_other(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent, phones.socket() as caller:
            await register(agent)
            await connect(caller)
            rung = await told(agent, "incoming")
            assert rung["custom_parameters"] == {"case": "42", "note": ""}
            assert rung["parameters"]["From"] == CALLER
            assert rung["parameters"]["To"] == "client:agent_7"
            assert rung["parameters"]["AccountSid"] == ACCOUNT
            assert rung["parameters"]["StirStatus"] == "TN-Validation-Passed-A"
            assert rung["parameters"]["CallSid"] == rung["ref"] == child_of(phones).sid
            assert phones.asked("/after") == []
            await answer(agent, "accept", rung["ref"])
            assert (await told(agent, "accept"))["ref"] == rung["ref"]
            await told(caller, "transferred")
            speaking = asyncio.create_task(speak(caller, FRAME))
            await hears(agent, FRAME)
            speaking.cancel()
            speaking = asyncio.create_task(speak(agent, OTHER_FRAME))
            await hears(caller, OTHER_FRAME)
            speaking.cancel()
            await answer(agent, "disconnect", rung["ref"])
            assert (await told(agent, "disconnect"))["reason"] == "You hung up"
            told_app = await outcome(phones)
            assert told_app["DialCallStatus"] == "completed"
            assert told_app["DialCallSid"] == rung["ref"]

    try_phones(tmp_path, journey, TO_AGENT)


async def speak(socket: ClientWebSocketResponse, frame: bytes) -> None:
    while True:
        await socket.send_bytes(frame)
        await asyncio.sleep(0.02)


@pytest.mark.row("ring.first", "ring.devices", "code.31008")
def test_the_first_of_several_devices_to_answer_wins_and_the_others_are_cancelled(
    tmp_path: Path,
) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as one, phones.agent() as two, phones.agent("agent_8") as other:
            for socket in (one, two, other):
                await register(socket)
            async with phones.socket() as caller:
                await connect(caller)
                ref = (await told(one, "incoming"))["ref"]
                assert (await told(two, "incoming"))["ref"] == ref
                await answer(two, "accept", ref)
                assert (await told(two, "accept"))["ref"] == ref
                assert (await told(one, "cancel"))["ref"] == ref
                await answer(one, "accept", ref)
                assert (await told(one, "error"))["code"] == 31008
                assert await silent(other)

    try_phones(tmp_path, journey, TO_AGENT)


@pytest.mark.row("ring.rejected")
def test_a_call_rejected_on_one_device_is_busy_and_rings_nowhere_else(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as one, phones.agent() as two, phones.socket() as caller:
            await register(one)
            await register(two)
            await connect(caller)
            ref = (await told(one, "incoming"))["ref"]
            await answer(one, "reject", ref)
            assert (await told(two, "cancel"))["ref"] == ref
            told_app = await outcome(phones)
            assert told_app["DialCallStatus"] == "busy"
            assert told_app["DialBridged"] == "false"

    try_phones(tmp_path, journey, TO_AGENT)


def test_a_call_ignored_on_one_device_goes_on_ringing_on_the_other(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as one, phones.agent() as two, phones.socket() as caller:
            await register(one)
            await register(two)
            await connect(caller)
            ref = (await told(one, "incoming"))["ref"]
            await answer(one, "ignore", ref)
            await told(two, "incoming")
            await answer(two, "accept", ref)
            await told(two, "accept")
            await answer(one, "ignore", ref)
            assert (await told(one, "error"))["message"] == "no such call is ringing on this phone"

    try_phones(tmp_path, journey, TO_AGENT)


def test_a_call_nobody_takes_is_cancelled_when_its_time_is_over(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with ringing(phones) as (agent, _caller, ref):
            assert (await told(agent, "cancel"))["ref"] == ref
            assert (await outcome(phones))["DialCallStatus"] == "no-answer"

    try_phones(tmp_path, journey, {**TO_AGENT, "/voice": DIAL.format(timeout=5)}, pace=50)


@pytest.mark.row("ring.gives_up")
def test_a_caller_who_gives_up_before_the_answer_cancels_the_call(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent:
            await register(agent)
            async with phones.socket() as caller:
                await connect(caller)
                ref = (await told(agent, "incoming"))["ref"]
                await caller.send_json({"event": "disconnect", "ref": "a"})
                assert (await told(agent, "cancel"))["ref"] == ref
            assert (await outcome(phones))["DialCallStatus"] == "canceled"

    try_phones(tmp_path, journey, TO_AGENT)


@pytest.mark.parametrize("leaves", ["never came", "unregisters", "closes the page", "is another"])
@pytest.mark.row("ring.unregistered")
def test_an_agent_who_is_not_registered_cannot_be_reached(tmp_path: Path, leaves: str) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent("agent_8" if leaves == "is another" else "agent_7") as agent:
            if leaves != "never came":
                await register(agent)
            if leaves == "unregisters":
                await agent.send_json({"event": "unregister"})
                await told(agent, "unregistered")
            if leaves == "closes the page":
                await agent.close()
                await until(lambda: _registered(phones), lambda found: not found)
            async with phones.socket() as caller:
                await connect(caller)
                assert (await outcome(phones))["DialCallStatus"] == "failed"

    try_phones(tmp_path, journey, TO_AGENT)


async def _registered(phones: Phones) -> dict[str, int]:
    return phones.network.exchange.clients.registered()


@pytest.mark.row("ring.rest")
def test_an_agent_called_by_rest_runs_the_document_and_gets_the_parameters_of_the_address(
    tmp_path: Path,
) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent:
            await register(agent)
            made = await phones.rest(
                "Calls",
                To="client:agent_7?case=42&name=Ann%20Lee",
                From=NUMBER,
                Twiml='<Response><Pause length="60"/></Response>',
            )
            assert made["to"] == "client:agent_7"
            rung = await told(agent, "incoming")
            assert rung["ref"] == made["sid"]
            assert rung["custom_parameters"] == {"case": "42", "name": "Ann Lee"}
            assert rung["parameters"]["From"] == NUMBER
            assert "StirStatus" not in rung["parameters"]
            await answer(agent, "accept", rung["ref"])
            assert await until(lambda: verbs(phones, rung["ref"]), bool) == ["Pause"]

    try_phones(tmp_path, journey)


@pytest.mark.row("ring.participant")
def test_an_agent_added_to_a_conference_rings(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent:
            await register(agent)
            await phones.rest(
                "Conferences/room/Participants", To="client:agent_7?case=9", From=NUMBER
            )
            rung = await told(agent, "incoming")
            assert rung["custom_parameters"] == {"case": "9"}
            await answer(agent, "accept", rung["ref"])
            await told(agent, "accept")

    try_phones(tmp_path, journey)


@pytest.mark.row("code.31486")
def test_a_phone_with_a_call_on_cannot_accept_another_before_it_is_over(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent, phones.socket() as caller:
            await register(agent)
            await connect(agent, "mine")
            await told(agent, "accept")
            await connect(caller)
            ref = (await told(agent, "incoming"))["ref"]
            await answer(agent, "accept", ref)
            assert (await told(agent, "error"))["code"] == 31486
            await answer(agent, "disconnect", "mine")
            await answer(agent, "accept", ref)
            assert (await told(agent, "accept"))["ref"] == ref

    try_phones(tmp_path, journey, TO_AGENT)


def test_whoever_ends_the_call_the_other_one_hears_of_it(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with ringing(phones) as (agent, caller, ref):
            await answer(agent, "accept", ref)
            await told(caller, "transferred")
            await caller.send_json({"event": "disconnect", "ref": "a"})
            ended = await told(agent, "disconnect")
            assert (ended["ref"], ended["reason"]) == (ref, "The line hung up")

    try_phones(tmp_path, journey, TO_AGENT)


@pytest.mark.row("token.incoming", "code.20151")
def test_a_token_that_does_not_allow_incoming_calls_registers_nobody(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent(allow=False) as agent:
            await agent.send_json({"event": "register"})
            refused = await told(agent, "error")
            assert (refused["code"], refused["signalled"]) == (20151, 31201)
        assert phones.network.exchange.clients.registered() == {}

    try_phones(tmp_path, journey)


@pytest.mark.parametrize(
    ("access", "code", "signalled"),
    [
        pytest.param("not.a.token", 20101, 31204, marks=pytest.mark.row("code.20101")),
        pytest.param(token(ttl_s=-3600), 20104, 31205, marks=pytest.mark.row("code.20104")),
        (token()[:-4] + "AAAA", 20101, 31202),
    ],
)
@pytest.mark.row("token.secret", "code.20101", "code.20104", "code.31204", "code.31205")
def test_a_bad_token_is_refused_by_both_of_the_carriers_codes(
    tmp_path: Path, access: str, code: int, signalled: int
) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket(f"/phone/agent?token={access}") as agent:
            refused = await told(agent, "error")
            assert (refused["code"], refused["signalled"]) == (code, signalled)
            assert (await agent.receive(timeout=60)).type is WSMsgType.CLOSE

    try_phones(tmp_path, journey)


@pytest.mark.slow
@pytest.mark.row("token.expired")
def test_a_token_that_expires_unregisters_until_another_comes(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent(ttl_s=-25.9) as agent:
            await register(agent)
            assert phones.network.exchange.clients.registered() == {"agent_7": 1}
            expired = await told(agent, "error")
            assert (expired["code"], expired["signalled"]) == (20104, 31205)
            await told(agent, "unregistered")
            assert phones.network.exchange.clients.registered() == {}
            await agent.send_json({"event": "token", "token": token()})
            await register(agent)
            assert phones.network.exchange.clients.registered() == {"agent_7": 1}

    try_phones(tmp_path, journey)


def test_a_bad_new_token_changes_nothing_and_a_good_one_may_change_the_name(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent:
            await register(agent)
            await agent.send_json({"event": "token", "token": "nonsense"})
            assert (await told(agent, "error"))["code"] == 20101
            assert phones.network.exchange.clients.registered() == {"agent_7": 1}
            await agent.send_json({"event": "token", "token": token("agent_8")})
            assert (await told(agent, "registered"))["identity"] == "agent_8"
            assert phones.network.exchange.clients.registered() == {"agent_8": 1}

    try_phones(tmp_path, journey)


def test_what_an_agent_thinks_of_the_sound_stands_in_the_calls_log(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent:
            await connect(agent)
            sid = (await told(agent, "accept"))["parameters"]["CallSid"]
            note = {"event": "feedback", "call_sid": sid, "score": 2, "issue": "echo"}
            await agent.send_json(note)
            await agent.send_json({**note, "call_sid": "CA0"})
            assert "call_sid" in (await told(agent, "error"))["message"]
            logged = phones.network.exchange.calls[sid].log.events
            found = [event for event in logged if event["event"] == "feedback"]
            assert [(one["score"], one["issue"]) for one in found] == [(2, "echo")]

    try_phones(tmp_path, journey)


@pytest.mark.row(
    "agent_dials.From", "agent_dials.Direction", "agent_dials.ApplicationSid",
    "agent_dials.params", "agent_dials.To",
)  # fmt: skip
def test_an_agents_own_call_asks_the_tokens_application_with_its_params(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent:
            params = {"offer": "42", "CallSid": "CA0", "From": "client:somebody_else"}
            await agent.send_json({"event": "connect", "ref": "a", "params": params})
            sid = (await told(agent, "accept"))["parameters"]["CallSid"]
            await agent.send_json({"event": "disconnect", "ref": "a"})
            await connect(agent, "b", To=NUMBER)
            await told(agent, "accept")
            first, second = phones.asked("/agent")
            assert (first["From"], first["Direction"]) == ("client:agent_7", "inbound")
            assert (first["ApplicationSid"], first["offer"]) == (APP, "42")
            assert (first["CallSid"], first["To"]) == (sid, "")
            assert second["To"] == NUMBER

    try_phones(tmp_path, journey)


@pytest.mark.row("token.outgoing")
def test_a_token_without_an_application_makes_no_call(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent(app_sid=None) as agent:
            await connect(agent)
            assert (await told(agent, "error"))["code"] == 20151
            assert phones.requests == []

    try_phones(tmp_path, journey)


@pytest.mark.row("code.31400")
def test_keys_other_than_a_telephones_are_refused(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent:
            await connect(agent)
            await told(agent, "accept")
            await agent.send_json({"event": "digits", "ref": "a", "digits": "1A"})
            refused = await told(agent, "error")
            assert refused["code"] == 31400

    try_phones(tmp_path, journey)
