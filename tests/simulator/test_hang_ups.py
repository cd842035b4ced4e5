"""Callers who put the receiver down at the moment that a plan of faults names."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.faults.kinds import MOMENTS
from simulator.faults.plan import plan_from
from simulator.faults.strikes import Faults
from simulator.network import Network
from simulator.scenario.caller import ExpectationFailed, ScriptedCaller, play_scenario
from simulator.scenario.files import Behaviour, scenario_from
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run
from tests.simulator.test_streams import CONNECT, Server

ASK = response(
    '<Gather action="/chosen" numDigits="1" timeout="30"><Say>Press one</Say></Gather>',
    "<Redirect>/voice</Redirect>",
)


def app_of(**more: Any) -> FakeApp:
    return FakeApp(
        {
            "/voice": ASK,
            "/chosen": response("<Say>Thank you</Say>", '<Pause length="20"/>'),
            "/joined": response("<Say>Goodbye</Say>"),
            "/status": response(),
            **more,
        }
    )


def called(
    folder: Path, app: FakeApp, fault: dict[str, Any], steps: list[Any], prepared: Any = None
) -> Call:
    """One call in simulated time under one fault; its own expectations may fail."""

    async def work() -> Call:
        async with network(app, folder, pace=0.0, seed=1) as net:
            net.exchange.faults = Faults(plan_from({"callers": [{"fault": "hangs_up", **fault}]}))
            if prepared is not None:
                prepared(net)
            caller = ScriptedCaller(net.exchange, number=CALLER)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            call = caller.call
            with suppress(ExpectationFailed):
                await play_scenario(caller, scenario_from({"steps": steps}, Path()))
            await call.settling()
            return call

    return run(work())


def strike(call: Call) -> Event:
    (event,) = [event for event in call.log.events if event["event"] == "fault"]
    assert event["fault"] == "hangs_up" and event["purpose"] == "caller"
    return event


STAYS = [{"is_hung_up_on": True, "within_s": 200}]


def test_before_the_answer_the_application_has_been_asked_and_the_call_is_canceled(
    tmp_path: Path,
) -> None:
    app = app_of()
    call = called(tmp_path, app, {"at": "before_answer"}, STAYS)
    assert strike(call)["at"] == "before_answer"
    assert call.status == "canceled" and len(app.forms("/voice")) == 1
    assert app.forms("/status")[-1]["CallStatus"] == "canceled"


def test_a_while_after_the_answer(tmp_path: Path) -> None:
    call = called(tmp_path, app_of(), {"at": "answered", "seconds": 3}, STAYS)
    assert strike(call)["at_s"] == pytest.approx(3, abs=0.2)
    assert (call.status, call.ended_by) == ("completed", "caller")


def test_while_the_answer_of_one_route_is_awaited(tmp_path: Path) -> None:
    app = app_of()
    steps = [{"hears": "press one"}, {"presses": "1"}, {"hears": "thank you"}]
    call = called(tmp_path, app, {"at": "awaiting", "route": "/cho*"}, steps)
    assert strike(call)["at"] == "awaiting"
    assert len(app.forms("/chosen")) == 1, "the request is seen through"
    asked = [event for event in call.log.events if event["event"] == "webhook"]
    assert [event["url"].rsplit("/", 1)[-1] for event in asked] == ["voice", "chosen", "status"]
    assert "Thank you" not in [event.get("text") for event in call.log.events]


def test_a_request_that_fails_after_the_caller_has_gone_is_still_on_record(tmp_path: Path) -> None:
    def gone(form: dict[str, str]) -> web.Response:
        return web.Response(status=500)

    steps = [{"hears": "press one"}, {"presses": "1"}, {"hears": "thank you"}]
    fault = {"at": "awaiting", "route": "/chosen"}
    call = called(tmp_path, app_of(**{"/chosen": gone}), fault, steps)
    asked = [event for event in call.log.events if event["event"] == "webhook"]
    assert [event["status"] for event in asked] == [200, 500, 200]


def test_during_the_second_of_a_verb(tmp_path: Path) -> None:
    app = app_of(**{"/voice": response("<Pause/>", "<Say>One</Say>", '<Pause length="9"/>')})
    fault = {"at": "verb", "verb": "Pause", "number": 2, "seconds": 4}
    call = called(tmp_path, app, fault, STAYS)
    began = [event for event in call.log.events if event.get("verb") == "Pause"][1]
    assert strike(call)["at_s"] - began["at_s"] == pytest.approx(4, abs=0.1)


def test_at_the_second_turn_and_keys_in_a_row_are_one(tmp_path: Path) -> None:
    ask = ASK.replace('numDigits="1"', 'numDigits="3"')
    app = app_of(**{"/voice": ask, "/chosen": ask.replace("/voice", "/chosen")})
    steps = [{"hears": "press one"}, {"presses": "123"}, {"hears": "press one"}, {"presses": "456"}]
    call = called(tmp_path, app, {"at": "turn", "number": 2}, steps)
    assert strike(call)["at"] == "turn"
    keys = "".join(event["digits"] for event in call.log.events if event["event"] == "keys")
    assert keys == "1234"
    assert [form["Digits"] for form in app.forms("/chosen")] == ["123"]


def test_in_a_recording(tmp_path: Path) -> None:
    app = app_of(**{"/voice": response('<Record action="/joined" timeout="60"/>')})
    call = called(tmp_path, app, {"at": "recording", "seconds": 5}, STAYS)
    assert strike(call)["at"] == "recording"
    (form,) = app.forms("/joined")
    assert int(form["RecordingDuration"]) in (4, 5) and form["Digits"] == "hangup"


def test_in_a_queue(tmp_path: Path) -> None:
    app = app_of(**{"/voice": response('<Enqueue action="/joined">people</Enqueue>')})
    call = called(tmp_path, app, {"at": "queue", "seconds": 7}, STAYS)
    assert strike(call)["at"] == "queue"
    (form,) = app.forms("/joined")
    assert (form["QueueResult"], form["QueueTime"]) == ("hangup", "7")


def test_while_an_agents_telephone_rings(tmp_path: Path) -> None:
    app = app_of(**{"/voice": response("<Dial>+13125550177</Dial>")})

    def rings(net: Network) -> None:
        net.phones.describe("+13125550177", Behaviour("no-answer"))

    call = called(tmp_path, app, {"at": "ringing_agent", "seconds": 2}, STAYS, rings)
    assert strike(call)["at"] == "ringing_agent"
    assert call.ended_by == "caller" and (call.duration_s or 0) <= 3


def test_while_talking_and_not_after(tmp_path: Path) -> None:
    app = app_of(**{"/voice": response("<Dial>+13125550177</Dial>", '<Pause length="30"/>')})
    call = called(tmp_path, app, {"at": "connected", "seconds": 1}, STAYS)
    assert strike(call)["at"] == "connected"
    steps = scenario_from({"steps": [{"waits_s": 0.5}, {"hangs_up": True}]}, Path())

    def leaves(net: Network) -> None:
        net.phones.describe("+13125550177", Behaviour(scenario=steps))

    late = called(tmp_path, app_of(**app.replies), {"at": "connected", "seconds": 9}, STAYS, leaves)
    assert [event for event in late.log.events if event["event"] == "fault"] == []


def test_in_a_conference(tmp_path: Path) -> None:
    voice = response("<Dial><Conference>room</Conference></Dial>")
    call = called(tmp_path, app_of(**{"/voice": voice}), {"at": "conference", "seconds": 4}, STAYS)
    assert strike(call)["at"] == "conference"


@pytest.mark.parametrize(("at", "seconds"), [("stream_opening", 0), ("streaming", 0.2)])
def test_at_the_media_socket(tmp_path: Path, at: str, seconds: float) -> None:
    async def act(server: Server, socket: web.WebSocketResponse, sid: str) -> None:
        return

    server = Server(act)
    app = FakeApp({"/voice": CONNECT, "/status": ""}, socket=server)
    call = called(tmp_path, app, {"at": at, "seconds": seconds}, STAYS)
    assert strike(call)["at"] == at
    assert [one["event"] for one in server.messages][:2] == ["connected", "start"]
    assert server.messages[-1]["event"] == "stop"
    media = sum(one["event"] == "media" for one in server.messages)
    assert (media == 0) == (at == "stream_opening")


def test_a_share_of_callers_hangs_up_and_the_others_do_not(tmp_path: Path) -> None:
    faults = [{"fault": "hangs_up", "share": 0.3}]
    drawn = Faults(plan_from({"seed": 4, "callers": faults}))
    leaving = [bool(drawn.of_caller(f"CA{n}")) for n in range(500)]
    assert sum(leaving) == pytest.approx(150, rel=0.25)
    again = Faults(plan_from({"seed": 4, "callers": faults}))
    assert leaving == [bool(again.of_caller(f"CA{n}")) for n in range(500)]


def test_every_moment_has_its_beginning() -> None:
    from simulator.faults.hang_ups import _PLAIN

    assert set(_PLAIN) == set(MOMENTS)
