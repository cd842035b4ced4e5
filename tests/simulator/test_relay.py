"""<ConversationRelay>: the application reads the caller's words and writes the line's."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.calls.call import Inline
from simulator.network import Network
from simulator.sound.audio import wav_file
from simulator.webhooks.signature import signature
from tests.simulator.app import ACCOUNT, CALLER, NUMBER, TOKEN, response
from tests.simulator.line import Played, play

pytestmark = pytest.mark.slow

Socket = web.WebSocketResponse
URL = "wss://hotline.test/talk?case=7"
GREETING = "Hello, this is the city."
LONG = "Please tell me everything that is wrong in your street, one thing after the other."
NEXT = "<Say>We go on</Say>"


class Server:
    """Keeps what comes; `answers` says by the type of a message what is sent back."""

    def __init__(self, **answers: Any) -> None:
        self.messages: list[dict[str, Any]] = []
        self._answers = answers

    async def __call__(self, socket: Socket) -> None:
        async for message in socket:
            said = json.loads(message.data)
            self.messages.append(said)
            answer = self._answers.get(said["type"])
            answer = answer(said) if callable(answer) else answer
            for one in answer or ():
                if one is None:
                    await socket.close()
                else:
                    await socket.send_str(one if isinstance(one, str) else json.dumps(one))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a type."""
        return [one for one in self.messages if one["type"] == kind]


def text(token: str, *, last: bool = True, **more: Any) -> dict[str, Any]:
    return {"type": "text", "token": token, "last": last, **more}


def end(**more: Any) -> dict[str, Any]:
    return {"type": "end", **more}


def relay(attributes: str = "", inside: str = "", action: str = ' action="/over"') -> str:
    noun = f'<ConversationRelay url="{URL}" {attributes}>{inside}</ConversationRelay>'
    return f"<Connect{action}>{noun}</Connect>"


def talked(
    folder: Path,
    server: Callable[[Socket], Awaitable[None]] | None,
    *steps: dict[str, Any],
    attributes: str = "",
    inside: str = "",
    action: str = ' action="/over"',
    meanwhile: Callable[[Network], Awaitable[None]] | None = None,
    **settings: Any,
) -> Played:
    """One call to a session; /over says that it is over."""
    document = response(relay(attributes, inside, action), NEXT)
    sound = web.Response(body=wav_file(b"\x10\x90" * 4000), content_type="audio/wav")
    replies = {"/voice": document, "/over": response("<Say>It is over</Say>"), "/beep.wav": sound}
    given: dict[str, Any] = {"pace": 4.0, **settings}
    return play(folder, replies, list(steps), socket=server, meanwhile=meanwhile, **given)


def over(played: Played) -> dict[str, str]:
    """What the action was told."""
    (form,) = played.app.forms("/over")
    return form


@pytest.mark.row("relay.signature", "relay.setup", "relay.prompt", "relay.text", "relay.end")
@pytest.mark.row("relay.action", "noun.ConversationRelay", "noun.ConversationRelay.Parameter")
@pytest.mark.row("noun.ConversationRelay.url", "noun.ConversationRelay.welcomeGreeting")
@pytest.mark.row("noun.ConversationRelay.language")
def test_a_whole_dialogue(tmp_path: Path) -> None:
    server = Server(
        prompt=lambda said: (
            [end(handoffData='{"why": "done"}')]
            if said["voicePrompt"] == "no"
            else [text("You said "), text(said["voicePrompt"] + ". "), text("Anything else?")]
        )
    )
    played = talked(
        tmp_path,
        server,
        {"hears": "this is the city"},
        {"says": "a lamp is broken"},
        {"hears": "a lamp is broken"},
        {"hears": "anything else"},
        {"says": "no"},
        {"hears": "it is over"},
        attributes=f'welcomeGreeting="{GREETING}"',
        inside='<Parameter name="call" value="7"/>',
    )
    handshake = next(one for one in played.app.received if one.path == "/talk")
    assert handshake.headers["X-Twilio-Signature"] == signature(TOKEN, URL)
    setup, *rest = server.messages
    assert setup == {
        "type": "setup",
        "sessionId": setup["sessionId"],
        "accountSid": ACCOUNT,
        "parentCallSid": "",
        "callSid": played.call.sid,
        "from": CALLER,
        "to": NUMBER,
        "forwardedFrom": "",
        "callType": "PSTN",
        "callerName": "",
        "direction": "inbound",
        "callStatus": "RINGING",
        "customParameters": {"call": "7"},
    }
    assert setup["sessionId"].startswith("VX")
    assert rest == [
        {"type": "prompt", "voicePrompt": "a lamp is broken", "lang": "en-US", "last": True},
        {"type": "prompt", "voicePrompt": "no", "lang": "en-US", "last": True},
    ]
    told = over(played)
    assert told["SessionId"] == setup["sessionId"] and told["SessionStatus"] == "ended"
    assert told["HandoffData"] == '{"why": "done"}' and int(told["SessionDuration"]) > 1
    assert told["CallStatus"] == "in-progress" and told["CallSid"] == played.call.sid
    assert played.codes() == []


