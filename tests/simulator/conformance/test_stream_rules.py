"""Media streams: what ends them, what they refuse, and what is told of it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from simulator.door.certificates import authority_in
from simulator.media.app_socket import SocketFailed
from simulator.media.media_stream import MOST_UNSENT, MOST_WAITING_S, MediaStream
from simulator.network import Network
from simulator.webhooks.origins import OriginMap
from tests.simulator.app import ACCOUNT, PUBLIC, TOKEN, response, run
from tests.simulator.line import Played, play
from tests.simulator.test_streams import SECOND, mark, media

pytestmark = pytest.mark.slow

Socket = web.WebSocketResponse
Act = Callable[[Socket, str], Awaitable[None]]
URL = "wss://hotline.test/media"


class Server:
    """Keeps what comes, socket by socket; `act` is called once a stream has started."""

    def __init__(self, act: Act | None = None) -> None:
        self.sockets: list[list[dict[str, Any]]] = []
        self._act = act

    async def __call__(self, socket: Socket) -> None:
        messages: list[dict[str, Any]] = []
        self.sockets.append(messages)
        async for message in socket:
            messages.append(json.loads(message.data))
            if messages[-1]["event"] == "start" and self._act is not None:
                await self._act(socket, messages[-1]["streamSid"])

    def events(self, socket: int = 0) -> list[str]:
        """What came down one socket."""
        return [one["event"] for one in self.sockets[socket]]


async def close(socket: Socket, sid: str) -> None:
    """The server hangs up on the stream."""
    await socket.close()


def connected(
    folder: Path,
    server: Server | None,
    noun: str = f'<Stream url="{URL}"/>',
    *,
    connect: str = "",
    after: str = "<Say>The stream is over</Say>",
    steps: list[dict[str, Any]] | None = None,
    **options: Any,
) -> Played:
    """A call whose sound goes both ways through a socket."""
    replies = {
        "/voice": response(f"<Connect {connect}>{noun}</Connect>", after),
        "/after": response("<Say>The action</Say>"),
        "/stream": response(),
        "/next": response("<Say>Elsewhere</Say>"),
    }
    return play(folder, replies, steps, socket=server, **options)


def started(
    folder: Path, server: Server | None, *nouns: str, rest: str = "<Say>Hello</Say>", **options: Any
) -> Played:
    """A call that is listened to while something else goes on."""
    verbs = [f"<Start>{noun}</Start>" for noun in nouns]
    replies = {"/voice": response(*verbs, rest), "/stream": response()}
    return play(folder, replies, socket=server, **options)


def stream(attributes: str = "", inside: str = "") -> str:
    """A stream to the application."""
    return f'<Stream url="{URL}" {attributes}>{inside}</Stream>'


# What ends a stream


@pytest.mark.row("stream.bi.ends", "stream.bi.next", "stream.server-closes")
def test_the_next_verb_runs_once_the_server_has_closed(tmp_path: Path) -> None:
    played = connected(tmp_path, Server(close))
    assert played.heard() == ["The stream is over"]


@pytest.mark.row("verb.Connect.action", "connect.server-closes", "verb.Connect.method")
@pytest.mark.row("request.connect-action.Stream.common")
def test_an_action_is_asked_instead(tmp_path: Path) -> None:
    played = connected(tmp_path, Server(close), connect='action="/after" method="GET"')
    (request,) = [one for one in played.app.received if one.path == "/after"]
    assert played.heard() == ["The action"] and f"CallSid={played.call.sid}" in request.url


@pytest.mark.row("stream.server-closes.last")
def test_without_another_verb_the_call_ends(tmp_path: Path) -> None:
    played = connected(tmp_path, Server(close), after="")
    assert (played.call.status, played.call.ended_by) == ("completed", "line")


@pytest.mark.row("stream.server-closes")
def test_sound_that_waits_is_lost_when_the_server_closes(tmp_path: Path) -> None:
    async def speak_and_close(socket: Socket, sid: str) -> None:
        await socket.send_str(media(sid, SECOND * 30))
        await socket.close()

    played = connected(tmp_path, Server(speak_and_close))
    assert played.heard() == ["The stream is over"] and played.call.duration_s is not None
    assert played.call.duration_s < 15


@pytest.mark.row("stream.caller-hangs-up.action", "rule.hangup.connect", "stream.stop")
def test_a_caller_who_hangs_up_stops_it_and_the_action_is_asked(tmp_path: Path) -> None:
    server = Server()
    steps: list[dict[str, Any]] = [{"waits_s": 0.3}, {"hangs_up": True}]
    played = connected(tmp_path, server, connect='action="/after"', steps=steps)
    assert server.events()[-1] == "stop" and server.events().count("stop") == 1
    (after,) = played.app.forms("/after")
    assert after["CallStatus"] == "completed" and not played.heard()


@pytest.mark.row("stream.redirected", "connect.redirect")
def test_a_call_that_rest_leads_elsewhere_stops_it(tmp_path: Path) -> None:
    server = Server()

    async def redirect(net: Network) -> None:
        await net.exchange.clock.sleep(0.3)
        (call,) = net.exchange.calls.values()
        call.interrupt(call.request(f"{PUBLIC}/next"))

    played = connected(tmp_path, server, connect='action="/after"', meanwhile=redirect)
    assert server.events()[-1] == "stop" and played.heard() == ["Elsewhere"]
    assert not played.app.forms("/after")


@pytest.mark.row("stream.bi.not-stop")
def test_a_stream_of_connect_has_no_name_to_be_stopped_by(tmp_path: Path) -> None:
    names: list[object] = []

    async def look(net: Network) -> None:
        await net.exchange.clock.sleep(0.3)
        (call,) = net.exchange.calls.values()
        names.extend([*call.streams.stop_by_name, *call.streams.stop_by_sid])
        call.leg.hang_up()

    connected(tmp_path, Server(), stream('name="ear"'), meanwhile=look)
    assert names == []


@pytest.mark.row("start.ends.call", "stream.uni.ends")
def test_a_started_stream_ends_with_the_call(tmp_path: Path) -> None:
    server = Server()
    started(tmp_path, server, stream())
    assert server.events()[0] == "connected" and server.events()[-1] == "stop"


@pytest.mark.row("start.ends.server", "stream.uni.ends")
def test_a_server_that_stops_listening_does_not_disturb_the_call(tmp_path: Path) -> None:
    server = Server(close)
    noun = stream('statusCallback="/stream"')
    played = started(tmp_path, server, noun, rest="<Pause length='2'/><Say>Hello</Say>")
    assert played.heard() == ["Hello"] and "stop" not in server.events()
    assert [one["StreamEvent"] for one in played.app.forms("/stream")] == [
        "stream-started",
        "stream-stopped",
    ]


# One way


@pytest.mark.row("stream.one-socket")
def test_each_stream_has_a_socket_of_its_own(tmp_path: Path) -> None:
    server = Server()
    started(tmp_path, server, stream('name="a"'), stream('name="b" track="outbound_track"'))
    starts = [next(one for one in it if one["event"] == "start") for it in server.sockets]
    assert [one["start"]["tracks"] for one in starts] == [["inbound"], ["outbound"]]
    assert starts[0]["streamSid"] != starts[1]["streamSid"]


@pytest.mark.row("stream.start.customParameters")
def test_without_parameters_there_is_an_empty_object(tmp_path: Path) -> None:
    server = Server()
    started(tmp_path, server, stream())
    (start,) = [one["start"] for one in server.sockets[0] if one["event"] == "start"]
    assert start["customParameters"] == {}


@pytest.mark.row("stream.uni.limit", "stream.code.31900")
def test_no_more_than_four_tracks_are_listened_to(tmp_path: Path) -> None:
    both, one = stream('track="both_tracks"'), stream()
    server = Server()
    played = started(tmp_path, server, both, both, one)
    assert played.codes() == [31900] and len(server.sockets) == 2


@pytest.mark.row("stream.bi.limit")
def test_connect_takes_one_stream(tmp_path: Path) -> None:
    played = connected(tmp_path, Server(), stream() * 2)
    assert played.codes() == [12200]
    assert "/media" not in [one.path for one in played.app.received]


@pytest.mark.row("stream.uni.no-dtmf", "stream.uni.no-messages")
def test_a_one_way_stream_hears_of_no_keys_and_takes_no_sound(tmp_path: Path) -> None:
    async def speak(socket: Socket, sid: str) -> None:
        await socket.send_str(media(sid, SECOND))
        await socket.send_str(mark(sid, "never"))

    server = Server(speak)
    steps: list[dict[str, Any]] = [{"hears": "hello"}, {"presses": "5"}, {"waits_s": 0.3}]
    steps.append({"hangs_up": True})
    rest = "<Say>Hello</Say><Pause length='9'/>"
    played = started(tmp_path, server, stream(), rest=rest, steps=steps)
    assert not {"dtmf", "mark"} & set(server.events()) and played.codes() == [31951]


# What is refused


@pytest.mark.row("noun.Stream.url", "stream.code.31922", "stream.code.31923", "stream.code.31941")
@pytest.mark.row("noun.Stream.Parameter", "stream.code.31900")
@pytest.mark.parametrize(
    ("noun", "code"),
    [
        ('<Stream url="wss://["/>', 31923),
        ('<Stream url="https://hotline.test/media"/>', 31922),
        ('<Stream url="ws://hotline.test/media"/>', 31922),
        (stream('track="outbound_track"'), 31941),
        (stream('track="both_tracks"'), 31941),
        (stream("", f'<Parameter name="a" value="{"x" * 500}"/>'), 31900),
    ],
)
def test_what_cannot_be_connected_is_an_error_and_the_next_verb_runs(
    tmp_path: Path, noun: str, code: int
) -> None:
    noun = noun.replace("<Stream ", '<Stream statusCallback="/stream" ', 1)
    played = connected(tmp_path, Server(), noun)
    assert played.codes() == [code] and played.heard() == ["The stream is over"]
    (told,) = played.app.forms("/stream")
    assert told["StreamEvent"] == "stream-error" and str(code) in told["StreamError"]


@pytest.mark.row("stream.query", "noun.Stream.url.query")
def test_the_query_of_an_address_is_not_sent(tmp_path: Path) -> None:
    played = connected(tmp_path, Server(close), f'<Stream url="{URL}?a=1"/>')
    (request,) = [one for one in played.app.received if one.path == "/media"]
    assert "?" not in request.url and played.heard() == ["The stream is over"]
    (warning,) = played.events("error")
    assert (warning["code"], warning["level"]) == (31923, "warning")


@pytest.mark.row("noun.Stream.url")
def test_a_relative_address_is_on_the_documents_own_host(tmp_path: Path) -> None:
    played = connected(tmp_path, Server(close), '<Stream url="/media"/>')
    assert "/media" in [one.path for one in played.app.received] and not played.codes()


@pytest.mark.row("stream.refused", "stream.code.31920", "noun.Stream.statusCallback")
@pytest.mark.row("request.stream-status.StreamEvent.stream-error")
@pytest.mark.row("request.stream-status.StreamError", "noun.Stream.statusCallbackMethod")
def test_a_refused_handshake_is_told(tmp_path: Path) -> None:
    told = 'statusCallback="/stream" statusCallbackMethod="GET"'
    played = connected(tmp_path, None, stream(told))
    (request,) = [one for one in played.app.received if one.path == "/stream"]
    assert "StreamEvent=stream-error" in request.url and "StreamError=31920" in request.url
    assert played.heard() == ["The stream is over"] and played.codes() == [31920]


@pytest.mark.row("request.stream-status.AccountSid", "request.stream-status.CallSid")
@pytest.mark.row("request.stream-status.StreamSid", "request.stream-status.StreamName")
@pytest.mark.row("request.stream-status.StreamEvent.stream-started")
@pytest.mark.row("request.stream-status.StreamEvent.stream-stopped")
@pytest.mark.row("request.stream-status.Timestamp", "noun.Stream.name")
def test_the_beginning_and_the_end_are_told(tmp_path: Path) -> None:
    noun = stream('name="ear" statusCallback="/stream"')
    played = connected(tmp_path, Server(close), noun)
    begun, ended = played.app.forms("/stream")
    assert (begun["StreamEvent"], ended["StreamEvent"]) == ("stream-started", "stream-stopped")
    assert begun["StreamSid"] == ended["StreamSid"] and begun["StreamSid"].startswith("MZ")
    assert (begun["StreamName"], begun["AccountSid"]) == ("ear", ACCOUNT)
    assert begun["CallSid"] == played.call.sid and "StreamError" not in begun
    assert begun["Timestamp"].startswith("2026-01-05T08:00:0")


# What comes from the server


@pytest.mark.row("stream.in.mark.empty")
def test_a_mark_is_echoed_at_once_when_nothing_waits(tmp_path: Path) -> None:
    async def ask(socket: Socket, sid: str) -> None:
        await socket.send_str(mark(sid, "now"))

    server = Server(ask)
    steps: list[dict[str, Any]] = [{"waits_s": 0.5}, {"hangs_up": True}]
    connected(tmp_path, server, steps=steps)
    place = server.events().index("mark")
    assert place < 20 and server.sockets[0][place]["mark"] == {"name": "now"}


@pytest.mark.row("stream.close.other", "stream.code.31921")
@pytest.mark.parametrize(("code", "alerts"), [(1011, [31921]), (1000, [])])
def test_a_server_that_closes_with_another_code_is_warned_of(
    tmp_path: Path, code: int, alerts: list[int]
) -> None:
    async def leave(socket: Socket, sid: str) -> None:
        await socket.close(code=code)

    assert connected(tmp_path, Server(leave)).codes() == alerts


@pytest.mark.row("stream.invalid.binary")
def test_a_binary_message_is_dropped(tmp_path: Path) -> None:
    async def shout(socket: Socket, sid: str) -> None:
        await socket.send_bytes(SECOND)
        await socket.close()

    assert connected(tmp_path, Server(shout)).codes() == [31950]


@pytest.mark.row("stream.invalid.fields", "stream.invalid.json")
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "a message without event"),
        ('{"event": [1]}', "a message whose event is not a string"),
        ('{"event": "shout"}', "no such event 'shout'"),
        ('{"event": "media", "media": {"payload": ""}}', "media without streamSid"),
        ('{"event": "clear"}', "clear without streamSid"),
        ('{"event": "media", "streamSid": "MZ1"}', "media without media.payload"),
        ('{"event": "media", "streamSid": "MZ1", "media": {}}', "media without media.payload"),
        ('{"event": "mark", "streamSid": "MZ1", "mark": []}', "mark whose mark is not an object"),
        ('{"event": "mark", "streamSid": "MZ1", "mark": {}}', "mark without mark.name"),
        (
            '{"event": "media", "streamSid": "MZ1", "media": {"payload": "?"}}',
            "media whose media.payload is wrong",
        ),
        (
            '{"event": "media", "streamSid": "MZ1", "media": {"payload": 7}}',
            "media whose media.payload is wrong",
        ),
        ('{"event": "mark", "streamSid": "MZ2", "mark": {"name": "a"}}', "mark for another stream"),
    ],
)
def test_what_is_wrong_with_a_message_is_named(text: str, wrong: str) -> None:
    async def work() -> list[tuple[int, str]]:
        told: list[tuple[int, str]] = []
        stream, _ = unopened(lambda code, message: told.append((code, message)))
        stream.sid = "MZ1"
        stream._take(text)
        return told

    assert run(work()) == [(31951, f"{wrong}; it was dropped")]


def unopened(warn: Callable[[int, str], None] | None = None) -> tuple[MediaStream, list[int]]:
    """A stream without a socket, and the codes of which it warns, unless `warn` is told of them."""
    warned: list[int] = []
    made = MediaStream(
        account_sid=ACCOUNT,
        call_sid="CA" + "0" * 32,
        url=URL,
        track="inbound_track",
        parameters={},
        two_way=True,
        warn=warn or (lambda code, _: warned.append(code)),
    )
    return made, warned


@pytest.mark.row("stream.invalid.fields", "stream.in.media.streamSid", "stream.invalid.json")
@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[1]",
        '{"event": "media"}',
        '{"event": "media", "streamSid": "MZ1"}',
        '{"event": "media", "streamSid": "MZ1", "media": {"payload": "%"}}',
        '{"event": "media", "streamSid": "MZ2", "media": {"payload": "EJA="}}',
        '{"event": "media", "stream_sid": "MZ1", "media": {"payload": "EJA="}}',
        '{"event": "mark", "streamSid": "MZ1", "mark": {}}',
        '{"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "1"}}',
    ],
)
def test_a_message_that_is_none_is_dropped(message: str) -> None:
    async def work() -> None:
        made, warned = unopened()
        made.sid = "MZ1"
        made._take(message)
        assert warned == [31951] and not made.buffer.waiting_bytes

    run(work())


@pytest.mark.row("stream.invalid.fields")
@pytest.mark.parametrize(
    "message",
    [
        '{"event": "media", "streamSid": "MZ1", "media": {"payload": "EJA=", "track": "x"}}',
        '{"event": "media", "streamSid": "MZ1", "media": {"payload": "EJA="}, "chunk": "1"}',
    ],
)
def test_a_message_with_more_than_it_has_counts_and_is_warned_of(message: str) -> None:
    async def work() -> None:
        made, warned = unopened()
        made.sid = "MZ1"
        made._take(message)
        assert warned == [31951] and made.buffer.waiting_bytes == 2

    run(work())


@pytest.mark.row("stream.code.31931", "stream.invalid.once")
def test_sound_beyond_ten_minutes_is_discarded() -> None:
    async def work() -> None:
        made, warned = unopened()
        for _ in range(MOST_WAITING_S // 60 + 2):
            made._take(media(made.sid, b"\x10" * 480_000))
        assert warned == [31931] and made.buffer.waiting_bytes == MOST_WAITING_S * 8000

    run(work())


@pytest.mark.row("stream.code.31930")
def test_frames_that_a_server_does_not_take_are_discarded() -> None:
    async def work() -> None:
        made, warned = unopened()
        for _ in range(MOST_UNSENT):
            made.tap(b"\xff" * 160, b"\xff" * 160)
        assert not warned
        for _ in range(50):
            made.tap(b"\xff" * 160, b"\xff" * 160)
        assert warned == [31930]

    run(work())


# The connection itself


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server of bare TCP or TLS; its port."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def opened(local: str, answer_s: float = 60) -> tuple[int, list[int]]:
    """The code with which a stream to a local address fails to open, and its warnings."""
    made, warned = unopened()
    origins = OriginMap.of((f"wss://hotline.test={local}",))
    async with aiohttp.ClientSession() as session:
        try:
            await made.open(session, auth_token=TOKEN, origins=origins, answer_s=answer_s)
        except SocketFailed as failed:
            return failed.code, warned
        await made.closed.wait()
        await made.close()
    return 0, warned


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything and says nothing."""
    await reader.read()
    writer.close()


