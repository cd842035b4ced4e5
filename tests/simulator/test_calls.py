"""Calls from the first webhook to the last callback."""

from __future__ import annotations

from pathlib import Path

from simulator.network import Network
from simulator.scenario.caller import run_scenario
from simulator.scenario.steps import scenario_from
from simulator.signature import signature
from tests.simulator.app import CALLER, NUMBER, TOKEN, FakeApp, network, response, run


async def played(app: FakeApp, folder: Path, *steps: dict[str, object]) -> Network:
    """Run the steps against the application, and let everything that follows be sent."""
    async with network(app, folder) as net:
        caller = await run_scenario(net, scenario_from({"steps": list(steps)}, folder), to=NUMBER)
        await caller.call.settling()
        return net


def test_a_caller_hears_presses_and_is_hung_up_on(tmp_path: Path) -> None:
    app = FakeApp(
        {
            "/voice": response(
                '<Gather action="/keys" numDigits="1"><Say>Press one, please.</Say></Gather>'
            ),
            "/keys": lambda form: response(f"<Say>You pressed {form['Digits']}.</Say>"),
            "/status": "",
        }
    )
    run(
        played(
            app,
            tmp_path,
            {"hears": "press one"},
            {"presses": "1"},
            {"hears": "you pressed 1"},
            {"is_hung_up_on": True},
        )
    )
    assert [one.path for one in app.received] == ["/voice", "/keys", "/status"]
    first, keys, status = app.received
    assert first.form["CallStatus"] == "ringing" and first.form["From"] == CALLER
    assert keys.form["CallStatus"] == "in-progress" and keys.form["FinishedOnKey"] == ""
    assert status.form["CallStatus"] == "completed" and int(status.form["CallDuration"]) > 0
    for one in app.received:
        expected = signature(TOKEN, one.url, one.form.items())
        assert one.headers["X-Twilio-Signature"] == expected
        assert one.headers["Host"] == "hotline.test"