@pytest.mark.row("relay.interrupt", "noun.ConversationRelay.interruptible")
def test_speech_stops_the_line_and_tells_what_was_heard(tmp_path: Path) -> None:
    server = Server(setup=[text(LONG)], prompt=[text("I am listening")])
    played = talked(
        tmp_path,
        server,
        {"interrupts": {"says": "stop"}},
        {"hears": "i am listening"},
        {"hangs_up": True},
    )
    (interrupt,) = server.of("interrupt")
    assert LONG.startswith(interrupt["utteranceUntilInterrupt"])
    assert 0 < interrupt["durationUntilInterruptMs"] < 4000
    assert server.messages.index(interrupt) < server.messages.index(server.of("prompt")[0])
    cut = [one for one in played.events("heard") if one["cut"]]
    assert len(cut) == 1, "the line fell silent"


@pytest.mark.row("noun.ConversationRelay.welcomeGreetingInterruptible")
@pytest.mark.row("noun.ConversationRelay.reportInputDuringAgentSpeech")
def test_a_greeting_that_nothing_stops_is_heard_whole(tmp_path: Path) -> None:
    server = Server(prompt=[text("I am listening")])
    played = talked(
        tmp_path,
        server,
        {"interrupts": {"says": "stop"}},
        {"hears": "one thing after the other"},
        {"says": "a lamp"},
        {"hears": "i am listening"},
        {"hangs_up": True},
        attributes=f'welcomeGreeting="{LONG}" welcomeGreetingInterruptible="none"',
    )
    assert server.of("interrupt") == []
    assert [one["voicePrompt"] for one in server.of("prompt")] == ["a lamp"]
    assert not any(one["cut"] for one in played.events("heard"))


@pytest.mark.row("noun.ConversationRelay.reportInputDuringAgentSpeech")
def test_what_is_said_meanwhile_is_reported_where_that_is_wanted(tmp_path: Path) -> None:
    server = Server(prompt=[end()])
    talked(
        tmp_path,
        server,
        {"interrupts": {"says": "stop"}},
        {"hears": "it is over"},
        attributes=f'welcomeGreeting="{LONG * 3}" welcomeGreetingInterruptible="none" '
        'reportInputDuringAgentSpeech="speech"',
    )
    assert [one["voicePrompt"] for one in server.of("prompt")] == ["stop"]


@pytest.mark.row("relay.dtmf", "noun.ConversationRelay.dtmfDetection")
def test_keys_are_told_and_stop_the_line(tmp_path: Path) -> None:
    server = Server(setup=[text(LONG)], dtmf=[end()])
    talked(
        tmp_path,
        server,
        {"interrupts": {"presses": "4"}},
        {"hears": "it is over"},
        attributes='dtmfDetection="true" interruptible="dtmf"',
    )
    assert [one["type"] for one in server.messages] == ["setup", "interrupt", "dtmf"]
    assert server.of("dtmf") == [{"type": "dtmf", "digit": "4"}]


@pytest.mark.row("noun.ConversationRelay.dtmfDetection")
def test_keys_are_nothing_without_detection(tmp_path: Path) -> None:
    server = Server(setup=[text(LONG)], prompt=[end()])
    talked(
        tmp_path,
        server,
        {"interrupts": {"presses": "4"}},
        {"hears": "one thing after the other"},
        {"says": "a lamp"},
        {"hears": "it is over"},
    )
    assert [one["type"] for one in server.messages] == ["setup", "prompt"]


