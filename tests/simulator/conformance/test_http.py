"""The carrier's rules of HTTP: time, attempts, redirects, headers, content, size."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from aiohttp import web

from simulator.network import Network
from simulator.rest.answers import ApiError
from simulator.rest.calls import ring_from
from simulator.settings import Hook
from simulator.sound.audio import encoded, wav_file
from simulator.webhooks.origins import OriginMap
from simulator.webhooks.overrides import Overrides
from simulator.webhooks.webhook import MOST_BYTES, Answer, Request, WebhookClient, WebhookFailed
from tests.simulator.app import CALLER, NUMBER, PUBLIC, TOKEN, response, run
from tests.simulator.conformance.line import GONE, SHOP, answered_by, coming, dialled, story

HANG_UP = response("<Hangup/>")
FALLBACK = Hook(f"{PUBLIC}/voice", fallback_url=f"{PUBLIC}/fallback")


def xml(text: str, content_type: str = "text/xml", **more: Any) -> web.Response:
    return web.Response(text=text, content_type=content_type, **more)


def got(url: str, **settings: Any) -> Answer | WebhookFailed:
    """What comes of a request, without anything between."""

    async def work() -> Answer | WebhookFailed:
        async with WebhookClient(auth_token=TOKEN, origins=OriginMap(), **settings) as client:
            try:
                return await client.send(Request(url, (("a", "b"),)), {})
            except WebhookFailed as failed:
                return failed

    return run(work())


def code(outcome: Answer | WebhookFailed) -> int:
    assert isinstance(outcome, WebhookFailed)
    return outcome.code


# Time and attempts


@pytest.mark.row("http.time.connect", "http.time.total", "http.retry")
def test_times_and_attempts_have_the_carriers_defaults() -> None:
    plain = Overrides.of("https://app.example/voice")
    assert (plain.connect_s, plain.total_s) == (5.0, 15.0)
    assert plain.retries == 1 and plain.policies == {"ct"}


@pytest.mark.row("http.time.connect", "http.retry")
@pytest.mark.parametrize(("fragment", "reached"), [("#ct=900", True), ("#ct=400&rc=0", False)])
def test_a_connection_that_does_not_open_is_tried_once_more(fragment: str, reached: bool) -> None:
    """A full backlog drops the first attempt; before the second somebody makes room."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline():
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def work() -> Answer | WebhookFailed:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(0)
            port = listening.getsockname()[1]
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            async with WebhookClient(auth_token=TOKEN, origins=OriginMap()) as client:
                request = Request(f"http://127.0.0.1:{port}/{fragment}")
                sending = asyncio.ensure_future(client.send(request, {}))
                await asyncio.sleep(0.2)
                async with await asyncio.start_server(serve, sock=listening):
                    for one in waiting:
                        one.close()
                    try:
                        return await sending
                    except WebhookFailed as failed:
                        return failed

    outcome = run(work())
    assert isinstance(outcome, Answer) if reached else code(outcome) == 11205


async def late(form: dict[str, str]) -> web.Response:
    await asyncio.sleep(5)
    return xml(HANG_UP)


@pytest.mark.row("http.time.over", "code.11205")
@pytest.mark.parametrize(("fragment", "expected"), [("#tt=150", 11205), ("#rt=150", 11200)])
def test_an_answer_that_is_late_is_noted_and_the_fallback_asked(
    tmp_path: Path, fragment: str, expected: int
) -> None:
    hook = Hook(f"{PUBLIC}/voice{fragment}", fallback_url=f"{PUBLIC}/fallback")
    told = dialled(tmp_path, {"/voice": late, "/fallback": HANG_UP}, voice=hook)
    assert told.codes == [expected]
    assert told.at("/fallback")["ErrorCode"] == str(expected)


@pytest.mark.row("http.no-fallback")
def test_without_a_fallback_the_caller_hears_of_an_error_and_the_call_ends(tmp_path: Path) -> None:
    told = dialled(tmp_path, {}, {"hears": "application error has occurred"}, GONE)
    assert told.codes == [11200] and told.paths == ["/voice", "/status"]
    assert told.at("/status")["CallStatus"] == "completed"


# Answers


@pytest.mark.row("http.status.4xx", "http.status.5xx", "code.11200")
@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 502, 503])
def test_an_error_is_asked_once_and_then_the_fallback(tmp_path: Path, status: int) -> None:
    replies = {"/voice": web.Response(status=status, text="no"), "/fallback": HANG_UP}
    told = dialled(tmp_path, replies, voice=FALLBACK)
    assert told.codes == [11200] and told.paths == ["/voice", "/fallback", "/status"]
    (alert,) = told.alerts
    assert (alert.status, alert.response) == (status, "no")


