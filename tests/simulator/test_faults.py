"""A plan of faults: what strikes, whom, how often, and that it is repeatable and on record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestClient, TestServer

from simulator.call import Call
from simulator.events import Event
from simulator.faults import BadPlan, plan_from
from simulator.keys import NETWORK
from simulator.legs import Endpoint
from simulator.server import create_app
from simulator.signature import signature
from tests.simulator.app import (
    ACCOUNT,
    CALLER,
    NUMBER,
    TOKEN,
    FakeApp,
    network,
    response,
    run,
    settings_for,
)

TALK = response("<Say>Good morning</Say>", '<Pause length="1"/>')


def called(
    folder: Path, plan: Any, count: int = 1, voice: str = TALK
) -> tuple[FakeApp, list[Call]]:
    """So many calls, one after the other, under a plan."""
    app = FakeApp({"/voice": voice, "/status": response(), "/recorded": response()})

    async def work() -> list[Call]:
        async with network(app, folder, pace=0.0, seed=1) as net:
            net.faults = plan_from(plan)
            for _ in range(count):
                leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
                await net.calls[leg.sid].settling()
            return list(net.calls.values())

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
    plan = plan_from({"recordings": [{"fault": kind, "times": 2}]})
    voice = response(
        '<Start><Recording recordingStatusCallback="/recorded"/></Start>', "<Say>Hello</Say>"
    )
    app = FakeApp({"/voice": voice, "/status": response(), "/recorded": response()})

    async def work() -> list[tuple[int, bytes]]:
        outer = _application(app)
        async with TestServer(outer) as server:
            simulator = create_app(settings_for(server.port or 0, tmp_path))
            async with TestClient(TestServer(simulator), auth=BasicAuth(ACCOUNT, TOKEN)) as client:
                net = simulator[NETWORK]
                net.faults = plan
                leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
                await net.calls[leg.sid].settling()
                (sid,) = net.recordings.by_sid
                url = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}.wav"
                answers = [await client.get(url) for _ in range(3)]
                assert net.faults.struck == {f"recordings.{kind}": 2}
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
        simulator = create_app(settings_for(1, tmp_path))
        async with TestClient(TestServer(simulator)) as client:
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
    "plan",
    [
        [],
        {"weather": []},
        {"seed": "x"},
        {"webhooks": {}},
        {"webhooks": [{"fault": "sung"}]},
        {"webhooks": [{"fault": "lost", "share": 2}]},
        {"webhooks": [{"fault": "lost", "of": "status"}]},
        {"webhooks": [{"fault": "delayed", "seconds": [3, 1]}]},
        {"webhooks": [{"fault": "repeated", "times": 0}]},
        {"recordings": [{"share": 0.5}]},
    ],
    ids=str,
)
def test_a_plan_that_cannot_be_understood_is_refused(plan: Any) -> None:
    with pytest.raises(BadPlan, match=r"expected|unknown key"):
        plan_from(plan)


def _application(app: FakeApp) -> web.Application:
    outer = web.Application()
    outer.router.add_route("*", "/{path:.*}", app.answer)
    return outer


def test_without_a_plan_nothing_strikes(tmp_path: Path) -> None:
    _, (call,) = called(tmp_path, {})
    assert struck(call) == []
