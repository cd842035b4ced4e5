"""What a scripted caller says of an expectation that failed, and how it hears and speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.callers import Caller
from simulator.calls.call import Call
from simulator.media.wire import KEPT, Wire
from simulator.scenario.acts import Speech
from simulator.scenario.caller import (
    ExpectationFailed,
    ScriptedCaller,
    play_scenario,
    run_scenario,
)
from simulator.scenario.files import scenario_from
from simulator.scenario.heard_words import HeardWords
from simulator.scenario.utterance import Playback, Utterance, utterance, with_gain, with_loss
from simulator.server import create_app
from simulator.sound.audio import decoded, encoded, frames, read_sound, speech_bounds, wav_file
from simulator.speech.recogniser import Speech as Recognised
from tests.simulator.app import CALLER, NUMBER, FakeApp, network, response, run, settings_for
from tests.simulator.line import SHOP, play
from tests.simulator.test_gather_speech import CLIP, MODEL
from tests.simulator.test_streams import CONNECT, SECOND, Server, mark, media

MENU = response(
    "<Say>Welcome</Say>",
    '<Gather action="/chosen" numDigits="1"><Say>Press one</Say></Gather>',
    "<Hangup/>",
)


def failed(
    folder: Path, app: FakeApp, steps: list[Any], pace: float = 0.0, **changes: Any
) -> ExpectationFailed:
    """The failure of a scenario that must not hold."""

    async def work() -> ExpectationFailed:
        async with network(app, folder, pace=pace, seed=1, **changes) as net:
            caller = ScriptedCaller(net.exchange, number=CALLER)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            with pytest.raises(ExpectationFailed) as error:
                await play_scenario(caller, scenario_from({"steps": steps}, folder))
            await caller.call.settling()
            return error.value

    return run(work())


def held(folder: Path, app: FakeApp, steps: list[Any], **changes: Any) -> Call:
    """The call of a scenario that must hold."""

    async def work() -> Call:
        async with network(app, folder, pace=0.0, seed=1, **changes) as net:
            caller = ScriptedCaller(net.exchange, number=CALLER)
            net.dial(caller, from_number=CALLER, to=NUMBER)
            await play_scenario(caller, scenario_from({"steps": steps}, folder))
            await caller.call.settling()
            return caller.call

    return run(work())


# What a failure shows


def test_a_failure_says_who_waited_for_what_after_which_conversation(tmp_path: Path) -> None:
    app = FakeApp({"/voice": MENU, "/status": ""})
    error = failed(tmp_path, app, [{"hears": "welcome"}, {"hears": "good night", "within_s": 3}])
    assert error.reason == (
        "step 2 (hears): the caller waited 3 s for the line to say 'good night'; "
        "heard since the last match: press one"
    )
    lines = str(error).splitlines()
    assert lines[1] == "the conversation so far:"
    assert any(line.endswith("line:    Welcome") for line in lines)


def test_a_failure_shows_the_document_with_the_verb_that_runs(tmp_path: Path) -> None:
    app = FakeApp({"/voice": MENU, "/status": ""})
    error = failed(tmp_path, app, [{"hears": "good night", "within_s": 3}])
    assert error.around.splitlines() == [
        "the document of https://hotline.test/voice, at 0.00 s:",
        "    <Response>",
        "    <Say>Welcome</Say>",
        '  > <Gather action="/chosen" numDigits="1"><Say>Press one</Say></Gather>',
        "    <Hangup/></Response>",
    ]
    assert str(error).endswith(error.around)


def test_a_long_document_is_shown_around_its_verb(tmp_path: Path) -> None:
    voice = response(*["<Pause/>"] * 90, "<Say>At last</Say>", *["<Pause/>"] * 90)
    app = FakeApp({"/voice": voice, "/status": ""})
    error = failed(tmp_path, app, [{"hears": "at last", "within_s": 99}, {"gets_sms": "x"}])
    around = error.around.splitlines()
    assert sum(line.startswith("  >") for line in around) == 1
    assert len(around) < 50 and around[-1].endswith("lines more)")


def test_a_document_that_cannot_be_read_is_shown_as_it_came(tmp_path: Path) -> None:
    app = FakeApp({"/voice": "<Response>\n<Say>Hello\n</Response>", "/status": ""})
    error = failed(tmp_path, app, [{"hears": "hello"}])
    assert "the call was over" in error.reason
    assert "12100" in str(error)


def test_a_failure_in_a_stream_shows_the_last_messages_of_the_socket(tmp_path: Path) -> None:
    async def act(server: Server, socket: web.WebSocketResponse, sid: str) -> None:
        await socket.send_str(media(sid, SECOND))
        await socket.send_str(mark(sid, "greeting"))

    app = FakeApp({"/voice": CONNECT, "/status": ""}, socket=Server(act))
    error = failed(tmp_path, app, [{"hears": "hello", "within_s": 3}], pace=4.0)
    around = error.around
    assert '> <Connect><Stream url="wss://hotline.test/media">' in around
    socket = around[around.index("the media socket's last messages (-> to the application):") :]
    assert (
        "-> start {" in socket and "<- media" in socket and "<- mark {'name': 'greeting'}" in socket
    )
    assert "-> media x " in socket


def test_the_wire_counts_sound_and_keeps_the_rest() -> None:
    wire = Wire(lambda: 1.5)
    for _ in range(50):
        wire.note({"event": "media"}, to_app=True)
        wire.note({"event": "media"}, to_app=False)
    wire.note({"event": "mark", "mark": {"name": "a"}}, to_app=False)
    wire.note({"event": "media"}, to_app=True)
    wire.note([1], to_app=False)
    assert wire.lines() == [
        "   1.50  -> media x 50",
        "   1.50  <- media x 50",
        "   1.50  <- mark {'name': 'a'}",
        "   1.50  -> media",
        "   1.50  <- not a message [1]",
    ]
    for number in range(100):
        wire.note({"event": "dtmf", "dtmf": {"digit": str(number)}}, to_app=True)
    assert len(wire.lines()) == KEPT


# Whom the caller talks to


def test_a_transfer_is_to_whom_it_should_be(tmp_path: Path) -> None:
    voice = response("<Dial>+13125550177</Dial>")
    app = FakeApp({"/voice": voice, "/status": ""})
    held(tmp_path, app, [{"is_transferred_to": "+13125550177"}, {"hangs_up": True}])
    error = failed(tmp_path, app, [{"is_transferred_to": "+13125550178", "within_s": 9}])
    assert "9 s for +13125550178 to come on the line" in error.reason


# How speech comes over the line


def test_louder_and_softer() -> None:
    tone = encoded(2000 * np.sin(np.arange(8000)))
    softer = decoded(with_gain(tone, -20)).astype(float)
    assert np.abs(softer).max() == pytest.approx(200, rel=0.1)
    assert with_gain(tone, 0) is tone


def test_lost_packets_are_silence_and_the_same_each_time() -> None:
    tone = encoded(2000 * np.sin(np.arange(80_000)))
    lossy = with_loss(tone, 0.2, seed="a")
    lost = [one == b"\xff" * 160 for one in frames(lossy)]
    assert sum(lost) == pytest.approx(100, rel=0.3)
    assert lossy == with_loss(tone, 0.2, seed="a") != with_loss(tone, 0.2, seed="b")


def test_only_what_comes_clean_is_known_word_for_word() -> None:
    async def speak(text: str, language: str) -> bytes:
        return encoded(2000 * np.sin(np.arange(800)))

    clean = asyncio.run(utterance(Speech("hello"), "en", speak))
    lossy = asyncio.run(utterance(Speech("hello", packet_loss=0.1), "en", speak))
    assert clean.exact and not lossy.exact
    assert lossy.how == {"packet_loss": 0.1}


# What the line says that nobody told us


def clip_app(clip: bytes) -> FakeApp:
    def sound(form: dict[str, str]) -> web.Response:
        return web.Response(body=clip, content_type="audio/x-wav")

    voice = response("<Say>Listen</Say>", "<Play>/clip.wav</Play>", '<Pause length="2"/>')
    return FakeApp({"/voice": voice, "/clip.wav": sound, "/status": ""})


def test_without_a_model_a_failure_says_that_unknown_sound_was_heard(tmp_path: Path) -> None:
    app = clip_app(wav_file(read_sound(CLIP)))
    error = failed(tmp_path, app, [{"hears": "listen"}, {"hears": "anything"}])
    assert "s of unknown sound need --speech-model" in error.reason


@pytest.mark.slow
@pytest.mark.speech
def test_what_is_no_known_sentence_is_recognised(tmp_path: Path) -> None:
    from rich.console import Console

    from asr.models.derived import ensure_model
    from config.settings import load_settings

    ensure_model(load_settings(), "en", Console(quiet=True))
    app = clip_app(wav_file(read_sound(CLIP)))
    steps = [{"hears": "listen"}, {"hears": "the weather"}]
    call = held(tmp_path, app, steps, speech_model=MODEL)
    heard = [event for event in call.log.events if event["event"] == "heard"]
    assert [bool(event.get("recognised")) for event in heard] == [False, True]
    assert 0 < heard[1]["confidence"] <= 1


def test_whoever_is_cut_off_before_a_sound_has_not_interrupted(tmp_path: Path) -> None:
    app = FakeApp({"/voice": response("<Say>Good bye</Say>"), "/status": response()})
    steps = [{"hears": "good bye"}, {"interrupts": {"says": "wait"}}, {"is_hung_up_on": True}]
    error = failed(tmp_path, app, steps)
    assert error.reason.startswith("step 2 (interrupts)") and "call was over" in error.reason


def test_whoever_is_cut_off_in_the_rest_before_a_sentence_has_not_spoken() -> None:
    mouth = Playback(1, lambda _: None)
    mouth.say(Utterance(encoded(np.full(8000, 9000)), 8000, "wait", speech_begins_at=400))
    for has_spoken in (False, False, True):
        mouth.next_frame(lambda _: None)
        assert mouth.has_spoken is has_spoken


def test_whoever_is_cut_off_between_keys_has_not_pressed_them(tmp_path: Path) -> None:
    voice = response('<Gather numDigits="1" action="/done"/>')
    app = FakeApp({"/voice": voice, "/done": response(), "/status": response()})
    error = failed(tmp_path, app, [{"presses": "123456"}])
    assert error.reason.startswith(
        "step 1 (presses): the call was over before the caller had pressed '123456'"
    )


def spoken(folder: Path) -> int:
    """How many sentences there are on this machine."""
    return len(list((folder / "speech").glob("*.ulaw")))


def test_whatever_is_said_is_made_before_the_call_is_dialled(tmp_path: Path) -> None:
    """On a machine where nothing was ever said: the first sentence takes seconds to be made."""
    (tmp_path / "speech").mkdir()
    there: list[int] = []

    def voice(form: dict[str, str]) -> str:
        there.append(spoken(tmp_path))
        return response("<Say>Hello</Say>", '<Pause length="20"/>')

    app = FakeApp({"/voice": voice, "/status": response()})
    steps: list[Any] = [{"says": "one"}, {"interrupts": {"says": "two"}, "within_s": 1}]

    async def work() -> None:
        async with network(app, tmp_path, pace=0.0, seed=1) as net:
            with pytest.raises(ExpectationFailed, match="for the line to speak"):
                await run_scenario(net, scenario_from({"steps": steps}, tmp_path), to=NUMBER)

    run(work())
    assert there == [2]


def test_whatever_a_callee_says_is_made_before_they_answer(tmp_path: Path) -> None:
    (tmp_path / "speech").mkdir()
    there: list[int] = []

    def whisper(form: dict[str, str]) -> str:
        there.append(spoken(tmp_path))
        return response()

    dial = f'<Dial><Number url="/whisper">{SHOP}</Number></Dial>'
    replies = {"/voice": response(dial), "/whisper": whisper}
    steps = [{"says": "good morning"}, {"hangs_up": True}]
    play(tmp_path, replies, phones={SHOP: {"after_s": 0, "steps": steps}})
    assert there == [1]


class Dictation:
    """A recogniser that understands the same in whatever it hears, after a moment."""

    is_there = True

    def __init__(self, text: str) -> None:
        self._text = text

    async def recognise(self, mulaw: bytes) -> Recognised:
        await asyncio.sleep(0.05)
        return Recognised(self._text, 0.9)


def test_a_clip_and_the_sentence_right_behind_it_are_heard_in_their_order(tmp_path: Path) -> None:
    clip = read_sound(CLIP)
    begin, end = speech_bounds(clip)
    voice = response("<Say>Listen</Say>", "<Play>/clip.wav</Play>", "<Say>Good bye</Say>")
    sound = web.Response(body=wav_file(clip[begin:end]), content_type="audio/wav")
    app = FakeApp({"/voice": voice, "/clip.wav": sound, "/status": response()})

    async def work() -> list[str]:
        async with network(app, tmp_path, pace=0.0, seed=1) as net:
            net.exchange.recogniser = Dictation("the weather")  # type: ignore[assignment]
            steps = [{"hears": "listen"}, {"hears": "the weather"}, {"hears": "good bye"}]
            caller = await run_scenario(net, scenario_from({"steps": steps}, tmp_path), to=NUMBER)
            await caller.call.settling()
            events = caller.call.log.events
            return [str(one["text"]) for one in events if one["event"] == "heard"]

    assert run(work()) == ["Listen", "the weather", "Good bye"]


def test_words_that_are_still_being_recognised_keep_their_place() -> None:
    heard = HeardWords()
    fill = heard.keep_place()
    heard.add("good bye")
    assert not heard.take(("good bye",)) and heard.is_waiting
    nothing = heard.keep_place()
    fill("the weather")
    nothing("")
    assert heard.take(("the weather",)) and heard.take(("good bye",)) and not heard.is_waiting


# The same vocabulary in Python


def from_python(folder: Path, app: FakeApp, work: Callable[[Caller], None]) -> None:
    """Let `work` lead callers of a running simulator."""

    async def go() -> None:
        outer = web.Application()
        outer.router.add_route("*", "/{path:.*}", app.answer)
        async with TestServer(outer) as asked:
            settings = replace(settings_for(asked.port or 0, folder), pace=0.0, seed=1)
            async with TestServer(create_app(settings)) as phone:
                await asyncio.to_thread(work, Caller(str(phone.make_url("/")), number=CALLER))

    run(go())


def test_python_speaks_the_vocabulary_of_scenarios(tmp_path: Path) -> None:
    app = FakeApp(
        {
            "/voice": MENU,
            "/chosen": response(
                '<Gather input="speech" action="/said"><Say>What is wrong</Say></Gather>'
            ),
            "/said": response("<Say>Please wait</Say>", "<Dial>+13125550177</Dial>"),
            "/status": "",
        }
    )
    clip = tmp_path / "clip.wav"
    clip.write_bytes(wav_file(encoded(2000 * np.sin(np.arange(8000)))))

    def work(caller: Caller) -> None:
        call = caller.dials()
        call.hears("nothing", "press one").presses("1")
        call.interrupts(says="it is dark").hears("please wait")
        call.is_transferred().is_transferred_to("+13125550177")
        call.says(clip=clip, gain_db=-6, packet_loss=0.1).waits(1).hangs_up()
        said = [event for event in call.facts()["events"] if event["event"] == "said"]
        assert said[1]["clip"] == str(clip) and said[1]["gain_db"] == -6
        with pytest.raises(ExpectationFailed) as error:
            caller.dials().hears("good night", within_s=3)
        assert "3 s for the line to say 'good night'" in error.value.reason
        assert "> <Gather" in str(error.value)

    from_python(tmp_path, app, work)
