"""What the pages of calls and errors are drawn from: legs, requests with their worth, advice."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse
from twilio.request_validator import RequestValidator

from simulator.errors.advice import advice
from simulator.errors.error_names import NAMES
from tests.simulator_phone.phones import (
    AUTH_TOKEN,
    CALLER,
    NUMBER,
    Phones,
    connect,
    told,
    try_phones,
    until,
)

TO_AGENT = {"/voice": "<Response><Dial><Client>agent_7</Client></Dial></Response>"}


async def shown(phones: Phones, sid: str) -> dict[str, Any]:
    return dict(await (await phones.client.get(f"/calls/{sid}.json")).json())


async def rung_by(agent: ClientWebSocketResponse, number: str) -> str:
    """The leg on which a caller rings an agent."""
    while True:
        rung = await told(agent, "incoming")
        if rung["parameters"]["From"] == number:
            return str(rung["ref"])


def webhooks(call: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in call["events"] if event["event"] == "webhook"]


def test_a_call_is_shown_with_the_leg_it_dialled_and_that_leg_with_it(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.agent() as agent, phones.socket() as caller, phones.socket() as other:
            await agent.send_json({"event": "register"})
            await told(agent, "registered")
            await connect(other, To=NUMBER, From="+13125550109")
            await connect(caller)
            ref = await rung_by(agent, CALLER)
            listed = (await (await phones.client.get("/calls.json")).json())["calls"]
            parents = {call["sid"]: call["parent_sid"] for call in listed}
            call = await shown(phones, ref)
            assert [(leg["from"], leg["to"]) for leg in call["legs"]] == [
                (CALLER, NUMBER),
                (CALLER, "client:agent_7"),
            ]
            assert parents[ref] == call["legs"][0]["sid"]
            assert (await shown(phones, parents[ref]))["legs"][1]["status"] == "ringing"
            assert set(call["legs"][0]["levels"]) == {"said", "heard"}

    try_phones(tmp_path, journey, TO_AGENT)


def test_a_request_is_shown_as_a_command_that_the_application_would_believe(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as caller:
            await connect(caller)
            sid = (await told(caller, "accept"))["parameters"]["CallSid"]
            request = webhooks(await shown(phones, sid))[0]
            assert request["signature"] == "genuine"
            words = shlex.split(request["curl"])
            headers = dict(word.split(": ", 1) for word in words if ": " in word)
            signature = headers["X-Twilio-Signature"]
            assert signature == request["signed"]["value"]
            assert words[:5] == ["curl", "-i", "-X", "POST", request["signed"]["url"]]
            validator = RequestValidator(AUTH_TOKEN)
            assert validator.validate(request["signed"]["url"], request["form"], signature)
            assert f"CallSid={sid}" in words[-1]

    try_phones(tmp_path, journey)


def test_a_forged_request_is_shown_as_one(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        plan = {"webhooks": [{"fault": "bad_signature"}]}
        await phones.client.put("/simulator/faults", json=plan)
        async with phones.socket() as caller:
            await connect(caller)
            sid = (await told(caller, "accept"))["parameters"]["CallSid"]
            request = webhooks(await shown(phones, sid))[0]
            assert request["signature"] == "forged"
            signed = request["signed"]
            validator = RequestValidator(AUTH_TOKEN)
            assert not validator.validate(signed["url"], request["form"], signed["value"])

    try_phones(tmp_path, journey)


def test_an_error_of_a_call_comes_with_its_name_and_what_to_do(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as caller:
            await connect(caller)

            async def errors() -> list[dict[str, Any]]:
                answer = await phones.client.get("/simulator/debugger")
                return list((await answer.json())["errors"])

            alert = (await until(errors, bool))[0]
            assert alert["advice"] == advice(12102)
            event = next(
                event
                for event in (await shown(phones, alert["call_sid"]))["events"]
                if event["event"] == "error"
            )
            assert (event["code"], event["name"]) == (12102, NAMES[12102])
            assert event["advice"].startswith("The outermost element")

    try_phones(tmp_path, journey, {"/voice": "<Answer/>"})


def test_a_warning_is_not_counted_as_an_error(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as caller:
            await connect(caller)
            await told(caller, "accept")
            (call,) = (await (await phones.client.get("/calls.json")).json())["calls"]
            assert (call["errors"], call["warnings"]) == (0, 1)

    document = '<Response><Say colour="red">Hello</Say><Pause length="5"/></Response>'
    try_phones(tmp_path, journey, {"/voice": document})


@pytest.mark.parametrize("code", sorted(NAMES))
def test_every_error_that_has_a_name_says_what_to_do(code: int) -> None:
    assert advice(code).endswith(".")


def test_a_code_that_nobody_knows_has_no_advice() -> None:
    assert advice(99999) == ""


@pytest.mark.parametrize("name", ["calls", "debugger", "faults"])
def test_a_page_loads_nothing_from_elsewhere(tmp_path: Path, name: str) -> None:
    async def journey(phones: Phones) -> None:
        answer = await phones.client.get(f"/{name}")
        assert answer.status == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    try_phones(tmp_path, journey)


def test_a_page_that_knows_some_events_is_told_those_after_them(tmp_path: Path) -> None:
    async def journey(phones: Phones) -> None:
        async with phones.socket() as caller:
            await connect(caller)
            sid = (await told(caller, "accept"))["parameters"]["CallSid"]
            whole = await shown(phones, sid)
            path = f"/calls/{sid}.json?since=2"
            rest = await (await phones.client.get(path)).json()
            assert whole["since"] == 0 and rest["since"] == 2
            assert rest["events"][: len(whole["events"]) - 2] == whole["events"][2:]
            for wrong in ("-1", "x", ""):
                answer = await phones.client.get(f"/calls/{sid}.json?since={wrong}")
                assert answer.status == 400

    try_phones(tmp_path, journey)