@pytest.mark.row("http.status.2xx")
@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_answer_with_a_body_is_run(tmp_path: Path, status: int) -> None:
    document = response("<Redirect>/next</Redirect>")
    told = dialled(tmp_path, {"/voice": xml(document, status=status), "/next": HANG_UP})
    assert told.paths == ["/voice", "/next", "/status"] and not told.codes


@pytest.mark.row("http.status.empty")
@pytest.mark.parametrize("answer", [web.Response(status=204), xml(""), xml(" \n")], ids=str)
def test_nothing_is_no_document(tmp_path: Path, answer: web.Response) -> None:
    told = dialled(tmp_path, {"/voice": lambda form: _copy(answer), "/fallback": HANG_UP},
                   voice=FALLBACK)  # fmt: skip
    assert told.codes == [12100] and "/fallback" in told.paths


@pytest.mark.row("http.status.callback")
@pytest.mark.parametrize("status", [200, 204])
def test_a_callback_needs_no_answer(tmp_path: Path, status: int) -> None:
    told = dialled(tmp_path, {"/voice": HANG_UP, "/status": web.Response(status=status)})
    assert "/status" in told.paths and not told.codes


@pytest.mark.row("http.status.3xx.method")
@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"),
                                                (307, "POST"), (308, "POST")])  # fmt: skip
def test_a_redirect_of_http_is_followed(tmp_path: Path, status: int, method: str) -> None:
    replies = {"/voice": _moved(status, "/next"), "/next": HANG_UP}
    told = dialled(tmp_path, replies)
    next_ = told.request("/next")
    assert bool(next_.form) == (method == "POST") and not told.codes
    assert ("CallSid=" in next_.url) == (method == "GET")


@pytest.mark.row("http.status.3xx", "code.11215")
@pytest.mark.parametrize(("hops", "codes"), [(10, []), (11, [11215])])
def test_ten_redirects_are_followed_and_no_more(
    tmp_path: Path, hops: int, codes: list[int]
) -> None:
    replies: dict[str, Any] = {f"/{n}": _moved(307, f"/{n + 1}") for n in range(1, hops)}
    replies |= {"/voice": _moved(307, "/1"), f"/{hops}": HANG_UP, "/fallback": HANG_UP}
    told = dialled(tmp_path, replies, voice=FALLBACK)
    assert told.codes == codes and len(told.app.received) == hops + 2


@pytest.mark.parametrize("location", ["http://[", "ftp://a.test/", "mailto:me"])
def test_a_redirect_to_what_is_no_address_is_an_error(tmp_path: Path, location: str) -> None:
    replies = {"/voice": _moved(302, location), "/fallback": HANG_UP}
    assert dialled(tmp_path, replies, voice=FALLBACK).codes == [11216]


# What is sent


@pytest.mark.row("http.header.signature", "http.header.token", "http.header.agent")
@pytest.mark.row("http.header.accept", "http.header.region")
def test_every_request_carries_the_carriers_headers(tmp_path: Path) -> None:
    told = dialled(tmp_path, {"/voice": response("<Redirect>/next</Redirect>"), "/next": HANG_UP})
    for one in told.app.received:
        assert one.headers["User-Agent"] == "TwilioProxy/1.1" and one.headers["Accept"] == "*/*"
        assert one.headers["X-Home-Region"] and one.headers["X-Twilio-Signature"]
    tokens = [one.headers["I-Twilio-Idempotency-Token"] for one in told.app.received]
    assert len(set(tokens)) == 3, "another request has another token"


@pytest.mark.row("http.cookies")
def test_cookies_are_kept_for_the_call_and_not_for_another(tmp_path: Path) -> None:
    answer = xml(response("<Redirect>/next</Redirect>"))
    answer.set_cookie("visits", "1")

    async def act(net: Network) -> None:
        for _ in range(2):
            await coming(net).settling()

    told = story(tmp_path, {"/voice": lambda form: _copy(answer), "/next": HANG_UP}, act)
    cookies = [(one.path, one.headers.get("Cookie")) for one in told.app.received]
    assert cookies == [("/voice", None), ("/next", "visits=1"), ("/status", "visits=1")] * 2


# Content


@pytest.mark.row("http.content.xml")
@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "text/html"])
def test_markup_is_run(tmp_path: Path, kind: str) -> None:
    document = response("<Redirect>/next</Redirect>")
    told = dialled(tmp_path, {"/voice": xml(document, kind), "/next": HANG_UP})
    assert told.paths == ["/voice", "/next", "/status"]


TONE = encoded(8000 * np.sin(np.arange(8000) / 5))


def _file(kind: str) -> bytes:
    sound = io.BytesIO()
    soundfile.write(sound, np.sin(np.arange(8000) / 5), 8000, format=kind)
    return sound.getvalue()


