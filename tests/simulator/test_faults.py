"""A plan of faults: what strikes, whom, how often, and that it is repeatable and on record."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestClient, TestServer

import simulator
from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.calls.legs import Endpoint
from simulator.faults.fault_parameters import BadPlan
from simulator.faults.kinds import PURPOSES
from simulator.faults.plan import plan_from
from simulator.faults.strikes import Faults
from simulator.keys import NETWORK
from simulator.server import create_app
from simulator.webhooks.signature import signature
from tests.simulator.app import (
    ACCOUNT,
    CALLER,
    NUMBER,
    PUBLIC,
    TOKEN,
    FakeApp,
    network,
    response,
    run,
    settings_for,
)

CODE = Path(simulator.__file__).parent
TALK = response("<Say>Good morning</Say>", '<Pause length="1"/>')


def called(
    folder: Path, plan: Any, count: int = 1, voice: str = TALK
) -> tuple[FakeApp, list[Call]]:
    """So many calls, one after the other, under a plan."""
    app = FakeApp({"/voice": voice, "/status": response(), "/recorded": response()})

    async def work() -> list[Call]:
        async with network(app, folder, pace=0.0, seed=1) as net:
            net.exchange.faults = Faults(plan_from(plan))
            for _ in range(count):
                leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
                await net.exchange.calls[leg.sid].settling()
            return list(net.exchange.calls.values())

    return app, run(work())


def struck(call: Call) -> list[Event]:
    return [event for event in call.log.events if event["event"] == "fault"]


def test_a_repeated_request_is_sent_again_byte_for_byte(tmp_path: Path) -> None:
    plan = {"webhooks": [{"fault": "repeated", "of": ["voice"], "times": 3}]}
    app, (call,) = called(tmp_path, plan)
    raws = [one for one in app.received if one.path == "/voice"]
    assert len(raws) == 3 and len({one.raw for one in raws}) == 1
    assert len({one.headers["I-Twilio-Idempotency-Token"] for one in raws}) == 1
    repeats = [event for event in call.log.events if event["event"] == "repeat"]
    assert [event["same"] for event in repeats] == [True, True]
    assert len(app.forms("/status")) == 1


def test_a_lost_callback_is_never_sent(tmp_path: Path) -> None:
    plan = {"webhooks": [{"fault": "lost", "of": ["status"]}]}
    app, (call,) = called(tmp_path, plan)
    assert app.forms("/status") == [] and call.status == "completed"
    assert [event["fault"] for event in struck(call)] == ["lost"]


def test_a_lost_question_is_a_failed_connection(tmp_path: Path) -> None:
    plan = {"webhooks": [{"fault": "lost", "of": ["voice"]}]}
    app, (call,) = called(tmp_path, plan)
    assert app.forms("/voice") == []
    assert [event["code"] for event in call.log.events if event["event"] == "error"] == [11205]


def test_a_delay_is_line_time(tmp_path: Path) -> None:
    plan = {"webhooks": [{"fault": "delayed", "of": ["voice"], "seconds": [7, 7]}]}
    _, (call,) = called(tmp_path, plan)
    webhook = next(event for event in call.log.events if event["event"] == "webhook")
    assert webhook["sent_at_s"] == pytest.approx(7, abs=0.1)


def test_a_wrong_signature_is_wrong(tmp_path: Path) -> None:
    app, _ = called(tmp_path, {"webhooks": [{"fault": "bad_signature", "of": ["voice"]}]})
    (one,) = [one for one in app.received if one.path == "/voice"]
    right = signature(TOKEN, one.url, tuple(one.form.items()))
    assert one.headers["X-Twilio-Signature"] != right


def test_only_callbacks_are_reordered(tmp_path: Path) -> None:
    plan = {"webhooks": [{"fault": "reordered", "seconds": 5}]}
    _, (call,) = called(tmp_path, plan)
    assert [event["purpose"] for event in struck(call)] == ["status"]


def test_a_share_is_about_that_share_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    plan = {"seed": 3, "webhooks": [{"fault": "lost", "share": 0.3, "of": ["status"]}]}
    short = response("<Hangup/>")

    def losses(name: str, seed: int) -> list[bool]:
        _, calls = called(tmp_path / name, {**plan, "seed": seed}, 60, short)
        return [bool(struck(call)) for call in calls]

    first = losses("a", 3)
    assert 8 <= sum(first) <= 30
    assert losses("b", 3) == first != losses("c", 4)


@pytest.mark.parametrize("kind", ["missing", "short", "corrupt"])
def test_a_recording_is_spoiled_for_its_first_fetches(tmp_path: Path, kind: str) -> None:
    plan = Faults(plan_from({"recordings": [{"fault": kind, "times": 2}]}))
    voice = response(
        '<Start><Recording recordingStatusCallback="/recorded"/></Start>', "<Say>Hello</Say>"
    )
    app = FakeApp({"/voice": voice, "/status": response(), "/recorded": response()})

    async def work() -> list[tuple[int, bytes]]:
        outer = _application(app)
        async with TestServer(outer) as server:
            phone = create_app(settings_for(server.port or 0, tmp_path))
            async with TestClient(TestServer(phone), auth=BasicAuth(ACCOUNT, TOKEN)) as client:
                net = phone[NETWORK]
                net.exchange.faults = plan
                leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
                await net.exchange.calls[leg.sid].settling()
                (sid,) = net.exchange.recordings.by_sid
                url = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}.wav"
                answers = [await client.get(url) for _ in range(3)]
                assert net.exchange.faults.struck == {f"recordings.{kind}": 2}
                return [(one.status, await one.read()) for one in answers]

    first, second, third = run(work())
    assert third[0] == 200 and third[1][:4] == b"RIFF"
    for status, body in (first, second):
        if kind == "missing":
            assert status == 404
        else:
            assert status == 200 and body != third[1]
            assert len(body) < len(third[1]) if kind == "short" else body[:6] == b"<html>"


def test_a_late_recording_is_told_later(tmp_path: Path) -> None:
    voice = response(
        '<Start><Recording recordingStatusCallback="/recorded"/></Start>', "<Say>Hello</Say>"
    )
    plan = {"recordings": [{"fault": "late", "seconds": 30}]}
    app, (call,) = called(tmp_path, plan, voice=voice)
    told = next(
        event
        for event in call.log.events
        if event["event"] == "webhook" and event["purpose"] == "recording"
    )
    ended = next(event for event in call.log.events if event["event"] == "ended")
    assert told["sent_at_s"] - ended["at_s"] == pytest.approx(30, abs=0.5)
    assert len(app.forms("/recorded")) == 1


def test_rest_refuses_and_the_plan_is_changed_over_http(tmp_path: Path) -> None:
    async def work() -> list[int]:
        phone = create_app(settings_for(1, tmp_path))
        async with TestClient(TestServer(phone)) as client:
            calls = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
            auth = BasicAuth(ACCOUNT, TOKEN)
            plan: dict[str, Any] = {"rest": [{"fault": "429"}]}
            put = await client.put("/simulator/faults", json=plan)
            refused = await client.get(calls, auth=auth)
            shown = await (await client.get("/simulator/faults")).json()
            assert shown["struck"] == {"rest.429": 1}
            assert shown["plan"]["rest"][0]["fault"] == "429"
            assert (await refused.json())["code"] == 20429
            bad = await client.put("/simulator/faults", json={"rest": [{"fault": "sleepy"}]})
            gone = await client.delete("/simulator/faults")
            good = await client.get(calls, auth=auth)
            return [put.status, refused.status, bad.status, gone.status, good.status]

    assert run(work()) == [200, 429, 400, 204, 200]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ([], "expected seed, webhooks, recordings"),
        ({"weather": []}, "unknown key 'weather'; allowed: seed, webhooks"),
        ({"seed": "x"}, "seed: expected a whole number, got 'x'"),
        ({"seed": True}, "seed: expected a whole number"),
        ({"webhooks": {}}, "webhooks: expected a list of faults, got dict"),
        ({"webhooks": ["lost"]}, "webhooks 1: expected fault: one of delayed, repeated"),
        ({"webhooks": [{"fault": "sung"}]}, "webhooks 1: expected one of delayed, .* got 'sung'"),
        ({"webhooks": [{"fault": "lost", "share": 2}]}, "share: expected 0 to 1, got 2"),
        ({"webhooks": [{"fault": "lost", "of": "status"}]}, "of: expected a list of voice, "),
        ({"webhooks": [{"fault": "lost", "of": ["x"]}]}, "of: expected a list of voice, "),
        ({"webhooks": [{"fault": "reordered", "of": ["voice"]}]}, "of: expected a list of conf"),
        ({"webhooks": [{"fault": "delayed", "seconds": [3, 1]}]}, "seconds: expected one number"),
        ({"webhooks": [{"fault": "delayed", "seconds": -1}]}, "0 to 86400 s, got -1"),
        ({"webhooks": [{"fault": "repeated", "times": 0}]}, "times: expected a whole number, 1 to"),
        ({"webhooks": [{"fault": "lost", "times": 2}]}, "unknown key 'times'; allowed: share, of"),
        ({"recordings": [{"share": 0.5}]}, "recordings 1: expected fault: one of late, missing"),
    ],
    ids=str,
)
def test_a_plan_that_cannot_be_understood_is_refused_with_what_is_allowed(
    plan: Any, said: str
) -> None:
    with pytest.raises(BadPlan, match=said):
        plan_from(plan)


def test_every_kind_is_described_and_its_own_defaults_are_a_plan(tmp_path: Path) -> None:
    async def work() -> dict[str, Any]:
        async with TestClient(TestServer(create_app(settings_for(1, tmp_path)))) as client:
            described: dict[str, Any] = await (await client.get("/simulator/faults/kinds")).json()
            plan = {
                section["section"]: [
                    {"fault": kind["fault"]}
                    | {one["name"]: one["default"] for one in kind["parameters"]}
                    for kind in section["kinds"]
                ]
                for section in described["sections"]
            }
            put = await client.put("/simulator/faults", json=plan)
            assert put.status == 200, await put.text()
            shown = (await put.json())["plan"]
            again = await client.put("/simulator/faults", json=shown)
            assert (await again.json())["plan"] == shown == {"seed": 1, **plan}
            return described

    described = run(work())
    parameters = [
        one
        for part in described["sections"]
        for kind in part["kinds"]
        for one in kind["parameters"]
    ]
    assert {one["type"] for one in parameters} >= {"number", "whole", "range", "choices"}
    assert all(one["says"] for one in parameters)


def test_every_purpose_of_a_request_can_be_named_in_a_plan() -> None:
    trees = [ast.parse(path.read_text()) for path in CODE.rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    used = {
        str(ast.literal_eval(word.value))
        for call in calls
        if ast.unparse(call.func).split(".")[-1].lower() == "request"
        for word in call.keywords
        if word.arg == "purpose" and isinstance(word.value, ast.Constant)
    }
    assert used <= {*PURPOSES, "sound", "media"}
    assert used >= {"recording", "conference", "fallback"}


def _application(app: FakeApp) -> web.Application:
    outer = web.Application()
    outer.router.add_route("*", "/{path:.*}", app.answer)
    return outer


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        ({"fault": "lost"}, 0),
        ({"fault": "repeated", "times": 3}, 3),
        ({"fault": "bad_signature"}, 1),
        ({"fault": "lost", "of": ["message"]}, 1),
    ],
    ids=str,
)
def test_requests_about_texts_are_struck_as_well(
    tmp_path: Path, fault: dict[str, Any], asked: int
) -> None:
    app = FakeApp({"/sms": response()})

    async def work() -> list[int]:
        async with network(app, tmp_path, pace=0.0, seed=1, sms_url=f"{PUBLIC}/sms") as net:
            net.exchange.faults = Faults(plan_from({"webhooks": [fault]}))
            await net.text(from_number=CALLER, to=NUMBER, body="hello")
            return [one.code for one in net.exchange.debugger.alerts]

    codes = run(work())
    assert len(app.forms("/sms")) == asked
    assert codes == ([] if asked else [11205])
    for one in app.received:
        right = signature(TOKEN, one.url, tuple(one.form.items()))
        is_forged = one.headers["X-Twilio-Signature"] != right
        assert is_forged == (fault["fault"] == "bad_signature")


def test_without_a_plan_nothing_strikes(tmp_path: Path) -> None:
    _, (call,) = called(tmp_path, {})
    assert struck(call) == []
