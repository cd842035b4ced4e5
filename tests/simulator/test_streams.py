"""Media sockets: the protocol, as the application sees it."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.network import Network
from simulator.scenario.caller import ScriptedCaller, run_scenario
from simulator.scenario.files import scenario_from
from simulator.webhooks.signature import signature
from tests.simulator.app import NUMBER, TOKEN, FakeApp, network, response, run

pytestmark = pytest.mark.slow

Socket = web.WebSocketResponse
CONNECT = response(
    '<Connect><Stream url="wss://hotline.test/media">'
    '<Parameter name="call" value="7"/></Stream></Connect>',
    "<Say>The stream is over.</Say>",
)
SECOND = b"\x10\x90" * 4000
"""One second of the loudest square wave there is."""


def media(stream_sid: str, sound: bytes) -> str:
    payload = base64.b64encode(sound).decode()
    return json.dumps({"event": "media", "streamSid": stream_sid, "media": {"payload": payload}})


def mark(stream_sid: str, name: str) -> str:
    return json.dumps({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}})


class Server:
    """Keeps what comes; `act` is called with the stream's SID after `start`."""

    def __init__(self, act: Callable[[Server, Socket, str], Awaitable[None]]) -> None:
        self.messages: list[dict[str, Any]] = []
        self._act = act

    async def __call__(self, socket: Socket) -> None:
        async for message in socket:
            self.messages.append(json.loads(message.data))
            if self.messages[-1]["event"] == "start":
                await self._act(self, socket, self.messages[-1]["streamSid"])
            if self.messages[-1]["event"] == "mark" and self.marks[-1] == "last":
                await socket.close()

    @property
    def marks(self) -> list[str]:
        return [one["mark"]["name"] for one in self.messages if one["event"] == "mark"]


async def called(
    app: FakeApp, folder: Path, *steps: dict[str, Any]
) -> tuple[Network, ScriptedCaller]:
    async with network(app, folder, pace=4.0) as net:
        scenario = scenario_from({"steps": list(steps)}, folder)
        caller = await run_scenario(net, scenario, to=NUMBER)
        await caller.call.settling()
        return net, caller


@pytest.mark.row("stream.role", "stream.signature", "stream.order", "stream.connected")
@pytest.mark.row("stream.strings", "stream.sequence", "stream.start.streamSid")
@pytest.mark.row("stream.start.accountSid", "stream.start.callSid", "stream.start.tracks")
@pytest.mark.row("stream.start.customParameters", "stream.start.mediaFormat")
@pytest.mark.row("stream.media.track", "stream.media.chunk", "stream.media.timestamp")
@pytest.mark.row("stream.media.payload", "stream.dtmf", "stream.mark.echo", "stream.in.media")
@pytest.mark.row("stream.in.mark", "stream.bi.tracks", "stream.bi.dtmf", "verb.Connect")
@pytest.mark.row("connect.blocks", "connect.server-closes", "noun.Stream.Parameter")
@pytest.mark.row("stream.close.normal", "stream.server-closes")
@pytest.mark.row("signature.websocket")
def test_the_protocol_is_spoken_to_the_letter(tmp_path: Path) -> None:
    async def act(server: Server, socket: Socket, sid: str) -> None:
        await socket.send_str(media(sid, SECOND))
        await socket.send_str(mark(sid, "half"))
        await socket.send_str(media(sid, SECOND))
        await socket.send_str(mark(sid, "last"))

    server = Server(act)
    app = FakeApp({"/voice": CONNECT, "/status": ""}, socket=server)
    _, caller = run(called(app, tmp_path, {"waits_s": 0.5}, {"interrupts": {"presses": "5"}},
                           {"hears": "the stream is over"}))  # fmt: skip
    handshake = next(one for one in app.received if one.path == "/media")
    expected = signature(TOKEN, "wss://hotline.test/media")
    assert handshake.headers["X-Twilio-Signature"] == expected
    assert handshake.headers["Host"] == "hotline.test"

    connected, start, *rest = server.messages
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start["sequenceNumber"] == "1" and start["streamSid"].startswith("MZ")
    assert start["start"] == {
        "streamSid": start["streamSid"],
        "accountSid": caller.call.account_sid,
        "callSid": caller.call.sid,
        "tracks": ["inbound"],
        "customParameters": {"call": "7"},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }
    numbers = [int(one["sequenceNumber"]) for one in rest]
    assert numbers == list(range(2, len(rest) + 2))
    frames = [one["media"] for one in rest if one["event"] == "media"]
    assert [one["chunk"] for one in frames[:3]] == ["1", "2", "3"]
    assert [one["timestamp"] for one in frames[:3]] == ["0", "20", "40"]
    assert all(len(base64.b64decode(one["payload"])) == 160 for one in frames)
    keys = [one["dtmf"] for one in rest if one["event"] == "dtmf"]
    assert keys == [{"track": "inbound_track", "digit": "5"}]
    assert server.marks == ["half", "last"]
    place = [i for i, one in enumerate(rest) if one["event"] == "mark"]
    between = sum(one["event"] == "media" for one in rest[place[0] : place[1]])
    assert 45 <= between <= 55, "the second mark came one second of sound later"


@pytest.mark.row("stream.in.clear")
def test_clear_drops_what_waits_and_echoes_its_marks_at_once(tmp_path: Path) -> None:
    async def act(server: Server, socket: Socket, sid: str) -> None:
        await socket.send_str(media(sid, SECOND * 60))
        await socket.send_str(mark(sid, "never heard"))
        await socket.send_str(json.dumps({"event": "clear", "streamSid": sid}))
        await socket.send_str(mark(sid, "last"))

    server = Server(act)
    app = FakeApp({"/voice": CONNECT, "/status": ""}, socket=server)
    run(called(app, tmp_path, {"hears": "the stream is over"}))
    assert server.marks == ["never heard", "last"]


