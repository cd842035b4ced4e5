"""Who or what answered: judged by sound, and told to the application in both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance

from simulator.documents.detection import ENABLE, MESSAGE_END, Detection, Judge
from simulator.sound.audio import comfort_noise, frames, mixed
from simulator.sound.tones import tone
from simulator.speech.synthesiser import Speaker
from tests.conftest import eventually
from tests.simulator.app import NUMBER, PUBLIC, response
from tests.simulator.rest_driver import Served, describe, ended, first

pytestmark = pytest.mark.slow

PHONE = "+13125550155"
LONG = "Hello, you have reached my voice mail. Please leave a message after the tone."


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("amd"), pace=0.0) as one:
        one.app.replies |= {
            "/hello": response("<Pause length='20'/>"),
            "/amd": response(),
            "/progress": response(),
        }
        yield one


@pytest.fixture
def client(served: Served) -> Client:
    served.app.received.clear()
    return served.client()


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    return Speaker(tmp_path_factory.mktemp("speech"))


def detecting(client: Client, **others: Any) -> CallInstance:
    """Call by REST, and let the carrier judge who answers."""
    return client.calls.create(
        to=PHONE, from_=NUMBER, url=f"{PUBLIC}/hello", machine_detection="Enable", **others
    )


def judged(sound: bytes, how: Detection, within_s: float = 30.0) -> tuple[str, int]:
    """The verdict on a line with this sound on it, and after how many ms."""
    judge = Judge(how)
    for frame in frames(mixed(comfort_noise(within_s, seed=3), sound)):
        if judge.take(frame):
            break
    return judge.give_up(), judge.taken_ms


@pytest.mark.row("enum.answered_by")
@pytest.mark.parametrize(
    ("text", "after", "mode", "verdict"),
    [
        ("Hello?", b"", ENABLE, "human"),
        ("Hello?", b"", MESSAGE_END, "human"),
        (LONG, b"", ENABLE, "machine_start"),
        (LONG, tone(1000, 0.4), MESSAGE_END, "machine_end_beep"),
        (LONG, b"", MESSAGE_END, "machine_end_silence"),
        ("", tone(2100, 3.0), ENABLE, "fax"),
        ("", tone(1100, 0.5), MESSAGE_END, "fax"),
        ("", b"", ENABLE, "unknown"),
    ],
)
def test_what_answers_is_known_by_its_sound(
    speaker: Speaker, text: str, after: bytes, mode: str, verdict: str
) -> None:
    sound = speaker.speak(text, "en") if text else b""
    assert judged(sound + after, Detection(mode=mode))[0] == verdict


def test_a_machine_that_never_stops_ends_otherwise(speaker: Speaker) -> None:
    sound = speaker.speak(LONG, "en") * 3
    assert judged(sound, Detection(mode=MESSAGE_END), within_s=6)[0] == "machine_end_other"


@pytest.mark.row(
    "rest.calls.create.MachineDetectionSpeechThreshold",
    "rest.calls.create.MachineDetectionSpeechEndThreshold",
    "rest.calls.create.MachineDetectionSilenceTimeout",
)
def test_thresholds_move_the_verdict_and_when_it_comes(speaker: Speaker) -> None:
    short, long = speaker.speak("Hello?", "en"), speaker.speak(LONG, "en")
    assert judged(long, Detection(speech_ms=6000))[0] == "human"
    ended = judged(short, Detection())[1]
    assert judged(short, Detection(speech_end_ms=2200))[1] == ended + 1000
    assert judged(b"", Detection())[1] == 5000
    assert judged(b"", Detection(silence_ms=2000)) == ("unknown", 2000)


@pytest.mark.row("rest.calls.create.MachineDetection", "rest.call.answered_by")
@pytest.mark.parametrize(
    ("phone", "mode", "verdict"),
    [
        ({}, "Enable", "human"),
        ({"behaviour": "machine"}, "Enable", "machine_start"),
        ({"behaviour": "machine"}, "DetectMessageEnd", "machine_end_beep"),
        ({"behaviour": "machine", "tone": False}, "DetectMessageEnd", "machine_end_silence"),
        ({"behaviour": "fax"}, "Enable", "fax"),
        ({"greeting": ""}, "Enable", "unknown"),
        ({"greeting": "Yes?"}, "DetectMessageEnd", "human"),
    ],
)
def test_the_document_waits_for_the_verdict_and_carries_it(
    served: Served, client: Client, phone: dict[str, Any], mode: str, verdict: str
) -> None:
    describe(served, PHONE, **phone)
    call = client.calls.create(
        to=PHONE,
        from_=NUMBER,
        url=f"{PUBLIC}/hello",
        machine_detection=mode,
        status_callback=f"{PUBLIC}/progress",
    )
    done = eventually(lambda: ended(client, call.sid))
    (form,) = served.app.forms("/hello")
    assert form["AnsweredBy"] == verdict and int(form["MachineDetectionDuration"]) > 0
    assert form["CallStatus"] == "in-progress"
    assert done.answered_by == verdict
    assert first(served, "/progress", call.sid)["AnsweredBy"] == verdict


@pytest.mark.row(
    "rest.calls.create.AsyncAmd",
    "rest.calls.create.AsyncAmdStatusCallback",
    "rest.calls.create.AsyncAmdStatusCallbackMethod",
    "request.amd-callback.CallSid",
    "request.amd-callback.AccountSid",
    "request.amd-callback.AnsweredBy",
    "request.amd-callback.MachineDetectionDuration",
    "request.amd-callback.method",
    "order.async-amd",
)
def test_the_verdict_comes_beside_the_document_when_asked(served: Served, client: Client) -> None:
    describe(served, PHONE, behaviour="machine")
    call = detecting(
        client,
        async_amd="true",
        async_amd_status_callback=f"{PUBLIC}/amd",
    )
    told = first(served, "/amd", call.sid)
    assert set(told) == {"CallSid", "AccountSid", "AnsweredBy", "MachineDetectionDuration"}
    assert told["AnsweredBy"] == "machine_start"
    paths = [one.path for one in served.app.received]
    assert paths.index("/hello") < paths.index("/amd")
    assert "AnsweredBy" not in served.app.forms("/hello")[0]
    assert eventually(lambda: ended(client, call.sid)).answered_by == "machine_start"


@pytest.mark.row("error.21262", "code.21262")
def test_a_verdict_without_an_address_is_a_warning_and_stays_in_the_call(
    served: Served, client: Client
) -> None:
    describe(served, PHONE)
    call = detecting(client, async_amd="true")
    assert eventually(lambda: ended(client, call.sid)).answered_by == "human"
    alerts = served.network.exchange.debugger.alerts
    (one,) = [one for one in alerts if one.call_sid == call.sid]
    assert (one.code, one.level) == (21262, "warning")


def test_keys_to_be_sent_switch_detection_off(served: Served, client: Client) -> None:
    describe(served, PHONE, behaviour="machine")
    call = detecting(
        client,
        send_digits="w1",
    )
    assert eventually(lambda: ended(client, call.sid)).answered_by is None
    assert "AnsweredBy" not in served.app.forms("/hello")[0]


@pytest.mark.row("rest.calls.create.MachineDetectionTimeout")
def test_when_time_is_up_the_verdict_is_unknown(served: Served, client: Client) -> None:
    describe(served, PHONE, greeting="")
    call = detecting(
        client,
        machine_detection_timeout=3,
    )
    assert eventually(lambda: ended(client, call.sid)).answered_by == "unknown"
    assert int(served.app.forms("/hello")[0]["MachineDetectionDuration"]) <= 3000


def test_a_call_is_redirected_while_the_verdict_is_awaited(served: Served, client: Client) -> None:
    served.app.replies["/other"] = response()
    describe(served, PHONE, greeting="")
    with served.standing_still() as go_on:
        call = detecting(client)
        go_on(lambda: served.network.exchange.calls[str(call.sid)].status == "in-progress")
        client.calls(call.sid).update(url=f"{PUBLIC}/other")
    eventually(lambda: ended(client, call.sid))
    assert len(served.app.forms("/other")) == 1 and served.app.forms("/hello") == []


@pytest.mark.row("rest.participants.create.AmdStatusCallback")
def test_somebody_called_into_a_room_is_judged_beside_it(served: Served, client: Client) -> None:
    describe(served, PHONE, behaviour="machine", tone=False)
    one = client.conferences("amd room").participants.create(
        from_=NUMBER,
        to=PHONE,
        machine_detection="DetectMessageEnd",
        amd_status_callback=f"{PUBLIC}/amd",
        time_limit=30,
    )
    assert first(served, "/amd", one.call_sid)["AnsweredBy"] == "machine_end_silence"


@pytest.mark.parametrize("noun", ["Number", "Sip"])
def test_a_dialled_number_is_judged_beside_the_talk(
    served: Served, client: Client, noun: str
) -> None:
    address = PHONE if noun == "Number" else "sip:desk@pbx.test"
    describe(served, address, behaviour="machine")
    describe(served, "+13125550156", steps=[{"waits_s": 20}, {"hangs_up": True}])
    document = response(
        f'<Dial><{noun} machineDetection="Enable" amdStatusCallback="{PUBLIC}/amd">{address}'
        f"</{noun}></Dial>"
    )
    client.calls.create(to="+13125550156", from_=NUMBER, twiml=document)
    told = eventually(lambda: served.app.forms("/amd"))[0]
    child = client.calls(told["CallSid"]).fetch()
    assert (child.to, told["AnsweredBy"]) == (address, "machine_start")


@pytest.mark.parametrize(
    "changes",
    [
        {"machine_detection": "Perhaps"},
        {"machine_detection_timeout": 0},
        {"machine_detection_speech_threshold": 999},
        {"machine_detection_speech_end_threshold": 5001},
        {"machine_detection_silence_timeout": 1999},
        {"async_amd": "maybe"},
        {"async_amd_status_callback": "nowhere"},
        {"async_amd_status_callback_method": "PUT"},
    ],
    ids=str,
)
def test_values_out_of_range_are_refused(client: Client, changes: dict[str, Any]) -> None:
    asked = {"to": PHONE, "from_": NUMBER, "twiml": "<Response/>", "machine_detection": "Enable"}
    with pytest.raises(TwilioRestException) as refused:
        client.calls.create(**{**asked, **changes})
    assert refused.value.status == 400 and refused.value.code in {20001, 21205}
