"""Two runs with one seed have one history, with crowds, rooms, recordings, texts and faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.faults.plan import plan_from
from simulator.faults.strikes import Faults
from simulator.keys import NETWORK
from simulator.load.crowd import Crowd, Habits
from simulator.network import Network
from simulator.scenario.caller import ExpectationFailed, ScriptedCaller, play_scenario
from simulator.scenario.files import Behaviour, Scenario, scenario_from
from simulator.server import create_app
from simulator.time.clock import Clock
from tests.simulator.app import (
    ACCOUNT,
    NUMBER,
    PUBLIC,
    TOKEN,
    FakeApp,
    response,
    run,
    settings_for,
    share_speech,
)

AGENT = "+13125550177"
SLOW = [0.03, 0.0, 0.011, 0.002]
PLAN: dict[str, Any] = {
    "seed": 11,
    "webhooks": [
        {"fault": "delayed", "share": 0.2, "seconds": [0.5, 3]},
        {"fault": "repeated", "share": 0.3, "times": 3},
        {"fault": "reordered", "share": 0.3, "seconds": [1, 4]},
        {"fault": "lost", "share": 0.1, "of": ["status", "conference", "recording"]},
        {"fault": "bad_signature", "share": 0.1},
    ],
    "recordings": [{"fault": "late", "share": 0.4, "seconds": [1, 9]}],
    "rest": [{"fault": "500", "share": 0.3}],
    "callers": [
        {"fault": "hangs_up", "share": 0.2, "at": "awaiting", "number": 2},
        {"fault": "hangs_up", "share": 0.3, "at": "queue", "seconds": [1, 20]},
        {"fault": "hangs_up", "share": 0.3, "at": "conference", "seconds": [1, 20]},
    ],
    "carrier": [{"fault": "outage", "after": 40, "seconds": 15}],
}
START = (
    '<Start><Recording recordingStatusCallback="/recorded"'
    ' recordingStatusCallbackEvent="in-progress completed"/></Start>'
)
ROUTES = {
    "1": '<Record maxLength="6" timeout="2" action="/kept" recordingStatusCallback="/recorded"/>',
    "2": '<Dial record="record-from-answer-dual" recordingStatusCallback="/recorded"'
    ' action="/over">'
    '<Number statusCallback="/progress" statusCallbackEvent="initiated ringing answered completed">'
    f"{AGENT}</Number></Dial>",
    "3": '<Dial action="/over"><Conference record="record-from-start" statusCallback="/room"'
    ' recordingStatusCallback="/recorded" statusCallbackEvent="start end join leave mute hold">'
    "room</Conference></Dial>",
    "4": '<Enqueue action="/over" waitUrl="/wait">people</Enqueue>',
    "5": '<Dial action="/over"><Queue url="/whisper">people</Queue></Dial>',
}
OVER = response("<Say>That was it</Say>", "<Hangup/>")
REPLIES: dict[str, Any] = {
    "/voice": response(
        START,
        '<Gather action="/chosen" numDigits="1"><Say>Press one to five</Say></Gather>',
        "<Redirect>/voice</Redirect>",
    ),
    "/chosen": lambda form: response(ROUTES[form.get("Digits") or "1"]),
    "/kept": response("<Say>Thank you</Say>", '<Pause length="3"/>', "<Hangup/>"),
    "/over": OVER,
    "/wait": response("<Say>Please wait</Say>", '<Pause length="5"/>'),
    "/whisper": response("<Say>You are next</Say>"),
    **dict.fromkeys(("/recorded", "/progress", "/room", "/status", "/text"), response()),
}


class App(FakeApp):
    """Answers after its own time; texts its callers by REST before it answers /kept."""

    def __init__(self, delays_s: list[float]) -> None:
        super().__init__(dict(REPLIES))
        self.rest = ""
        self._delays_s = delays_s

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self._delays_s[len(self.received) % len(self._delays_s)])
        if request.path == "/kept":
            await self._text(str((await request.post())["From"]))
        return await super().answer(request)

    async def _text(self, to: str) -> None:
        text = {"From": NUMBER, "To": to, "Body": "kept", "StatusCallback": f"{PUBLIC}/text"}
        auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        url = f"{self.rest}2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        async with aiohttp.ClientSession() as session, session.post(url, data=text, headers=auth):
            pass


def scenario(ordinal: int) -> Scenario:
    """What the n-th caller does."""
    speaks = [{"says": "there is a hole in the road"}] if ordinal % 5 == 0 else []
    keys = str(1 + ordinal % 5)
    steps = [{"hears": "press one"}, {"presses": keys}, *speaks, {"waits": 25}, {"hangs_up": True}]
    return scenario_from({"steps": steps}, Path())


async def called(net: Network, count: int) -> None:
    """So many callers, each beginning while others are on."""

    async def one(ordinal: int) -> None:
        await net.exchange.clock.sleep(0.5 + 3.3 * ordinal)
        number = f"+1312555{ordinal:04d}"
        caller = ScriptedCaller(net.exchange, number=number)
        net.dial(caller, from_number=number, to=NUMBER)
        with suppress(ExpectationFailed):
            await play_scenario(caller, scenario(ordinal))

    await asyncio.gather(*(one(ordinal) for ordinal in range(count)))


async def in_crowds(net: Network) -> None:
    """A crowd that loses patience and calls again."""
    habits = Habits(patience_s=12, redial=0.7, redial_after_s=10, lines=6)
    scenarios = [(str(ordinal), scenario(ordinal)) for ordinal in range(5)]
    await Crowd(net, scenarios, habits, seed=4).call_all(2.0 * n for n in range(12))


def history(folder: Path, delays_s: list[float], work: Callable[[Network], Any], seed: int) -> Any:
    """Everything on record after `work`: events in their order, texts, alerts, strikes."""

    async def go() -> Any:
        app = App(delays_s)
        outer = web.Application()
        outer.router.add_route("*", "/{path:.*}", app.answer)
        async with TestServer(outer) as asked:
            share_speech(folder)
            settings = replace(settings_for(asked.port or 0, folder), pace=0.0, seed=seed)
            phone = create_app(settings)
            async with TestServer(phone) as rest:
                app.rest = str(rest.make_url("/"))
                return await _recorded(phone[NETWORK], work)

    return run(go())


async def _recorded(net: Network, work: Callable[[Network], Any]) -> Any:
    told: list[Any] = []
    begin = net.exchange.begin

    def begun(*given: Any, **named: Any) -> Any:
        call = begin(*given, **named)
        told.extend(call.log.events)
        call.log.follow(told.append)
        return call

    net.exchange.begin = begun  # type: ignore[method-assign]
    net.exchange.faults = Faults(plan_from(PLAN))
    talks = scenario_from(
        {"steps": [{"waits": 6}, {"says": "how can I help"}, {"waits": 8}, {"hangs_up": True}]},
        Path(),
    )
    net.phones.describe(AGENT, Behaviour(scenario=talks, after_s=2))
    await work(net)
    await asyncio.gather(*(call.settling() for call in net.exchange.calls.values()))
    return {
        "events": told,
        "texts": [(one.sid, one.to, one.body, one.status) for one in net.exchange.messages.all],
        "alerts": [one.as_json() for one in net.exchange.debugger.alerts],
        "struck": dict(net.exchange.faults.struck),
        "recordings": [
            (one.sid, one.duration_s) for one in net.exchange.recordings.by_sid.values()
        ],
    }


@pytest.mark.slow
def test_a_storm_under_every_fault_has_one_history_however_slow_the_application_is(
    tmp_path: Path,
) -> None:
    def storm(net: Network) -> Any:
        return called(net, 20)

    quick = history(tmp_path / "quick", [0.0], storm, seed=3)
    slow = history(tmp_path / "slow", SLOW, storm, seed=3)
    assert quick["struck"].keys() >= {
        *("webhooks.delayed", "webhooks.repeated", "webhooks.reordered", "webhooks.lost"),
        *("webhooks.bad_signature", "recordings.late", "callers.hangs_up", "carrier.outage"),
    }
    kinds = {event["event"] for event in quick["events"]}
    assert kinds >= {"conference", "queue", "recording", "dial", "transferred", "fault", "repeat"}
    assert quick["texts"], "the application sends texts by REST"
    for part in quick:
        assert quick[part] == slow[part], part
    other = history(tmp_path / "other", [0.0], storm, seed=4)
    assert other["events"] != quick["events"]


@pytest.mark.slow
def test_a_crowd_has_one_history(tmp_path: Path) -> None:
    quick = history(tmp_path / "quick", [0.0], in_crowds, seed=5)
    assert history(tmp_path / "slow", SLOW, in_crowds, seed=5) == quick


def test_a_tick_lasts_until_everybody_has_done_their_part() -> None:
    async def look() -> list[int]:
        clock = Clock(0.0)
        done_at: list[int] = []

        async def busy(turns: int) -> None:
            await clock.sleep(0.1)
            for _ in range(turns):
                await asyncio.sleep(0)
            done_at.append(clock.ticks)

        running = asyncio.ensure_future(clock.run(lambda: None))
        await asyncio.gather(busy(0), busy(5), busy(300))
        running.cancel()
        return done_at

    assert run(look()) == [5, 5, 5]


def test_what_is_outside_begins_once_everybody_has_done_their_part() -> None:
    async def look() -> list[str]:
        clock = Clock(0.0, one_at_a_time=True)
        order: list[str] = []

        async def ask() -> None:
            async with clock.outside():
                order.append("asked")

        async def busy() -> None:
            for _ in range(300):
                await asyncio.sleep(0)
            order.append("done")

        running = asyncio.ensure_future(clock.run(lambda: None))
        await asyncio.gather(ask(), busy(), ask())
        running.cancel()
        return order

    assert run(look()) == ["done", "asked", "asked"]


def test_who_is_outside_may_go_there_again() -> None:
    async def look() -> bool:
        clock = Clock(0.0, one_at_a_time=True)
        running = asyncio.ensure_future(clock.run(lambda: None))
        async with clock.outside(), clock.outside():
            running.cancel()
            return True

    assert run(look())