@pytest.mark.row("relay.play", "relay.sendDigits", "relay.language")
def test_sounds_keys_and_another_language(tmp_path: Path) -> None:
    server = Server(
        setup=[
            {"type": "play", "source": "/beep.wav", "loop": 2},
            {"type": "sendDigits", "digits": "1w#"},
            {"type": "language", "ttsLanguage": "es-ES", "transcriptionLanguage": "es-MX"},
            text("Buenos días."),
        ],
        prompt=[end()],
    )
    played = talked(
        tmp_path,
        server,
        {"hears": "buenos días"},
        {"says": "una lámpara"},
        {"hears": "it is over"},
    )
    (prompt,) = server.of("prompt")
    assert prompt["lang"] == "es-MX"
    first, second = played.audible_s[:2]
    assert 1.9 < first[1] - first[0] < 2.4, "one second of sound, twice, then the first key"
    assert second[0] - first[1] > 0.4, "w waits half a second"
    spoken = [clip for clips in played.net.exchange.voice.captions.clips.values() for clip in clips]
    assert any(clip.language == "es-ES" for clip in spoken)


@pytest.mark.row("noun.ConversationRelay.preemptible")
@pytest.mark.parametrize("preemptible", [True, False])
def test_the_next_cycle_stops_one_that_may_be_preempted(tmp_path: Path, preemptible: bool) -> None:
    def once_it_was_heard(message: dict[str, Any]) -> list[dict[str, Any]]:
        return [text("Never mind.")] if "moment" in message["value"] else []

    first = text(f"One moment. {LONG}", preemptible=preemptible)
    server = Server(setup=[first], info=once_it_was_heard)
    played = talked(
        tmp_path,
        server,
        {"hears": "never mind"},
        {"hangs_up": True},
        attributes='events="tokens-played"',
    )
    assert (LONG in played.heard()) is not preemptible
    assert server.of("interrupt") == [], "it was not the caller"


@pytest.mark.row("relay.code.64106")
def test_a_language_without_a_voice_is_read_in_another_one(tmp_path: Path) -> None:
    server = Server(setup=[text("Here we are.", lang="xx-XX")])
    played = talked(tmp_path, server, {"hears": "here we are"}, {"hangs_up": True})
    assert played.codes() == [64106]


@pytest.mark.row("noun.ConversationRelay.Language")
def test_languages_are_described_one_by_one(tmp_path: Path) -> None:
    server = Server(setup=[text("Bonjour.", lang="fr-FR")])
    played = talked(
        tmp_path,
        server,
        {"hears": "bonjour"},
        {"hangs_up": True},
        inside='<Language code="fr-FR" ttsProvider="ElevenLabs" voice="x" speechModel="nova-3"/>',
    )
    assert played.codes() == []


def test_words_without_an_end_are_said_after_a_while(tmp_path: Path) -> None:
    server = Server(setup=[text("One. Two", last=False)])
    played = talked(tmp_path, server, {"hears": "two"}, {"hangs_up": True})
    assert played.heard() == ["One.", "Two"]


@pytest.mark.row("relay.info", "noun.ConversationRelay.events")
def test_who_speaks_and_what_was_heard_is_told_where_that_is_wanted(tmp_path: Path) -> None:
    server = Server(setup=[text("One moment. Now speak.")], prompt=[end()])
    talked(
        tmp_path,
        server,
        {"hears": "now speak"},
        {"says": "a lamp"},
        {"hears": "it is over"},
        attributes='events="speaker-events tokens-played"',
    )
    assert [(one["name"], one["value"]) for one in server.of("info")] == [
        ("agentSpeaking", "on"),
        ("tokensPlayed", "One moment. "),
        ("tokensPlayed", "Now speak."),
        ("agentSpeaking", "off"),
        ("clientSpeaking", "on"),
        ("clientSpeaking", "off"),
    ]


@pytest.mark.row("relay.prompt.partial", "noun.ConversationRelay.partialPrompts")
def test_a_long_answer_is_told_while_it_is_given(tmp_path: Path) -> None:
    server = Server(
        prompt=lambda said: [end()] if said["last"] else [],
    )
    talked(
        tmp_path,
        server,
        {"says": LONG},
        {"hears": "it is over"},
        attributes='partialPrompts="true"',
    )
    *partial, whole = server.of("prompt")
    assert len(partial) >= 3 and not any(one["last"] for one in partial)
    assert all(LONG.startswith(one["voicePrompt"]) for one in partial)
    assert whole["voicePrompt"] == LONG and whole["last"]


