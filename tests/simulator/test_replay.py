"""A call done again from its log makes the application answer as it did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.api.replay import replayed
from simulator.calls.events import Event
from simulator.scenario.acts import Hears, Interrupts, IsHungUpOn, Presses, Says, Speech
from simulator.scenario.caller import ScriptedCaller, play_scenario
from simulator.scenario.files import scenario_from
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run

STEPS: dict[str, Any] = {
    "steps": [
        {"hears": "enter your number"},
        {"presses": "4711#"},
        {"hears": "what is wrong"},
        {"says": "the lamp is broken"},
        {"is_hung_up_on": True},
    ]
}


def an_app() -> FakeApp:
    return FakeApp(
        {
            "/voice": response('<Gather action="/number"><Say>Enter your number</Say></Gather>'),
            "/number": response(
                "<Say>What is wrong?</Say>",
                '<Record action="/kept" timeout="2" playBeep="false"/>',
            ),
            "/kept": response("<Say>Thank you</Say>", "<Hangup/>"),
            "/status": response(),
        }
    )


def story(events: list[Event]) -> list[tuple[str, str]]:
    """What was said and pressed, by whom, in order."""
    kinds = {"heard": "text", "said": "text", "keys": "digits"}
    return [(one["event"], one[kinds[one["event"]]]) for one in events if one["event"] in kinds]


def test_the_second_call_tells_the_same_story(tmp_path: Path) -> None:
    async def both() -> tuple[list[Event], list[Event], FakeApp]:
        app = an_app()
        async with network(app, tmp_path, pace=0.0) as net:
            first = ScriptedCaller(net.exchange, number=CALLER)
            net.dial(first, from_number=CALLER, to=NUMBER)
            await play_scenario(first, scenario_from(STEPS, Path()))
            again = replayed(first.call.log.events, from_number=CALLER)
            second = ScriptedCaller(net.exchange, number=CALLER)
            net.dial(second, from_number=CALLER, to=NUMBER)
            await play_scenario(second, again)
            return first.call.log.events, second.call.log.events, app

    first, second, app = run(both())
    assert story(first) == story(second)
    assert [form["Digits"] for form in app.forms("/number")] == ["4711", "4711"]


def test_keys_in_a_row_are_one_step_and_a_cut_sentence_is_interrupted() -> None:
    events: list[Event] = [
        {"event": "heard", "at_s": 2.0, "text": "Press one or two now, please", "cut": False},
        {"event": "keys", "at_s": 3.0, "digits": "1"},
        {"event": "keys", "at_s": 3.2, "digits": "2"},
        {"event": "heard", "at_s": 5.0, "text": "And what", "cut": True},
        {"event": "said", "at_s": 6.0, "text": "a lamp"},
        {"event": "ended", "at_s": 8.0, "by": "line"},
    ]
    acts = [step.act for step in replayed(events, from_number=CALLER).steps]
    assert acts == [
        Hears(("press one or two",)),
        Presses("12"),
        Interrupts(Says(Speech("a lamp"))),
        IsHungUpOn(),
    ]
