"""Anything may come from an application or a client: it ends in a named error, never in a crash."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.calls.legs import Endpoint
from simulator.errors.error_names import NAMES
from simulator.media.media_stream import MediaStream
from simulator.relay import protocol
from simulator.server import create_app
from simulator.twiml import schema
from simulator.twiml.parser import DocumentError, Verb, parse
from simulator.webhooks.origins import OriginMap
from simulator.webhooks.webhook import Request, WebhookClient, WebhookFailed
from tests.simulator.app import (
    ACCOUNT,
    CALLER,
    NUMBER,
    TOKEN,
    FakeApp,
    network,
    run,
    settings_for,
)

pytestmark = pytest.mark.slow

QUICK = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
FEW = settings(QUICK, max_examples=25)

_names = st.sampled_from(
    sorted({*schema.VOICE, *schema.NOT_EMULATED, "Response", "Parameter", "nonsense", "x:y"})
)
_attributes = st.sampled_from(
    sorted(
        {name for rules in schema.VOICE.values() for name in rules.attributes} | {"odd", "xml:a"}
    )
)
_plain = st.text(
    alphabet=st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="<>&\"'"),
    max_size=12,
)
_values = st.one_of(
    _plain,
    st.sampled_from(["true", "0", "-1", "99999999", "dtmf speech", "/next", "wss://a/b", "#"]),
)


@st.composite
def elements(draw: Any, depth: int = 3) -> str:
    """A random element made of real names."""
    name = draw(_names)
    given_ = draw(st.dictionaries(_attributes, _values, max_size=3))
    attributes = "".join(f' {key}="{value}"' for key, value in given_.items())
    inner = draw(_plain)
    if depth:
        inner += "".join(draw(st.lists(elements(depth=depth - 1), max_size=2)))
    return f"<{name}{attributes}>{inner}</{name}>"


def read(document: bytes) -> tuple[Verb, ...] | DocumentError:
    try:
        return parse(document)
    except DocumentError as error:
        return error


def assert_named(result: tuple[Verb, ...] | DocumentError) -> None:
    if isinstance(result, DocumentError):
        assert result.code in NAMES and result.line >= 1 and result.column >= 1
        assert str(result).startswith("line ")


@QUICK
@given(st.lists(elements(), max_size=3))
def test_documents_of_real_names_are_read_or_refused_by_name(verbs: list[str]) -> None:
    assert_named(read(f"<Response>{''.join(verbs)}</Response>".encode()))


@QUICK
@given(st.binary(max_size=200))
def test_bytes_that_are_no_document_are_refused_by_name(raw: bytes) -> None:
    assert isinstance(read(raw), DocumentError)
    assert_named(read(raw))


@QUICK
@given(st.lists(elements(), min_size=1, max_size=2), st.data())
def test_a_document_cut_or_changed_anywhere_is_read_or_refused(
    verbs: list[str], data: st.DataObject
) -> None:
    raw = bytearray(f"<Response>{''.join(verbs)}</Response>".encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=3))
    assert_named(read(bytes(raw)))


def test_a_very_deep_and_a_very_long_document_are_refused() -> None:
    deep = "<Say>" + "<prosody>" * 5000 + "</prosody>" * 5000 + "</Say>"
    assert isinstance(read(f"<Response>{deep}</Response>".encode()), DocumentError)
    assert len(parse(b"<Response>" + b"<Pause/>" * 5000 + b"</Response>")) == 5000


@pytest.mark.slow
@FEW
@given(documents=st.lists(st.lists(elements(depth=2), max_size=2), min_size=3, max_size=3))
def test_a_call_survives_whatever_it_is_answered(
    tmp_path: Path, documents: list[list[str]]
) -> None:
    bodies = [f"<Response>{''.join(verbs)}</Response>" for verbs in documents]

    def anything(form: dict[str, str]) -> str:
        return bodies.pop() if bodies else "<Response><Hangup/></Response>"

    app = FakeApp({"/voice": anything, "/next": anything, "/status": "<Response/>"})

    async def work() -> str:
        async with network(app, tmp_path, pace=0.0) as net:
            leg = net.dial(Endpoint(), from_number=CALLER, to=NUMBER)
            call = net.exchange.calls[leg.sid]
            await net.exchange.clock.sleep(20)
            leg.hang_up()
            await call.settling()
            codes = [one["code"] for one in call.log.events if one["event"] == "error"]
            assert set(codes) <= set(NAMES)
            return call.status

    assert run(work()) in {"completed", "busy", "no-answer", "canceled", "failed"}


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), _plain),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_plain, inner, max_size=3)
    ),
    max_leaves=6,
)
_any_text = st.one_of(st.text(max_size=60), _json.map(json.dumps))


@QUICK
@given(
    st.one_of(
        _any_text,
        st.builds(
            lambda event, body: json.dumps({"event": event, "streamSid": "MZ1", event: body}),
            st.sampled_from(["media", "mark", "clear", "stop", "start", "dtmf"]),
            _json,
        ),
    )
)
def test_whatever_comes_down_a_media_socket_is_taken_or_warned_about(text: str) -> None:
    warned: list[int] = []

    async def work() -> None:
        stream = MediaStream(
            account_sid=ACCOUNT,
            call_sid="CA" + "0" * 32,
            url="wss://app.example/media",
            track="inbound_track",
            parameters={},
            two_way=True,
            warn=lambda code, _: warned.append(code),
        )
        stream.sid = "MZ1"
        stream._take(text)

    asyncio.run(work())
    assert set(warned) <= set(NAMES)


@QUICK
@given(
    st.one_of(
        _any_text,
        st.builds(
            lambda kind, body: json.dumps({**body, "type": kind}),
            st.sampled_from(["text", "play", "sendDigits", "language", "end", "setup"]),
            st.dictionaries(
                st.sampled_from(
                    ["token", "last", "source", "loop", "digits", "interruptible", "handoffData"]
                ),
                _json,
                max_size=4,
            ),
        ),
    )
)
def test_whatever_comes_down_a_session_is_a_message_or_named(text: str) -> None:
    try:
        message = protocol.read(text)
    except protocol.InvalidMessage as error:
        assert str(error) and len(str(error)) < 300
    else:
        assert isinstance(message, protocol.Message)


_bodies = st.one_of(st.binary(max_size=80), _json.map(lambda value: json.dumps(value).encode()))
_paths = st.sampled_from(
    [
        f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        f"/2010-04-01/Accounts/{ACCOUNT}/Conferences.json",
        f"/2010-04-01/Accounts/{ACCOUNT}/Nothing.json",
        "/simulator/calls",
        "/simulator/phones",
        "/simulator/calls/CA1/steps",
        "/bins/x",
        "/calls/x.json",
    ]
)


@pytest.mark.slow
@FEW
@given(
    requests=st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "DELETE", "PUT", "PATCH"]),
            _paths,
            _bodies,
            st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/html"]),
            _plain,
        ),
        min_size=5,
        max_size=10,
    )
)
def test_no_request_makes_the_simulator_fail(
    tmp_path: Path, requests: list[tuple[str, str, bytes, str, str]]
) -> None:
    async def work() -> None:
        app: web.Application = create_app(settings_for(1, tmp_path))
        async with TestClient(TestServer(app)) as client:
            for method, path, body, kind, query in requests:
                answer = await client.request(
                    method,
                    path,
                    data=body,
                    params={"q": query},
                    headers={"Content-Type": kind},
                    auth=None,
                )
                await answer.read()
                assert answer.status < 500, (method, path, body, kind)
            assert (await client.get("/healthz")).status == 200

    run(work())


_lines = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 302 Found",
        b"HTTP/1.1 999 Odd",
        b"HTTP/9.9 200 OK",
        b"Content-Type: text/xml",
        b"Content-Type: text/xml; charset=klingon",
        b"Content-Length: 5",
        b"Content-Length: -5",
        b"Content-Length: many",
        b"Transfer-Encoding: chunked",
        b"Content-Encoding: gzip",
        b"Location: http://[",
        b"Set-Cookie: =;;=\xff",
        b"no colon at all",
        b"",
        b"zz\r\nhello",
        b"<Response/>",
    ]
)
_answers = st.one_of(
    st.binary(max_size=120), st.lists(_lines, max_size=8).map(lambda lines: b"\r\n".join(lines))
)


@FEW
@given(answers=st.lists(_answers, min_size=4, max_size=4))
def test_whatever_is_answered_is_taken_or_fails_by_name(answers: list[bytes]) -> None:
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop())
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, WebhookClient(auth_token=TOKEN, origins=OriginMap()) as client:
            for raw in answers:
                try:
                    got = await client.send(Request(f"http://127.0.0.1:{port}/#rc=0&tt=2000"), {})
                    assert 200 <= got.status < 300, raw
                except WebhookFailed as failed:
                    assert failed.code in NAMES, raw

    run(work())
