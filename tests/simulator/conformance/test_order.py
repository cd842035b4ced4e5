"""The order in which a call's requests come, for the usual courses of a call."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.faults.plan import plan_from
from simulator.faults.strikes import Faults
from simulator.network import Network
from simulator.settings import Hook
from tests.simulator.app import CALLER, NUMBER, PUBLIC, response
from tests.simulator.conformance.line import (
    GONE,
    SHOP,
    Rest,
    Told,
    answered,
    coming,
    dialled,
    story,
    story_by_rest,
)
from tests.simulator.conformance.test_waiting import DESK, agent

HANG_UP = response("<Hangup/>")
BOB = "+13125550112"
ALL = 'statusCallback="/child" statusCallbackEvent="initiated ringing answered completed"'


def told_in_order(told: Told, *names: str) -> list[str]:
    """Every request as its path, and with the field that says what it is about."""
    fields = {"/child": "CallStatus", "/room": "StatusCallbackEvent", "/stream": "StreamEvent"}
    return [
        f"{one.path} {one.form[fields[one.path]]}" if one.path in fields else one.path
        for one in told.app.received
        if not names or one.path in names
    ]


@pytest.mark.row("order.inbound-gather")
def test_keys_then_the_end(tmp_path: Path) -> None:
    document = '<Gather action="/keys" numDigits="1"/>'
    told = answered(tmp_path, document, {"presses": "1"}, GONE, **{"/keys": HANG_UP})
    assert told.paths == ["/voice", "/keys", "/status"]
    assert told.events("/voice") + told.events("/keys") == ["ringing", "in-progress"]
    assert told.at("/status")["CallStatus"] == "completed"


@pytest.mark.row("order.hangup-in-prompt")
def test_hanging_up_in_a_prompt_asks_no_action(tmp_path: Path) -> None:
    document = '<Gather action="/keys"><Pause length="9"/></Gather>'
    told = answered(tmp_path, document, {"waits_s": 2}, {"hangs_up": True}, **{"/keys": HANG_UP})
    assert told.paths == ["/voice", "/status"]
    assert told.at("/status")["CallStatus"] == "completed"


@pytest.mark.row("order.hangup-in-record")
def test_hanging_up_in_a_message_still_tells_everything(tmp_path: Path) -> None:
    document = '<Record action="/done" recordingStatusCallback="/recording"/>'
    told = answered(tmp_path, document, {"waits_s": 3}, {"hangs_up": True}, **{"/done": HANG_UP})
    assert told.paths[0] == "/voice" and set(told.paths[1:]) == {"/done", "/recording", "/status"}
    assert told.paths.index("/done") < told.paths.index("/status")
    assert told.at("/done")["Digits"] == "hangup" and told.at("/done")["CallStatus"] == "completed"
    assert told.at("/recording")["RecordingStatus"] == "completed"


@pytest.mark.row("order.dial")
def test_a_dialled_number_is_told_of_before_the_action(tmp_path: Path) -> None:
    noun = f'<Number url="/whisper" {ALL}>{SHOP}</Number>'
    told = dialled(
        tmp_path,
        {
            "/voice": response(f'<Dial action="/after">{noun}</Dial>'),
            "/whisper": response("<Pause/>"),
            "/after": HANG_UP,
        },
        phones={SHOP: {"steps": [{"waits_s": 4}, {"hangs_up": True}]}},
    )
    order = told_in_order(told)
    assert order[:3] == ["/voice", "/child initiated", "/child ringing"]
    assert set(order[3:5]) == {"/child in-progress", "/whisper"}
    assert set(order[5:7]) == {"/child completed", "/after"} and order[7:] == ["/status"]
    assert told.at("/after")["DialCallStatus"] == "completed"


@pytest.mark.row("order.conference", "request.recording-callback.ConferenceSid")
def test_a_conference_from_the_first_to_the_last(tmp_path: Path) -> None:
    def voice(form: dict[str, str]) -> str:
        terms = 'endConferenceOnExit="true"' if form["From"] == CALLER else ""
        noun = (
            f'<Conference {terms} beep="false" waitUrl="/music" record="record-from-start" '
            'recordingStatusCallback="/recording" statusCallback="/room" '
            'statusCallbackEvent="start end join leave">lobby</Conference>'
        )
        return response(f'<Dial action="/after">{noun}</Dial>')

    async def act(net: Network) -> None:
        first = coming(net)
        await net.exchange.clock.sleep(2)
        coming(net, BOB)
        await net.exchange.clock.sleep(3)
        first.leg.hang_up()

    replies = {"/voice": voice, "/music": response("<Pause length='60'/>"), "/after": HANG_UP}
    told = story(tmp_path, replies, act)
    order = told_in_order(told, "/voice", "/room", "/music", "/recording")
    assert set(order[1:3]) == {"/room participant-join", "/music"} and order[0] == "/voice"
    assert [one for one in order[3:] if one != "/recording"] == [
        "/voice",
        "/room participant-join",
        "/room conference-start",
        "/room participant-leave",
        "/room participant-leave",
        "/room conference-end",
    ]
    bob = [form for form in told.app.forms("/after") if form["From"] == BOB]
    assert bob[0]["DialCallStatus"] == "answered"
    recording = told.at("/recording")
    assert recording["ConferenceSid"].startswith("CF") and "CallSid" not in recording
    assert recording["RecordingSource"] == "Conference" and recording["RecordingChannels"] == "1"


@pytest.mark.row("order.hold")
def test_whoever_is_held_hears_the_hold_document(tmp_path: Path) -> None:
    noun = '<Conference statusCallback="/room" statusCallbackEvent="hold">lobby</Conference>'
    replies = {"/voice": response(f"<Dial>{noun}</Dial>"), "/hold": response("<Pause/>")}

    async def act(net: Network, rest: Rest) -> None:
        first, second = coming(net), coming(net, BOB)
        await net.exchange.clock.sleep(1)
        (room,) = net.conferences.by_sid.values()
        path = f"Conferences/{room.sid}/Participants/{first.sid}"
        await rest.post(path, Hold="true", HoldUrl=f"{PUBLIC}/hold")
        await net.exchange.clock.sleep(2)
        await rest.post(path, Hold="false")
        await net.exchange.clock.sleep(1)
        for call in (first, second):
            call.leg.hang_up()

    order = told_in_order(story_by_rest(tmp_path, replies, act), "/hold", "/room")
    assert set(order[:2]) == {"/hold", "/room participant-hold"}
    assert order[2:] == ["/room participant-unhold"]


@pytest.mark.row("order.queue")
def test_waiting_whispering_talking_and_both_actions(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        coming(net)
        await net.exchange.clock.sleep(5)
        one = agent(net)
        await net.exchange.clock.sleep(6)
        one.leg.hang_up()

    order = told_in_order(story(tmp_path, DESK, act))
    assert order[:5] == ["/voice", "/wait", "/wait", "/wait", "/agent"]
    assert order[5] == "/whisper" and set(order[6:8]) == {"/over", "/dialled"}


@pytest.mark.row("order.fallback")
@pytest.mark.parametrize("at", ["/voice", "/next"])
def test_a_failure_asks_the_fallback_at_any_point(tmp_path: Path, at: str) -> None:
    hook = Hook(f"{PUBLIC}/voice", fallback_url=f"{PUBLIC}/fallback")
    replies: dict[str, Any] = {"/fallback": response("<Redirect>/saved</Redirect>")}
    replies |= {"/saved": HANG_UP, "/voice": response("<Redirect>/next</Redirect>")}
    replies[at] = web.Response(status=500)
    told = dialled(tmp_path, replies, voice=hook)
    before = ["/voice"] if at == "/voice" else ["/voice", "/next"]
    assert told.paths == [*before, "/fallback", "/saved", "/status"] and told.codes == [11200]
    form = told.at("/fallback")
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{PUBLIC}{at}")


@pytest.mark.row("order.fallback-fails")
def test_a_fallback_that_fails_too_ends_the_call(tmp_path: Path) -> None:
    hook = Hook(f"{PUBLIC}/voice", fallback_url=f"{PUBLIC}/fallback")
    told = dialled(tmp_path, {"/fallback": "<Shout/>"}, {"hears": "application error"}, GONE,
                   voice=hook)  # fmt: skip
    assert told.paths == ["/voice", "/fallback", "/status"] and told.codes == [11200, 12102]


@pytest.mark.row("order.stream", "request.connect-action.Stream.common")
@pytest.mark.row("request.stream-status.AccountSid", "request.stream-status.CallSid")
@pytest.mark.row("request.stream-status.StreamSid", "request.stream-status.StreamName")
@pytest.mark.row("request.stream-status.StreamEvent.stream-started")
@pytest.mark.row("request.stream-status.StreamEvent.stream-stopped")
@pytest.mark.row("request.stream-status.Timestamp")
def test_a_stream_from_the_handshake_to_the_action(tmp_path: Path) -> None:
    messages: list[dict[str, Any]] = []

    async def talk(socket: web.WebSocketResponse) -> None:
        async for message in socket:
            messages.append(json.loads(message.data))
            if len(messages) == 4:
                await socket.close()

    noun = '<Stream name="ear" url="wss://hotline.test/media" statusCallback="/stream"/>'
    replies = {
        "/voice": response(f'<Connect action="/after">{noun}</Connect>'),
        "/after": HANG_UP,
        "/stream": "",
    }
    told = dialled(tmp_path, replies, socket=talk)
    assert [one["event"] for one in messages[:4]] == ["connected", "start", "media", "media"]
    order = told_in_order(told)
    assert order[:2] == ["/voice", "/media"]
    assert [one for one in order if one.startswith("/stream")] == [
        "/stream stream-started", "/stream stream-stopped",
    ]  # fmt: skip
    assert order.index("/after") > order.index("/stream stream-started")
    started, stopped = told.app.forms("/stream")
    fields = {"AccountSid", "CallSid", "StreamSid", "StreamName", "StreamEvent", "Timestamp"}
    assert set(started) == set(stopped) == fields and started["StreamName"] == "ear"
    assert started["StreamSid"] == stopped["StreamSid"] == messages[1]["streamSid"]
    assert started["CallSid"] == told.calls[0].sid and "T" in started["Timestamp"]
    assert "StreamSid" not in told.at("/after") and told.at("/after")["CallStatus"] == "in-progress"
    assert base64.b64decode(messages[2]["media"]["payload"])


@pytest.mark.row("request.stream-status.StreamEvent.stream-error")
@pytest.mark.row("request.stream-status.StreamError")
def test_a_stream_that_does_not_open_is_told_with_the_reason(tmp_path: Path) -> None:
    noun = '<Stream url="wss://hotline.test/media" statusCallback="/stream"/>'
    document = f'<Connect action="/after">{noun}</Connect>'
    told = answered(tmp_path, document, **{"/after": HANG_UP, "/stream": ""})
    form = told.at("/stream")
    assert form["StreamEvent"] == "stream-error" and form["StreamError"].startswith("31920")
    assert told.codes == [31920] and told.paths[-1] == "/status"


@pytest.mark.row("event.order")
def test_callbacks_may_overtake_each_other_and_keep_their_numbers(tmp_path: Path) -> None:
    async def act(net: Network) -> None:
        fault = {"fault": "reordered", "of": ["status"], "share": 0.5, "seconds": [5, 9]}
        net.exchange.faults = Faults(plan_from({"seed": 1, "webhooks": [fault]}))
        await coming(net).settling()

    noun = f"<Number {ALL}>{SHOP}</Number>"
    told = story(tmp_path, {"/voice": response(f"<Dial timeLimit='2'>{noun}</Dial>")}, act)
    statuses = dict(
        zip(told.events("/child", "SequenceNumber"), told.events("/child"), strict=True)
    )
    assert told.events("/child", "SequenceNumber") != ["0", "1", "2", "3"]
    assert [statuses[n] for n in "0123"] == ["initiated", "ringing", "in-progress", "completed"]


@pytest.mark.row("request.number-status.method")
def test_a_number_may_be_told_by_get(tmp_path: Path) -> None:
    async def act(net: Network, rest: Rest) -> None:
        sid = net.exchange.account.numbers[NUMBER].sid
        await rest.post(f"IncomingPhoneNumbers/{sid}", StatusCallbackMethod="GET")
        await coming(net).settling()

    told = story_by_rest(tmp_path, {"/voice": HANG_UP}, act)
    status = told.request("/status")
    assert status.form == {} and "CallStatus=completed" in status.url
    assert told.at("/voice")["CallSid"] in status.url
