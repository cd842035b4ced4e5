"""Whatever comes over a wire: bytes that are no HTTP and no WebSocket end in a named error."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from simulator.calls.call import FINAL, Call
from simulator.calls.legs import Endpoint
from simulator.errors.error_names import NAMES
from simulator.network import Network
from simulator.server import create_app
from tests.simulator.app import ACCOUNT, CALLER, NUMBER, network, response, run, settings_for
from tests.simulator.app import FakeApp as App
from tests.simulator.test_fuzz import FEW

pytestmark = pytest.mark.slow

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CONNECT = response(
    '<Connect><Stream url="wss://hotline.test/media"/></Connect>', "<Say>It is over</Say>"
)


@asynccontextmanager
async def raw_server(serve: Serve) -> AsyncIterator[int]:
    """A server of bytes; its port."""

    async def careful(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(careful, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def called(folder: Path, port: int) -> Call:
    """One call of an application that is a server of bytes."""
    settings = replace(settings_for(port, folder), pace=0.0, status_callback="")
    async with Network(settings) as net:
        return await talked(net)


async def talked(net: Network) -> Call:
    """A call until it is over; whoever calls hangs up after a while."""
    leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
    call = net.exchange.calls[leg.sid]
    await net.exchange.clock.sleep(20)
    leg.hang_up()
    await call.settling()
    return call


def assert_named(call: Call) -> list[int]:
    """The codes of a call's errors, all of them known by name."""
    codes = [int(event["code"]) for event in call.log.events if event["event"] == "error"]
    assert set(codes) <= set(NAMES)
    assert call.status in FINAL
    return codes


# What the simulator is asked

_lines = st.sampled_from(
    [
        b"GET / HTTP/1.1",
        b"POST /simulator/calls HTTP/1.1",
        b"GET /calls HTTP/9.9",
        f"POST /2010-04-01/Accounts/{ACCOUNT}/Calls.json HTTP/1.1".encode(),
        b"Host: x",
        b"Host: \xff\xfe",
        b"Content-Length: -1",
        b"Content-Length: 99999999999999999999",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: chunked, chunked",
        b"Authorization: Basic \x00",
        b"Content-Type: multipart/form-data; boundary=",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"",
        b"zz",
        b"5",
        b" folded",
    ]
)
_requests = st.one_of(
    st.binary(max_size=120),
    st.lists(st.one_of(_lines, st.binary(max_size=20)), max_size=8).map(b"\r\n".join),
)


@pytest.mark.slow
@FEW
@given(requests=st.lists(_requests, min_size=4, max_size=8))
def test_bytes_that_are_no_request_do_not_stop_the_simulator(
    tmp_path: Path, requests: list[bytes]
) -> None:
    async def work() -> None:
        async with TestServer(create_app(settings_for(1, tmp_path))) as server:
            for raw in requests:
                answer = await _asked(server.port or 0, raw + b"\r\n\r\n")
                assert not answer.startswith(b"HTTP/1.1 5"), (raw, answer[:300])
            async with (
                aiohttp.ClientSession() as session,
                session.get(server.make_url("/healthz")) as healthy,
            ):
                assert healthy.status == 200

    run(work())


async def _asked(port: int, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with suppress(ConnectionError, TimeoutError):
        writer.write(raw)
        writer.write_eof()
        async with asyncio.timeout(0.5):
            answer = await reader.read(4096)
    writer.close()
    return answer


# What an application answers

_head = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200",
        b"HTTP/1.1 999 Odd",
        b"HTTP/1.1 abc",
        b"HTTP/1.1 302 Found",
        b"HTTP/2 200",
        b"",
    ]
)
_headers = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"Content-Type: text/xml",
                b"Content-Type: \xff",
                b"Content-Type: text/xml; charset=utf-99",
                b"Content-Length: 5",
                b"Content-Length: -5",
                b"Content-Length: 999999",
                b"Content-Encoding: gzip",
                b"Content-Encoding: deflate",
                b"Transfer-Encoding: chunked",
                b"Location: http://[",
                b"Location: /voice",
                b"Location: gopher://x",
                b"Set-Cookie: a=b; Domain=\x01",
                b"Set-Cookie: =;;==",
            ]
        ),
        st.binary(max_size=20),
    ),
    max_size=4,
)
_answers = st.one_of(
    st.binary(max_size=100),
    st.builds(
        lambda head, headers, body: b"\r\n".join([head, *headers, b"", body]),
        _head,
        _headers,
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [b"5\r\nhello\r\n0\r\n\r\n", b"<Response/>", b"zz\r\n", b"\x1f\x8b\x08"]
            ),
        ),
    ),
)