async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speaks no TLS."""
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


@pytest.mark.row("stream.code.31901")
def test_a_server_that_does_not_answer_in_time() -> None:
    async def work() -> int:
        async with listening(silent) as port:
            return (await opened(f"ws://127.0.0.1:{port}", answer_s=0.5))[0]

    assert run(work()) == 31901


@pytest.mark.row("stream.code.31902")
def test_a_server_that_is_not_there() -> None:
    async def work() -> int:
        async with listening(silent) as port:
            pass
        return (await opened(f"ws://127.0.0.1:{port}"))[0]

    assert run(work()) == 31902


@pytest.mark.row("stream.code.31910")
def test_a_server_that_speaks_no_tls() -> None:
    async def work() -> int:
        async with listening(plain) as port:
            return (await opened(f"wss://127.0.0.1:{port}"))[0]

    assert run(work()) == 31910


@pytest.mark.row("stream.code.31911")
def test_a_server_whose_certificate_nobody_trusts(tmp_path: Path) -> None:
    async def work() -> int:
        tls = authority_in(tmp_path).context()
        async with listening(silent, tls) as port:
            return (await opened(f"wss://127.0.0.1:{port}"))[0]

    assert run(work()) == 31911


@pytest.mark.row("stream.code.31924")
def test_a_server_that_breaks_the_websocket_protocol() -> None:
    async def shake_and_break(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line[19:].strip() for line in head.split("\r\n") if "WebSocket-Key" in line)
        salted = f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
        digest = hashlib.sha1(salted, usedforsecurity=False).digest()
        accept = base64.b64encode(digest).decode()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        writer.write(b"\x09\x00")  # a ping that is said to go on in another frame
        await writer.drain()
        await reader.read()
        writer.close()

    async def work() -> list[int]:
        async with listening(shake_and_break) as port:
            return (await opened(f"ws://127.0.0.1:{port}"))[1]

    assert 31924 in run(work())
