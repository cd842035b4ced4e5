"""Requests to the application, by the carrier's HTTP rules."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.scenario.caller import run_scenario
from simulator.scenario.files import scenario_from
from simulator.sound.audio import encoded, wav_file
from simulator.webhooks import webhook
from simulator.webhooks.origins import OriginMap
from simulator.webhooks.signature import signature
from simulator.webhooks.webhook import Request, WebhookClient, WebhookFailed
from tests.simulator.app import NUMBER, PUBLIC, TOKEN, FakeApp, network, response, run

ENDS = {"is_hung_up_on": True}
FORM = (("CallSid", "CA1"), ("Digits", "4 2"))


@asynccontextmanager
async def client(app: FakeApp) -> Any:
    """A client for the application at its public address."""
    outer = web.Application()
    outer.router.add_route("*", "/{path:.*}", app.answer)
    async with TestServer(outer) as server:
        origins = OriginMap.of((f"{PUBLIC}=http://127.0.0.1:{server.port}",))
        async with WebhookClient(auth_token=TOKEN, origins=origins) as made:
            yield made


def asked(
    app: FakeApp, ask: Callable[[WebhookClient], Awaitable[webhook.Answer]]
) -> webhook.Answer:
    async def go() -> webhook.Answer:
        async with client(app) as made:
            return await ask(made)

    return run(go())


def refused(app: FakeApp, url: str) -> WebhookFailed:
    with pytest.raises(WebhookFailed) as failed:
        asked(app, lambda made: made.send(Request(url, FORM), {}))
    return failed.value


def moved(status: int, to: str) -> web.Response:
    return web.Response(status=status, headers={"Location": to})


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/voice?name=Mary Ann&x=1", "/voice?name=Mary%20Ann&x=1"),
        ("/Müller?name=Zoë", "/M%C3%BCller?name=Zo%C3%AB"),
        ("/a%20b?c=d%2Fe&f[]=(g)", "/a%20b?c=d%2Fe&f[]=(g)"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_is_sent_and_signed_as_a_request_line_may_have_it(
    written: str, sent: str, method: str
) -> None:
    app = FakeApp({sent.partition("?")[0]: response(), "/Müller": response(), "/a b": response()})
    request = Request(f"{PUBLIC}{written}", method=method)
    asked(app, lambda made: made.send(request, {}))
    (received,) = app.received
    assert received.url == f"{PUBLIC}{sent}"
    assert received.headers["X-Twilio-Signature"] == signature(TOKEN, received.url, ())


@pytest.mark.row("signature.get")
def test_get_puts_the_fields_into_the_query_and_signs_them() -> None:
    app = FakeApp({"/x": response()})
    asked(app, lambda made: made.send(Request(f"{PUBLIC}/x?a=1#rc=2", FORM, "GET"), {}))
    (got,) = app.received
    assert got.url == f"{PUBLIC}/x?a=1&CallSid=CA1&Digits=4+2" and got.form == {}
    assert got.headers["X-Twilio-Signature"] == signature(TOKEN, got.url)


def test_a_mapped_origin_is_told_what_was_asked_for_as_by_a_proxy() -> None:
    app = FakeApp({"/x": response()})
    asked(app, lambda made: made.send(Request(f"{PUBLIC}/x", FORM), {}))
    (got,) = app.received
    assert got.headers["X-Forwarded-Proto"] == "https"
    assert got.headers["X-Forwarded-Host"] == got.headers["Host"] == "hotline.test"


@pytest.mark.parametrize(("status", "form"), [(302, {}), (307, dict(FORM))])
def test_a_redirect_is_followed_and_signed_anew(status: int, form: dict[str, str]) -> None:
    app = FakeApp({"/a": moved(status, "/b"), "/b": response()})
    answer = asked(app, lambda made: made.send(Request(f"{PUBLIC}/a", FORM), {}))
    first, second = app.received
    assert answer.url == f"{PUBLIC}/b" and second.form == form
    assert second.headers["X-Twilio-Signature"] == signature(TOKEN, second.url, form.items())
    tokens = {one.headers["I-Twilio-Idempotency-Token"] for one in (first, second)}
    assert len(tokens) == 1


def test_cookies_come_back_with_the_next_request_of_the_call() -> None:
    answer = web.Response(text=response(), content_type="text/xml")
    answer.set_cookie("seen", "yes")
    app = FakeApp({"/a": answer, "/b": response()})
    jar: dict[str, str] = {}

    async def both(made: WebhookClient) -> webhook.Answer:
        await made.send(Request(f"{PUBLIC}/a", FORM), jar)
        return await made.send(Request(f"{PUBLIC}/b", FORM), jar)

    asked(app, both)
    assert "Cookie" not in app.received[0].headers
    assert app.received[1].headers["Cookie"] == "seen=yes"


def test_what_goes_wrong_has_twilios_code() -> None:
    app = FakeApp({"/big": response("x" * 70_000)})
    assert refused(app, f"{PUBLIC}/gone").code == 11200
    assert refused(app, f"{PUBLIC}/big").code == 11750
    app.replies["/loop"] = lambda form: moved(302, "/loop")
    assert refused(app, f"{PUBLIC}/loop").code == 11215
    assert refused(app, "ftp://hotline.test/x").code == 11100
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        assert refused(app, nobody).code == 11205


def heard(app: FakeApp, folder: Path, *steps: dict[str, Any]) -> list[int]:
    """The debugger's codes after a scenario."""

    async def play() -> list[int]:
        async with network(app, folder) as net:
            await run_scenario(net, scenario_from({"steps": list(steps)}, folder), to=NUMBER)
            return [one.code for one in net.exchange.debugger.alerts]

    return run(play())


def test_plain_text_is_said(tmp_path: Path) -> None:
    app = FakeApp({"/voice": web.Response(text="Good evening."), "/status": ""})
    assert not heard(app, tmp_path, {"hears": "good evening"}, {"is_hung_up_on": True})


def test_other_content_is_refused(tmp_path: Path) -> None:
    app = FakeApp({"/voice": web.json_response({}), "/status": ""})
    assert heard(app, tmp_path, {"hears": "application error"}) == [12300]


def test_what_came_after_a_redirect_is_beside_its_error(tmp_path: Path) -> None:
    app = FakeApp({"/voice": moved(302, "/b"), "/b": response("<Cook/>"), "/status": ""})

    async def play() -> list[tuple[int, str]]:
        async with network(app, tmp_path) as net:
            await run_scenario(net, scenario_from({"steps": [ENDS]}, tmp_path), to=NUMBER)
            return [(one.status, one.response) for one in net.exchange.debugger.alerts]

    assert run(play()) == [(200, response("<Cook/>"))]


def test_a_sound_is_played_and_a_missing_one_is_skipped(tmp_path: Path) -> None:
    tone = wav_file(encoded(8000 * np.ones(8000)))
    app = FakeApp(
        {
            "/voice": response(
                "<Play>/tone.wav</Play><Play>/gone.wav</Play><Play>/notes.txt</Play>",
                "<Say>That was it.</Say>",
            ),
            "/tone.wav": web.Response(body=tone, content_type="audio/wav"),
            "/notes.txt": web.Response(text="not a sound"),
            "/status": "",
        }
    )
    assert heard(app, tmp_path, {"hears": "that was it"}) == [11200, 13420]