def test_who_hangs_up_in_mid_sentence_can_still_be_reported(tmp_path: Path) -> None:
    server = Server()

    async def hang_up_soon(net: Network) -> None:
        async def later() -> None:
            await net.exchange.clock.sleep(4.0)
            for call in tuple(net.exchange.calls.values()):
                call.leg.hang_up()

        net.exchange.background.run(later())

    played = talked(
        tmp_path,
        server,
        {"says": LONG * 3},
        attributes='partialPromptOnHangup="true"',
        meanwhile=hang_up_soon,
    )
    (prompt,) = server.of("prompt")
    assert prompt["last"] and LONG.startswith(prompt["voicePrompt"][: len(LONG)])
    assert over(played)["CallStatus"] == "completed"


@pytest.mark.row("relay.action.completed")
def test_who_hangs_up_leaves_a_completed_session(tmp_path: Path) -> None:
    server = Server(setup=[text(GREETING)])
    played = talked(tmp_path, server, {"hears": "this is the city"}, {"hangs_up": True})
    assert over(played)["SessionStatus"] == "completed"
    assert over(played)["CallStatus"] == "completed"


@pytest.mark.row("relay.server-closes", "relay.code.64105", "relay.action.failed")
def test_a_server_that_closes_fails_the_session(tmp_path: Path) -> None:
    played = talked(tmp_path, Server(setup=[None]), {"hears": "it is over"})
    told = over(played)
    assert told["SessionStatus"] == "failed" and told["ErrorCode"] == "64105"
    assert told["ErrorMessage"] and played.codes() == [64105]


def test_a_cut_socket_fails_the_session(tmp_path: Path) -> None:
    async def cut_soon(net: Network) -> None:
        async def later() -> None:
            await net.exchange.clock.sleep(3.0)
            for call in tuple(net.exchange.calls.values()):
                for cut in tuple(call.streams.cut):
                    cut()

        net.exchange.background.run(later())

    played = talked(tmp_path, Server(), {"hears": "it is over"}, meanwhile=cut_soon)
    assert over(played)["ErrorCode"] == "64105"


@pytest.mark.row("relay.refused", "relay.code.64102")
def test_a_refused_handshake_fails_the_session(tmp_path: Path) -> None:
    played = talked(tmp_path, None, {"hears": "it is over"})
    told = over(played)
    assert (told["SessionStatus"], told["ErrorCode"]) == ("failed", "64102")
    assert told["SessionDuration"] == "0" and played.codes() == [64102]


def test_without_an_action_the_next_verb_runs(tmp_path: Path) -> None:
    played = talked(tmp_path, Server(setup=[end()]), {"hears": "we go on"}, action="")
    assert played.codes() == []


@pytest.mark.row("relay.invalid", "relay.error", "relay.code.64107")
def test_what_is_not_the_protocol_is_told_to_the_server(tmp_path: Path) -> None:
    wrong = [
        "{",
        "[1]",
        {"type": "shout"},
        {"type": "text"},
        {"type": "text", "token": 5},
        {"type": "play", "source": "/x", "loop": -1},
        {"type": "end", "handoffData": {"why": 1}},
    ]
    server = Server(setup=[*wrong, end()])
    played = talked(tmp_path, server, {"hears": "it is over"})
    reasons = [one["description"] for one in server.of("error")]
    assert len(reasons) == len(wrong) and "expected one of text, play" in reasons[2]
    assert "text without token" in reasons[3] and "expected a string" in reasons[6]
    assert played.codes() == [64107] * len(wrong)
    assert over(played)["SessionStatus"] == "ended", "it went on"


@pytest.mark.row("relay.invalid.ten")
def test_ten_in_a_row_end_the_session(tmp_path: Path) -> None:
    played = talked(tmp_path, Server(setup=["nonsense"] * 10), {"hears": "it is over"})
    assert over(played)["ErrorCode"] == "64105"


def test_a_sound_that_does_not_come_is_left_out(tmp_path: Path) -> None:
    server = Server(setup=[{"type": "play", "source": "/gone.wav"}, text("Here we are.")])
    played = talked(tmp_path, server, {"hears": "here we are"}, {"hangs_up": True})
    assert played.codes() == [11200]


