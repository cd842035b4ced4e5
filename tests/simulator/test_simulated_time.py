"""Simulated time: minutes pass at once, and the same seed gives the same history."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from simulator.callers import Caller, ExpectationFailed
from simulator.calls.events import Event
from simulator.scenario.caller import ScriptedCaller, play_scenario
from simulator.scenario.files import scenario_from
from simulator.time.clock import Clock
from tests.simulator.app import NUMBER, FakeApp, network, response, run
from tests.simulator.rest_driver import Served

MENU = response(
    '<Gather action="/chosen" numDigits="1" timeout="20"><Say>Press one or two</Say></Gather>',
    "<Redirect>/voice</Redirect>",
)
STEPS: dict[str, Any] = {
    "steps": [
        {"hears": "press one"},
        {"waits_s": 7.5},
        {"presses": "1"},
        {"waits_s": 1.5},
        {"says": "a tree has fallen"},
        {"hears": "please wait"},
        {"is_hung_up_on": True, "within_s": 300},
    ]
}


def an_app(delays_s: list[float]) -> FakeApp:
    """A menu, then a message after four minutes; the answers take real time, each its own."""

    def chosen(form: dict[str, str]) -> str:
        return response("<Record maxLength='5' timeout='2' action='/kept'/>")

    def kept(form: dict[str, str]) -> str:
        return response("<Say>Please wait</Say>", '<Pause length="240"/>', "<Hangup/>")

    app = FakeApp({"/voice": MENU, "/chosen": chosen, "/kept": kept, "/status": response()})
    answer = app.answer

    async def slowly(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(delays_s[len(app.received) % len(delays_s)])
        return await answer(request)

    app.answer = slowly  # type: ignore[method-assign]
    return app


async def a_morning(folder: Path, delays_s: list[float], seed: int) -> list[list[Event]]:
    """The histories of five calls that begin while others are on."""
    folder.mkdir(exist_ok=True)
    async with network(an_app(delays_s), folder, pace=0.0, seed=seed) as net:

        async def one_call(ordinal: int) -> None:
            await net.exchange.clock.sleep(0.5 + 2 * ordinal)
            number = f"+1312555{ordinal:04d}"
            caller = ScriptedCaller(net.exchange, number=number)
            net.dial(caller, from_number=number, to=NUMBER)
            await play_scenario(caller, scenario_from(STEPS, Path()))

        await asyncio.gather(*(one_call(ordinal) for ordinal in range(5)))
        await asyncio.gather(*(call.settling() for call in net.exchange.calls.values()))
        return [call.log.events for call in net.exchange.calls.values()]


@pytest.mark.slow
def test_four_minutes_on_the_line_do_not_take_four_minutes(tmp_path: Path) -> None:
    began = time.monotonic()
    histories = run(a_morning(tmp_path, [0.0], seed=3))
    longest_s = max(events[-1]["at_s"] for events in histories)
    assert longest_s > 240
    assert time.monotonic() - began < longest_s / 4


@pytest.mark.slow
def test_one_seed_gives_one_history_however_slow_the_application_is(tmp_path: Path) -> None:
    quick = run(a_morning(tmp_path / "a", [0.0], seed=7))
    slow = run(a_morning(tmp_path / "b", [0.03, 0.0, 0.011, 0.002], seed=7))
    other = run(a_morning(tmp_path / "c", [0.0], seed=8))
    assert quick == slow
    assert quick != other
    assert all(events[-1]["event"] != "error" for events in quick)


@pytest.mark.slow
@pytest.mark.parametrize("has_failed", [False, True])
def test_a_caller_who_is_led_from_outside_stops_nobody_elses_time(
    tmp_path: Path, has_failed: bool
) -> None:
    hello = response("<Say>Hello</Say>", "<Pause length='9'/>", "<Say>Goodbye</Say>")
    steps: Any = [{"hears": "hello"}, {"hears": "goodbye"}, {"is_hung_up_on": True}]
    with Served(tmp_path) as served:
        served.app.replies["/voice"] = hello
        led = Caller(served.root).dials().hears("hello")
        if has_failed:
            with pytest.raises(ExpectationFailed):
                led.hears("something never said", within_s=2)
        body: Any = {"scenario": {"steps": steps}}
        played = requests.post(f"{served.root}/simulator/calls", json=body, timeout=60)
    end = json.loads(played.text.splitlines()[-1])
    assert end["held"], end


def test_with_nobody_on_the_line_time_goes_straight_to_what_waits_next() -> None:
    async def wait_a_day() -> float:
        clock = Clock(0.0)
        clock.is_idle = lambda: True
        running = asyncio.ensure_future(clock.run(lambda: None))
        try:
            await asyncio.wait_for(clock.sleep(86_400), 60)
        finally:
            running.cancel()
        return clock.now_s

    assert run(wait_a_day()) == 86_400


def test_time_stands_still_while_something_outside_is_waited_for() -> None:
    async def look() -> tuple[float, float]:
        clock = Clock(0.0)
        running = asyncio.ensure_future(clock.run(lambda: None))
        await clock.sleep(1)
        with clock.held():
            before = clock.now_s
            await asyncio.sleep(0.05)
            after = clock.now_s
        running.cancel()
        return before, after

    before, after = run(look())
    assert before == after > 0