@pytest.mark.slow
@FEW
@given(answers=st.lists(_answers, min_size=1, max_size=4))
def test_an_answer_that_is_no_http_is_a_named_error(tmp_path: Path, answers: list[bytes]) -> None:
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0) if left else b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async def work() -> Call:
        async with raw_server(serve) as port:
            return await called(tmp_path, port)

    assert_named(run(work()))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", 11200),
        (b"HTTP/1.1 abc\r\n\r\n", 11206),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<Response/>", 11200),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 11200),
    ],
)
def test_a_broken_answer_has_its_code(tmp_path: Path, answer: bytes, code: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async def work() -> Call:
        async with raw_server(serve) as port:
            return await called(tmp_path, port)

    assert code in assert_named(run(work()))


# What comes down a media socket


def _frame(first: int, payload: bytes, *, masked: bool = False, size: int | None = None) -> bytes:
    """A WebSocket frame (RFC 6455, 5.2) that need not be a right one."""
    length = len(payload) if size is None else size
    mask = 0x80 if masked else 0
    if length < 126:
        return bytes([first, mask | length]) + payload
    return bytes([first, mask | 126]) + (length & 0xFFFF).to_bytes(2, "big") + payload


_frames = st.one_of(
    st.binary(max_size=40),
    st.builds(
        _frame,
        st.integers(0, 255),
        st.binary(max_size=130),
        masked=st.booleans(),
        size=st.one_of(st.none(), st.integers(0, 70_000)),
    ),
    st.sampled_from(
        [
            _frame(0x81, b"{"),
            _frame(0x81, b"\xff\xfe"),
            _frame(0x82, b"binary"),
            _frame(0x88, b"\x03"),
            _frame(0x88, b"\x03\xe8bye"),
            _frame(0x01, b"never ends"),
            _frame(0x80, b"continues nothing"),
            _frame(0x89, b"ping" * 40),
            b"\x81\x7f" + (2**63).to_bytes(8, "big"),
        ]
    ),
)


def _sockets(frames: list[bytes]) -> Serve:
    """An application that connects the call, shakes hands, and then sends these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(
            (line[19:].strip() for line in head.split(b"\r\n") if line[:18].lower() == _KEY), b""
        )
        if not key:
            body = CONNECT.encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            return await writer.drain()
        accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest())  # noqa: S324 (RFC 6455)
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
        writer.write(b"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n" % accept)
        for frame in frames:
            writer.write(frame)
        await writer.drain()
        await reader.read(2000)
        return None

    return serve


_KEY = b"sec-websocket-key:"
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@pytest.mark.slow
@FEW
@given(frames=st.lists(_frames, min_size=1, max_size=5))
def test_frames_that_are_no_protocol_end_in_a_named_error_and_the_call_goes_on(
    tmp_path: Path, frames: list[bytes]
) -> None:
    async def work() -> Call:
        async with raw_server(_sockets(frames)) as port:
            return await called(tmp_path, port)

    call = run(work())
    assert_named(call)
    stream = [event["state"] for event in call.log.events if event["event"] == "stream"]
    assert stream[:2] == ["opening", "started"]


def test_a_broken_socket_is_noted_and_the_next_verb_runs(tmp_path: Path) -> None:
    async def work() -> Call:
        async with raw_server(_sockets([_frame(0x81, b"\xff\xfe")])) as port:
            return await called(tmp_path, port)

    call = run(work())
    assert assert_named(call)
    assert "It is over" in [event.get("text") for event in call.log.events]


def test_a_handshake_that_is_none_is_noted(tmp_path: Path) -> None:
    async def refuse(socket: web.WebSocketResponse) -> None:
        raise AssertionError("never reached")

    app = App({"/voice": CONNECT.replace("wss://hotline.test", "wss://elsewhere.test"),
               "/status": ""}, socket=refuse)  # fmt: skip

    async def work() -> Call:
        async with network(app, tmp_path, pace=0.0) as net:
            return await talked(net)

    assert assert_named(run(work()))