@pytest.mark.row("noun.ConversationRelay.ignoreBackchannel")
@pytest.mark.parametrize(("words", "count"), [("yeah", 0), (LONG, 1)])
def test_who_only_murmurs_does_not_stop_the_line(tmp_path: Path, words: str, count: int) -> None:
    server = Server(setup=[text(LONG * 2)], prompt=[end()])
    attributes = 'ignoreBackchannel="true" reportInputDuringAgentSpeech="any"'
    after = {"hangs_up": True} if count == 0 else {"hears": "it is over"}
    talked(
        tmp_path,
        server,
        {"interrupts": {"says": words}},
        *([{"waits_s": 3.0}] if count == 0 else []),
        after,
        attributes=attributes,
    )
    assert len(server.of("interrupt")) == len(server.of("prompt")) == count


@pytest.mark.row("noun.ConversationRelay.interruptSensitivity")
@pytest.mark.parametrize(("sensitivity", "count"), [("high", 1), ("medium", 0), ("low", 0)])
def test_a_short_word_stops_only_a_sensitive_line(
    tmp_path: Path, sensitivity: str, count: int
) -> None:
    server = Server(setup=[text(LONG * 2)])
    talked(
        tmp_path,
        server,
        {"interrupts": {"says": "no"}},
        {"waits_s": 3.0},
        {"hangs_up": True},
        attributes=f'interruptSensitivity="{sensitivity}"',
    )
    assert len(server.of("interrupt")) == count


def test_an_interruption_is_told_although_late_words_are_spoken(tmp_path: Path) -> None:
    late = [text("and so it ", last=False), text("goes on and on and on", last=False)]
    server = Server(setup=[text(LONG)], interrupt=late, prompt=[text("Now the answer.")])
    played = talked(
        tmp_path,
        server,
        {"interrupts": {"says": "stop"}},
        {"hears": "now the answer"},
        {"hangs_up": True},
    )
    assert [one["voicePrompt"] for one in server.of("prompt")] == ["stop"]
    assert len(server.of("interrupt")) == 1
    assert played.heard()[-1] == "Now the answer.", "no part of what came late"


def test_what_comes_while_the_caller_goes_on_is_stopped_without_a_word(tmp_path: Path) -> None:
    stream = [text(f"Sentence number {number}. ", last=False) for number in range(8)]
    server = Server(setup=[text(LONG)], interrupt=stream, prompt=[end()])
    talked(tmp_path, server, {"interrupts": {"says": LONG}}, {"hears": "it is over"})
    heard = [one["utteranceUntilInterrupt"] for one in server.of("interrupt")]
    assert heard and all(heard), "an empty one would be found in every answer"
    assert [one["voicePrompt"] for one in server.of("prompt")] == [LONG]


def test_characters_that_come_in_halves_are_put_together(tmp_path: Path) -> None:
    halves = ['{"type":"text","token":"Well \\ud83d"}', '{"type":"text","token":"\\ude00 done."}']
    server = Server(setup=[*halves, text(" That is all.")])
    played = talked(tmp_path, server, {"hears": "that is all"}, {"hangs_up": True})
    assert played.heard()[0] == "Well \N{GRINNING FACE} done." and played.codes() == []


def test_another_document_by_rest_ends_a_session(tmp_path: Path) -> None:
    async def redirect_soon(net: Network) -> None:
        async def later() -> None:
            await net.exchange.clock.sleep(3.0)
            for call in tuple(net.exchange.calls.values()):
                call.interrupt(Inline("<Response><Say>Another one</Say></Response>"))

        net.exchange.background.run(later())

    server = Server()
    played = talked(tmp_path, server, {"hears": "another one"}, meanwhile=redirect_soon)
    assert played.app.forms("/over") == [] and played.codes() == []
    assert played.events("stream")[-1]["state"] == "stopped"


@pytest.mark.row("noun.ConversationRelay.speechTimeout")
def test_speech_is_over_after_its_time_out(tmp_path: Path) -> None:
    server = Server(prompt=[end()])
    talked(
        tmp_path,
        server,
        {"says": "a lamp"},
        {"waits_s": 2.0},
        {"says": "is broken"},
        {"hears": "it is over"},
        attributes='speechTimeout="4000"',
    )
    assert [one["voicePrompt"] for one in server.of("prompt")] == ["a lamp is broken"]