SOUNDS: dict[str, Callable[[], bytes]] = {
    "audio/wav": lambda: wav_file(TONE),
    "audio/x-wav": lambda: _file("WAV"),
    "audio/aiff": lambda: _file("AIFF"),
    "audio/mpeg": lambda: _file("MP3"),
    "audio/ulaw": lambda: TONE,
    "audio/basic": lambda: TONE,
}


@pytest.mark.row("http.content.audio")
@pytest.mark.parametrize("kind", list(SOUNDS))
def test_sound_is_played_and_then_the_call_ends(tmp_path: Path, kind: str) -> None:
    sound = web.Response(body=SOUNDS[kind](), content_type=kind)
    told = dialled(tmp_path, {"/voice": sound})
    assert told.paths == ["/voice", "/status"] and not told.codes
    assert told.at("/status")["CallDuration"] == "1"


@pytest.mark.row("http.content.plain")
def test_plain_text_is_said_and_then_the_call_ends(tmp_path: Path) -> None:
    told = dialled(tmp_path, {"/voice": web.Response(text="Good evening.")},
                   {"hears": "good evening"}, GONE)  # fmt: skip
    assert not told.codes


@pytest.mark.row("http.content.other", "code.12300")
@pytest.mark.parametrize("kind", ["application/json", "image/png", "text/css"])
def test_other_content_is_an_error(tmp_path: Path, kind: str) -> None:
    told = dialled(tmp_path, {"/voice": xml("{}", kind), "/fallback": HANG_UP}, voice=FALLBACK)
    assert told.codes == [12300] and told.at("/fallback")["ErrorCode"] == "12300"


@pytest.mark.row("http.content.other")
@pytest.mark.parametrize("path", ["/whisper", "/wait", "/music"])
def test_other_content_is_an_error_wherever_a_document_is_asked_for(
    tmp_path: Path, path: str
) -> None:
    verbs = {
        "/whisper": f'<Dial timeout="5"><Number url="/whisper">{SHOP}</Number></Dial>',
        "/wait": '<Enqueue waitUrl="/wait">desk</Enqueue>',
        "/music": '<Dial><Conference waitUrl="/music">lobby</Conference></Dial>',
    }
    told = dialled(tmp_path, {"/voice": response(verbs[path]), path: xml("{}", "text/css")})
    assert told.codes == [12300]


@pytest.mark.row("http.content.none")
def test_content_of_no_type_is_an_error(tmp_path: Path) -> None:
    bare = f"HTTP/1.1 200 OK\r\nContent-Length: {len(HANG_UP)}\r\n\r\n{HANG_UP}".encode()
    told = answered_by(tmp_path, bare)
    assert told.codes == [11200] and "no Content-Type" in told.alerts[0].message


@pytest.mark.row("http.size", "code.11750")
@pytest.mark.parametrize(("more", "codes"), [(0, []), (1, [11750])])
def test_a_document_has_at_most_64_kilobytes(tmp_path: Path, more: int, codes: list[int]) -> None:
    document = HANG_UP + " " * (MOST_BYTES - len(HANG_UP) + more)
    assert MOST_BYTES == 64 * 1024
    told = dialled(tmp_path, {"/voice": document, "/fallback": HANG_UP}, voice=FALLBACK)
    assert told.codes == codes


@pytest.mark.row("http.size.inline")
@pytest.mark.parametrize(("characters", "fits"), [(4000, True), (4001, False)])
def test_a_document_by_rest_has_at_most_4000_characters(
    tmp_path: Path, characters: int, fits: bool
) -> None:
    form = {"To": CALLER, "From": NUMBER, "Twiml": "<Response/>".ljust(characters)}

    async def act(net: Network) -> None:
        if fits:
            assert ring_from(net.exchange, form, (), ()).inline == form["Twiml"]
            return
        with pytest.raises(ApiError):
            ring_from(net.exchange, form, (), ())

    story(tmp_path, {}, act)


@pytest.mark.row("http.urls")
@pytest.mark.parametrize(
    "host", ["127.0.0.1:9", "10.0.0.7", "localhost:9", "my_app.example", "[::1]"]
)
def test_private_addresses_are_refused_when_asked_for(host: str) -> None:
    outcome = got(f"http://{host}/voice", public_only=True)
    assert code(outcome) == 11205 and "no public address" in str(outcome)


@pytest.mark.row("http.urls")
def test_a_mapped_address_may_be_private(tmp_path: Path) -> None:
    assert not dialled(tmp_path, {"/voice": HANG_UP}, public_only=True).codes


def _moved(status: int, to: str) -> web.Response:
    return web.Response(status=status, headers={"Location": to})


def _copy(answer: web.Response) -> web.Response:
    again = web.Response(status=answer.status, body=answer.body, content_type=answer.content_type)
    for name, morsel in answer.cookies.items():
        again.set_cookie(name, morsel.value)
    return again
