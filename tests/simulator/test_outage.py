"""A whole-carrier outage: nothing is delivered for a while, and then things go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestClient, TestServer

from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.calls.legs import Endpoint
from simulator.faults.plan import plan_from
from simulator.faults.strikes import Faults
from simulator.keys import NETWORK
from simulator.load.crowd import Crowd, Habits
from simulator.network import Network
from simulator.scenario.files import scenario_from
from simulator.server import create_app
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
from tests.simulator.test_streams import CONNECT, Server

VOICE = response('<Pause length="5"/>', "<Redirect>/next</Redirect>")
NEXT = response("<Say>Here again</Say>")


def under(
    folder: Path,
    work: Callable[[Network], Awaitable[Any]],
    plan: dict[str, Any],
    app: FakeApp | None = None,
    pace: float = 0.0,
) -> Any:
    """What `work` gives, under a plan that begins with the network."""
    asked = app or FakeApp({"/voice": VOICE, "/next": NEXT, "/status": response()})

    async def whole() -> Any:
        async with network(asked, folder, pace=pace, seed=1) as net:
            net.exchange.faults = Faults(plan_from(plan))
            return await work(net)

    return run(whole())


async def one_call(net: Network) -> Call:
    leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
    await net.exchange.calls[leg.sid].settling()
    return net.exchange.calls[leg.sid]


def outage(after: float, seconds: float, **more: Any) -> dict[str, Any]:
    return {"carrier": [{"fault": "outage", "after": after, "seconds": seconds, **more}]}


def strikes(call: Call) -> list[Event]:
    return [event for event in call.log.events if event["event"] == "fault"]


def test_a_request_waits_for_the_end_and_then_the_call_goes_on(tmp_path: Path) -> None:
    call = under(tmp_path, one_call, outage(2, 30))
    sent = [event["sent_at_s"] for event in call.log.events if event["event"] == "webhook"]
    assert sent[0] == 0 and sent[1] == pytest.approx(32, abs=0.1)
    assert "Here again" in [event.get("text") for event in call.log.events]
    assert [(one["fault"], one["purpose"]) for one in strikes(call)] == [
        ("outage", "carrier"),
        ("outage", "voice"),
    ]


def test_a_new_call_fails_and_the_application_never_hears_of_it(tmp_path: Path) -> None:
    app = FakeApp({"/voice": VOICE, "/next": NEXT, "/status": response()})

    async def during_and_after(net: Network) -> tuple[Call, Call]:
        failed = await one_call(net)
        await net.exchange.clock.sleep(31)
        return failed, await one_call(net)

    failed, good = under(tmp_path, during_and_after, outage(0, 30), app)
    assert (failed.status, failed.ended_by) == ("failed", "line")
    assert [one["purpose"] for one in strikes(failed)] == ["call"]
    assert good.status == "completed" and strikes(good) == []
    assert {form["CallSid"] for form in app.forms("/voice")} == {good.sid}
    assert {form["CallSid"] for form in app.forms("/status")} == {good.sid}


def test_calls_on_the_line_may_be_dropped(tmp_path: Path) -> None:
    call = under(tmp_path, one_call, outage(2, 30, drops_calls=True))
    ended = next(event for event in call.log.events if event["event"] == "ended")
    assert (ended["status"], ended["by"]) == ("failed", "line")
    assert ended["at_s"] == pytest.approx(2, abs=0.1)
    last = call.log.events[-1]
    assert last["event"] == "webhook" and last["sent_at_s"] == pytest.approx(32, abs=0.1)


def test_the_callee_of_a_dial_is_not_reached(tmp_path: Path) -> None:
    voice = response('<Pause length="3"/>', '<Dial action="/next">+13125550177</Dial>')
    app = FakeApp({"/voice": voice, "/next": NEXT, "/status": response()})
    call = under(tmp_path, one_call, outage(1, 20), app)
    assert call.status == "completed"
    assert app.forms("/next")[0]["DialCallStatus"] == "failed"


def test_a_live_media_socket_is_cut_and_a_new_one_does_not_open(tmp_path: Path) -> None:
    async def act(server: Server, socket: web.WebSocketResponse, sid: str) -> None:
        return

    again = CONNECT.replace("<Say>", CONNECT[len("<Response>") : CONNECT.index("<Say>")] + "<Say>")
    server = Server(act)
    app = FakeApp({"/voice": again, "/status": ""}, socket=server)

    async def cut_off(net: Network) -> Call:
        leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
        call = net.exchange.calls[leg.sid]
        while not call.streams.cut:
            await net.exchange.clock.sleep(0.1)
        net.exchange.outage.begin(4)
        await call.settling()
        return call

    call = under(tmp_path, cut_off, {}, app, 4.0)
    assert [one["purpose"] for one in strikes(call)][:2] == ["carrier", "media"]
    codes = [event["code"] for event in call.log.events if event["event"] == "error"]
    assert codes == [31902]
    assert server.messages[-1]["event"] != "stop"
    assert len([one for one in app.received if one.path == "/media"]) == 1


def test_it_is_begun_and_ended_over_http_and_rest_is_away_meanwhile(tmp_path: Path) -> None:
    async def work() -> list[int]:
        phone = create_app(settings_for(1, tmp_path))
        async with TestClient(TestServer(phone)) as client:
            calls = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
            auth = {"Authorization": BasicAuth(ACCOUNT, TOKEN).encode()}
            began = await client.post("/simulator/faults/outage", json={"seconds": 20})
            assert (await began.json())["is_on"] is True
            refused = await client.get(calls, headers=auth)
            assert (await refused.json())["code"] == 20503
            shown = await (await client.get("/simulator/faults")).json()
            assert 0 < shown["outage"]["left_s"] <= 20
            assert shown["struck"] == {"carrier.outage": 1}
            ended = await client.delete("/simulator/faults/outage")
            good = await client.get(calls, headers=auth)
            assert not phone[NETWORK].exchange.outage.is_on
            return [began.status, refused.status, ended.status, good.status]

    assert run(work()) == [200, 503, 204, 200]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"seconds": -1}, "seconds: expected one number"),
        ({"minutes": 1}, "unknown key 'minutes'; allowed: after, seconds, drops_calls"),
        ({"seconds": 1, "drops_calls": 1}, "drops_calls: expected true or false, got 1"),
        ([], "expected seconds, drops_calls"),
        ({"after": 3}, "expected seconds, drops_calls"),
    ],
)
def test_an_outage_that_cannot_be_understood_is_refused(
    tmp_path: Path, given: Any, said: str
) -> None:
    async def work() -> None:
        phone = create_app(settings_for(1, tmp_path))
        async with TestClient(TestServer(phone)) as client:
            refused = await client.post("/simulator/faults/outage", json=given)
            assert refused.status == 400 and said in (await refused.json())["error"]
            assert not phone[NETWORK].exchange.outage.is_on

    run(work())


def test_a_crowd_meets_it_and_calls_again(tmp_path: Path) -> None:
    hears = scenario_from({"steps": [{"hears": "here again"}]}, Path())

    async def crowd(net: Network) -> list[tuple[str, int]]:
        habits = Habits(redial=1.0, redial_after_s=30, most_tries=20)
        tally = await Crowd(net, [("hears", hears)], habits, seed=2).call_all([0.0, 5.0, 50.0])
        return [(result.outcome, result.attempt) for result in tally.results]

    results = under(tmp_path, crowd, outage(0, 40))
    assert [outcome for outcome, _ in results].count("served") == 3
    assert ("error", 1) in results and ("served", 1) in results


def test_two_outages_of_a_plan_come_each_at_its_time(tmp_path: Path) -> None:
    async def look(net: Network) -> list[bool]:
        found = []
        leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
        for _ in range(6):
            found.append(net.exchange.outage.is_on)
            await net.exchange.clock.sleep(10)
        await net.exchange.calls[leg.sid].settling()
        return found

    plan = {"carrier": [*outage(5, 10)["carrier"], *outage(25, 20)["carrier"]]}
    app = FakeApp({"/voice": response('<Pause length="100"/>'), "/status": response()})
    assert under(tmp_path, look, plan, app) == [False, True, False, True, True, False]


def test_what_waited_is_delivered_in_the_order_in_which_it_was_due(tmp_path: Path) -> None:
    app = FakeApp({"/voice": VOICE, "/next": NEXT, "/status": response()})

    async def calls(net: Network) -> list[str]:
        found = []
        for _ in range(3):
            leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
            found.append(leg.sid)
            await net.exchange.clock.sleep(1)
        await asyncio.gather(*(net.exchange.calls[sid].settling() for sid in found))
        return found

    found = under(tmp_path, calls, outage(4, 30), app)
    assert [form["CallSid"] for form in app.forms("/next")] == found
