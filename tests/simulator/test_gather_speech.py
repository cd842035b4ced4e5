"""<Gather> with speech: words, partial results, barge-in, and keys that turn it off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.calls.call import Call
from simulator.scenario.caller import ScriptedCaller, play_scenario
from simulator.scenario.files import scenario_from
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run

CLIP = Path(__file__).resolve().parents[2] / "asr" / "known" / "en.flac"
MODEL = Path(__file__).resolve().parents[2] / "var" / "models" / "vosk-model-small-en-us-0.15"


def asked(folder: Path, gather: str, steps: list[Any], **changes: Any) -> tuple[FakeApp, Call]:
    """One call to a question; a goodbye follows when nothing was understood."""
    app = FakeApp(
        {
            "/voice": response(gather, "<Say>Nothing understood</Say>"),
            "/said": response("<Say>Thank you</Say>"),
            "/partial": response(),
            "/status": response(),
        }
    )

    async def work() -> Call:
        async with network(app, folder, pace=0.0, seed=1, **changes) as net:
            caller = ScriptedCaller(net.exchange, number=CALLER)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            await play_scenario(caller, scenario_from({"steps": steps}, Path()))
            await caller.call.settling()
            return caller.call

    return app, run(work())


ASK = '<Gather input="speech" action="/said" speechTimeout="2"><Say>What is it</Say></Gather>'


@pytest.mark.row("verb.Gather.input", "gather.speech.end", "verb.Gather.language")
def test_words_reach_the_action(tmp_path: Path) -> None:
    steps = [{"hears": "what is it"}, {"says": "the lamp is broken"}, {"hears": "thank you"}]
    app, _ = asked(tmp_path, ASK, steps)
    (form,) = app.forms("/said")
    assert form["SpeechResult"] == "the lamp is broken"
    assert 0 < float(form["Confidence"]) <= 1 and form["Language"] == "en-US"
    assert "Digits" not in form


def test_silence_goes_on_to_the_next_verb(tmp_path: Path) -> None:
    app, _ = asked(tmp_path, ASK, [{"hears": "nothing understood"}])
    assert app.forms("/said") == []


def test_silence_asks_the_action_where_that_is_wanted(tmp_path: Path) -> None:
    gather = '<Gather input="speech" action="/said" timeout="2" actionOnEmptyResult="true"/>'
    app, _ = asked(tmp_path, gather, [{"hears": "thank you"}])
    assert app.forms("/said")[0]["SpeechResult"] == ""


@pytest.mark.row("gather.barge.speech", "verb.Gather.bargeIn")
def test_speech_interrupts_the_prompt(tmp_path: Path) -> None:
    long = "Tell me at length about everything that is wrong in your street, one after the other"
    gather = f'<Gather input="speech" action="/said" speechTimeout="1"><Say>{long}</Say></Gather>'
    steps = [{"interrupts": {"says": "a lamp"}}, {"hears": "thank you"}]
    _, call = asked(tmp_path, gather, steps)
    heard = [event for event in call.log.events if event["event"] == "heard"]
    assert heard[0]["cut"] is True


@pytest.mark.row("gather.barge.off", "verb.Gather.bargeIn")
def test_speech_does_not_interrupt_where_barge_in_is_off(tmp_path: Path) -> None:
    gather = (
        '<Gather input="speech" action="/said" speechTimeout="1" bargeIn="false">'
        "<Say>Tell me about everything that is wrong</Say></Gather>"
    )
    steps = [{"interrupts": {"says": "a lamp"}}, {"hears": "thank you"}]
    _, call = asked(tmp_path, gather, steps)
    heard = [event for event in call.log.events if event["event"] == "heard"]
    assert heard[0]["cut"] is False


@pytest.mark.row("gather.keys-off-speech", "gather.one-result")
def test_a_key_turns_speech_off(tmp_path: Path) -> None:
    gather = (
        '<Gather input="dtmf speech" action="/said" numDigits="1" speechTimeout="5">'
        "<Say>Say or press</Say></Gather>"
    )
    steps = [{"hears": "say or press"}, {"presses": "4"}, {"hears": "thank you"}]
    app, _ = asked(tmp_path, gather, steps)
    (form,) = app.forms("/said")
    assert form["Digits"] == "4" and "SpeechResult" not in form


@pytest.mark.row("gather.auto", "verb.Gather.speechTimeout", "gather.one-result")
def test_either_way_words_do_as_well(tmp_path: Path) -> None:
    gather = (
        '<Gather input="dtmf speech" action="/said" speechTimeout="auto">'
        "<Say>Say or press</Say></Gather>"
    )
    steps = [{"hears": "say or press"}, {"says": "four"}, {"hears": "thank you"}]
    app, _ = asked(tmp_path, gather, steps)
    assert app.forms("/said")[0]["SpeechResult"] == "four"


def test_keys_do_not_count_where_only_speech_does(tmp_path: Path) -> None:
    steps = [{"hears": "what is it"}, {"presses": "4"}, {"hears": "nothing understood"}]
    app, _ = asked(tmp_path, ASK, steps)
    assert app.forms("/said") == []


@pytest.mark.row("verb.Gather.partialResultCallback")
def test_a_partial_result_comes_first(tmp_path: Path) -> None:
    gather = (
        '<Gather input="speech" action="/said" speechTimeout="1" '
        'partialResultCallback="/partial"><Say>What is it</Say></Gather>'
    )
    steps = [{"hears": "what is it"}, {"says": "a lamp"}, {"hears": "thank you"}]
    app, _ = asked(tmp_path, gather, steps)
    partials = app.forms("/partial")
    assert partials[-1]["StableSpeechResult"] == "a lamp"
    assert partials[0]["SequenceNumber"] == "0"


def test_words_that_nobody_knows_are_not_made_up(tmp_path: Path) -> None:
    steps = [
        {"hears": "what is it"},
        {"says": {"clip": str(CLIP)}},
        {"hears": "nothing understood"},
    ]
    app, call = asked(tmp_path, ASK, steps)
    assert app.forms("/said") == []
    assert any("--speech-model" in event.get("message", "") for event in call.log.events)


@pytest.mark.slow
@pytest.mark.speech
def test_a_clip_is_recognised_where_there_is_a_model(tmp_path: Path) -> None:
    from rich.console import Console

    from asr.models.derived import ensure_model
    from config.settings import load_settings

    ensure_model(load_settings(), "en", Console(quiet=True))
    steps = [{"hears": "what is it"}, {"says": {"clip": str(CLIP)}}, {"hears": "thank you"}]
    app, _ = asked(tmp_path, ASK, steps, speech_model=MODEL)
    assert "weather" in app.forms("/said")[0]["SpeechResult"]
