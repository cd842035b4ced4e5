"""Calls from the first webhook to the last callback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import soundfile

from simulator.calls.legs import Endpoint
from simulator.network import Network
from simulator.scenario.caller import ExpectationFailed, ScriptedCaller, run_scenario
from simulator.scenario.files import scenario_from
from simulator.settings import Hook
from simulator.webhooks.signature import signature
from tests.simulator.app import CALLER, NUMBER, PUBLIC, TOKEN, FakeApp, network, response, run


async def played(app: FakeApp, folder: Path, *steps: dict[str, object], **settings: Any) -> Network:
    """Run the steps against the application, and let everything that follows be sent."""
    async with network(app, folder, **settings) as net:
        caller = await run_scenario(net, scenario_from({"steps": list(steps)}, folder), to=NUMBER)
        await caller.call.settling()
        return net


@pytest.mark.row("verb.Gather", "gather.numDigits", "rule.out-of-verbs")
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


def test_a_document_that_is_not_twiml_is_an_error_with_its_place_and_an_apology(
    tmp_path: Path,
) -> None:
    app = FakeApp(
        {"/voice": "<Response>\n  <Say loudness='3'>Hi</Say>\n</Response>", "/status": ""}
    )
    net = run(
        played(app, tmp_path, {"hears": "application error has occurred"}, {"is_hung_up_on": True})
    )
    alert = net.exchange.debugger.alerts[0]
    assert alert.code == 12200
    assert "line 2, column 8" in alert.message and "loudness" in alert.message


def test_the_fallback_address_is_asked_with_the_error(tmp_path: Path) -> None:
    app = FakeApp({"/fallback": response("<Say>Please call again.</Say>"), "/status": ""})

    async def play() -> None:
        hook = Hook(f"{PUBLIC}/voice", fallback_url=f"{PUBLIC}/fallback")
        async with network(app, tmp_path, voice=hook) as net:
            steps = {"steps": [{"hears": "please call again"}, {"is_hung_up_on": True}]}
            await run_scenario(net, scenario_from(steps, tmp_path), to=NUMBER)

    run(play())
    form = app.forms("/fallback")[0]
    assert form["ErrorCode"] == "11200" and form["ErrorUrl"] == f"{PUBLIC}/voice"


def test_a_call_can_be_refused(tmp_path: Path) -> None:
    app = FakeApp({"/voice": response('<Reject reason="busy"/>'), "/status": ""})
    run(played(app, tmp_path, {"is_hung_up_on": True}))
    assert app.forms("/status")[0]["CallStatus"] == "busy"


@pytest.mark.row("gather.nothing")
def test_gather_without_keys_goes_on_below_it(tmp_path: Path) -> None:
    app = FakeApp(
        {
            "/voice": response(
                '<Gather timeout="1" action="/keys"><Say>Keys?</Say></Gather>',
                "<Say>Nothing.</Say>",
            ),
            "/status": "",
        }
    )
    run(played(app, tmp_path, {"hears": "nothing"}, {"is_hung_up_on": True}))
    assert not app.forms("/keys")


@pytest.mark.row("gather.empty", "gather.empty.fields")
def test_gather_may_ask_its_action_about_silence(tmp_path: Path) -> None:
    app = FakeApp(
        {
            "/voice": response(
                '<Gather timeout="1" action="/keys" actionOnEmptyResult="true"><Say>Keys?</Say>'
                "</Gather>"
            ),
            "/keys": response("<Hangup/>"),
            "/status": "",
        }
    )
    run(played(app, tmp_path, {"is_hung_up_on": True}))
    assert app.forms("/keys")[0]["Digits"] == ""


@pytest.mark.row("gather.barge.key", "gather.finish")
def test_a_key_interrupts_the_prompt_and_the_finish_key_ends_the_digits(tmp_path: Path) -> None:
    long_prompt = "This prompt goes on and on and on, and then it goes on for longer still."
    app = FakeApp(
        {
            "/voice": response(f'<Gather action="/keys"><Say>{long_prompt}</Say></Gather>'),
            "/keys": response("<Say>Thank you.</Say>"),
            "/status": "",
        }
    )
    net = run(
        played(
            app,
            tmp_path,
            {"interrupts": {"presses": "4"}},
            {"presses": "2#"},
            {"hears": "thank you"},
        )
    )
    form = app.forms("/keys")[0]
    assert form["Digits"] == "42" and form["FinishedOnKey"] == "#"
    call = next(iter(net.exchange.calls.values()))
    cut = [event["cut"] for event in call.log.events if event["event"] == "heard"]
    assert cut == [True, False]


@pytest.mark.row("verb.Record")
def test_a_message_is_recorded_until_silence(tmp_path: Path) -> None:
    app = FakeApp(
        {
            "/voice": response(
                "<Say>After the tone.</Say>",
                '<Record action="/done" timeout="2" recordingStatusCallback="/recording"/>',
            ),
            "/done": response("<Say>Thanks.</Say>"),
            "/recording": "",
            "/status": "",
        }
    )
    net = run(
        played(
            app,
            tmp_path,
            {"hears": "after the tone"},
            {"waits_s": 1.5},
            {"says": "the street light is out on Elm Street"},
            {"hears": "thanks"},
        )
    )
    done, told = app.forms("/done")[0], app.forms("/recording")[0]
    assert "Digits" not in done and done["RecordingSid"] == told["RecordingSid"]
    assert told["RecordingStatus"] == "completed" and told["RecordingSource"] == "RecordVerb"
    recording = net.exchange.recordings.by_sid[told["RecordingSid"]]
    assert recording.path is not None
    sound, rate = soundfile.read(recording.path)
    assert rate == 8000 and sound.ndim == 1
    assert 1.0 < len(sound) / rate < 4.0, "trimmed to the speech"
    assert abs(sound).max() > 0.1


def test_hanging_up_in_a_message_still_asks_the_action(tmp_path: Path) -> None:
    app = FakeApp(
        {
            "/voice": response('<Record action="/done"/>'),
            "/done": response("<Say>Never heard.</Say>"),
            "/status": "",
        }
    )
    run(played(app, tmp_path, {"waits_s": 2.5}, {"hangs_up": True}))
    form = app.forms("/done")[0]
    assert form["Digits"] == "hangup" and form["CallStatus"] == "completed"
    assert app.forms("/status")[0]["CallStatus"] == "completed"


def test_a_failed_expectation_says_who_waited_for_what(tmp_path: Path) -> None:
    app = FakeApp(
        {"/voice": response("<Say>Good morning.</Say><Pause length='30'/>"), "/status": ""}
    )
    with pytest.raises(ExpectationFailed) as failed:
        run(played(app, tmp_path, {"hears": "good evening", "within_s": 4}))
    text = str(failed.value)
    assert "step 1 (hears)" in text and "waited 4 s for the line to say 'good evening'" in text
    assert "line:    Good morning." in text


def test_the_same_webhook_can_be_sent_again_byte_for_byte(tmp_path: Path) -> None:
    app = FakeApp({"/voice": response("<Hangup/>"), "/status": ""})

    async def play() -> None:
        async with network(app, tmp_path) as net:
            steps = scenario_from({"steps": [{"is_hung_up_on": True}]}, tmp_path)
            caller = await run_scenario(net, steps, to=NUMBER)
            await caller.call.settling()
            await net.exchange.webhooks.send(caller.call.webhooks[0].request, {})

    run(play())
    first, _, again = app.received
    assert (first.raw, first.headers) == (again.raw, again.headers)
    assert first.headers["I-Twilio-Idempotency-Token"]


@pytest.mark.row("verb.Redirect.empty")
def test_a_document_that_redirects_to_itself_ends_the_call(tmp_path: Path) -> None:
    app = FakeApp({"/voice": response("<Redirect/>"), "/status": ""})
    net = run(played(app, tmp_path, {"is_hung_up_on": True}))
    assert net.exchange.debugger.alerts[0].code == 12400


class Broken(Endpoint):
    """A telephone that fails."""

    def speak(self) -> bytes:
        raise RuntimeError("no battery")


def test_an_endpoint_that_fails_ends_only_its_own_call(tmp_path: Path) -> None:
    app = FakeApp({"/voice": response("<Pause/><Say>Good morning.</Say>"), "/status": ""})

    async def play() -> None:
        async with network(app, tmp_path) as net:
            broken = net.dial(Broken(), from_number=CALLER, to=NUMBER)
            steps = scenario_from({"steps": [{"hears": "good morning"}]}, tmp_path)
            await run_scenario(net, steps, to=NUMBER)
            assert net.exchange.calls[broken.sid].status == "failed"

    run(play())


def test_an_answer_is_timed_from_the_callers_last_sound(tmp_path: Path) -> None:
    app = FakeApp(
        {
            "/voice": response(
                '<Gather action="/keys" numDigits="1"><Say>Press one.</Say></Gather>'
            ),
            "/keys": response("<Pause length='2'/><Say>Thank you.</Say>"),
            "/status": "",
        }
    )
    steps: Any = ({"hears": "press"}, {"presses": "1"}, {"hears": "thank"})
    net = run(played(app, tmp_path, *steps, pace=0.0))
    call = next(iter(net.exchange.calls.values()))
    heard = [event for event in call.log.events if event["event"] == "heard"]
    assert "answer_s" not in heard[0]
    assert 2.0 <= heard[1]["answer_s"] < 2.3


def test_recordings_outlive_the_network(tmp_path: Path) -> None:
    app = FakeApp(
        {
            "/voice": response("<Start><Recording/></Start><Say>Hello.</Say><Pause length='60'/>"),
            "/status": "",
        }
    )

    async def play() -> None:
        async with network(app, tmp_path) as net:
            steps = scenario_from({"steps": [{"hears": "hello"}]}, tmp_path)
            caller = ScriptedCaller(net.exchange, number=CALLER)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            await caller.perform(steps.steps[0])
        async with network(app, tmp_path) as again:
            (kept,) = again.exchange.recordings.by_sid.values()
            assert kept.call_sid == caller.leg.sid and kept.status == "completed"
            again.exchange.recordings.delete(kept)
        async with network(app, tmp_path) as last:
            assert not last.exchange.recordings.by_sid

    run(play())


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Response><Redirect>http://[</Redirect></Response>", 11100),
        ("<Response><Play>http://[</Play></Response>", 11100),
        ("<Response><Redirect>http://hotline.test:99999/x</Redirect></Response>", 11100),
        ("<Response><Redirect>gopher://hotline.test/x</Redirect></Response>", 11100),
        ('<?xml version="1.0" encoding="klingon"?><Response/>', 12100),
        ('<?xml version="1.0" encoding="utf-16"?><Response/>', 12100),
        ('<Response><Connect><Stream url="wss://["/></Connect></Response>', 31923),
        ("<Response><Enqueue/></Response>", 14204),
        ("<Response>" + "<Say>" * 30 + "</Say>" * 30 + "</Response>", 12200),
    ],
)
def test_no_document_gets_a_caller_stuck(tmp_path: Path, document: str, code: int) -> None:
    app = FakeApp({"/voice": document, "/status": ""})
    net = run(played(app, tmp_path, {"is_hung_up_on": True}))
    assert net.exchange.debugger.alerts[0].code == code
    assert app.forms("/status")[0]["CallStatus"] == "completed"