@pytest.mark.row("stream.stop", "stream.caller-hangs-up", "connect.hangup")
def test_hanging_up_says_stop(tmp_path: Path) -> None:
    async def act(server: Server, socket: Socket, sid: str) -> None:
        return

    server = Server(act)
    app = FakeApp({"/voice": CONNECT, "/status": ""}, socket=server)
    _, caller = run(called(app, tmp_path, {"waits_s": 1.0}, {"hangs_up": True}))
    stop = server.messages[-1]
    assert stop["event"] == "stop"
    assert stop["stop"] == {"accountSid": caller.call.account_sid, "callSid": caller.call.sid}


@pytest.mark.row("stream.refused", "stream.code.31920")
def test_a_refused_handshake_is_noted_and_the_next_verb_runs(tmp_path: Path) -> None:
    app = FakeApp({"/voice": CONNECT, "/status": ""})
    net, _ = run(called(app, tmp_path, {"hears": "the stream is over"}))
    assert [one.code for one in net.exchange.debugger.alerts] == [31920]


def test_the_address_of_a_stream_may_have_blanks(tmp_path: Path) -> None:
    app = FakeApp({"/voice": CONNECT.replace("/media", "/my media"), "/status": ""})
    net, _ = run(called(app, tmp_path, {"hears": "the stream is over"}))
    assert [one.code for one in net.exchange.debugger.alerts] == [31920], (
        "the handshake was answered"
    )
    assert app.received[1].url.endswith("/my%20media")


@pytest.mark.row("stream.wss", "noun.Stream.url", "stream.code.31922")
def test_a_stream_without_tls_is_refused(tmp_path: Path) -> None:
    app = FakeApp({"/voice": CONNECT.replace("wss:", "ws:"), "/status": ""})
    net, _ = run(called(app, tmp_path, {"hears": "the stream is over"}))
    assert [one.code for one in net.exchange.debugger.alerts] == [31922]
    assert "--map wss://hotline.test=ws://hotline.test" in net.exchange.debugger.alerts[0].message


@pytest.mark.row("stream.invalid.json", "stream.invalid.fields", "stream.invalid.once")
@pytest.mark.row("stream.in.media.streamSid")
def test_what_is_not_the_protocol_is_dropped_with_a_warning(tmp_path: Path) -> None:
    async def act(server: Server, socket: Socket, sid: str) -> None:
        await socket.send_str("{")
        await socket.send_str(json.dumps({"event": "media", "streamSid": sid}))
        await socket.send_str(json.dumps({"event": "shout", "streamSid": sid}))
        await socket.send_str(media("MZ" + "0" * 32, SECOND))
        await socket.send_str(json.dumps([1]))
        await socket.send_str(mark(sid, "last"))

    server = Server(act)
    app = FakeApp({"/voice": CONNECT, "/status": ""}, socket=server)
    net, _ = run(called(app, tmp_path, {"hears": "the stream is over"}))
    assert [one.code for one in net.exchange.debugger.alerts] == [31951], "once in a stream"


def test_a_cut_connection_ends_the_stream_and_the_call_goes_on(tmp_path: Path) -> None:
    async def act(server: Server, socket: Socket, sid: str) -> None:
        return

    server = Server(act)
    app = FakeApp({"/voice": CONNECT, "/status": ""}, socket=server)

    async def play() -> None:
        async with network(app, tmp_path, pace=4.0) as net:
            caller = ScriptedCaller(net.exchange, number="+13125550101")
            net.dial(caller, from_number=caller.number, to=NUMBER)
            wait, hears = scenario_from(
                {"steps": [{"waits_s": 1}, {"hears": "the stream is over"}]}, tmp_path
            ).steps
            await caller.perform(wait)
            for cut in tuple(caller.call.streams.cut):
                cut()
            await caller.perform(hears)
            caller.finish()

    run(play())
    assert server.messages and server.messages[-1]["event"] != "stop"


@pytest.mark.parametrize(
    ("track", "tracks"),
    [
        ("inbound_track", ["inbound"]),
        ("outbound_track", ["outbound"]),
        ("both_tracks", ["inbound", "outbound"]),
    ],
)
@pytest.mark.row("noun.Stream.track", "verb.Stop", "noun.Stream.name")
@pytest.mark.row("stream.uni.tracks.inbound_track", "stream.uni.tracks.outbound_track")
@pytest.mark.row("stream.uni.tracks.both_tracks", "stream.uni.next", "start.ends.stop")
@pytest.mark.row("verb.Start.nouns")
def test_a_started_stream_runs_beside_the_call(
    tmp_path: Path, track: str, tracks: list[str]
) -> None:
    async def act(server: Server, socket: Socket, sid: str) -> None:
        return

    server = Server(act)
    app = FakeApp(
        {
            "/voice": response(
                f'<Start><Stream name="ear" track="{track}" url="wss://hotline.test/media"/>'
                "</Start>",
                "<Say>You are overheard.</Say>",
                '<Stop><Stream name="ear"/></Stop>',
                "<Say>You are alone.</Say>",
            ),
            "/status": "",
        },
        socket=server,
    )
    run(called(app, tmp_path, {"hears": "overheard"}, {"hears": "alone"}))
    start = next(one["start"] for one in server.messages if one["event"] == "start")
    assert start["tracks"] == tracks
    sent = {one["media"]["track"] for one in server.messages if one["event"] == "media"}
    assert sent == set(tracks)
    assert server.messages[-1]["event"] == "stop"
