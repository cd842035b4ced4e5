"""Connection overrides in a URL's fragment are obeyed, and wrong ones are named."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.webhooks.origins import OriginMap
from simulator.webhooks.overrides import BadOverride, Overrides
from simulator.webhooks.signature import signature
from simulator.webhooks.webhook import Answer, Request, WebhookClient, WebhookFailed
from tests.simulator.app import TOKEN, run

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def sent(handler: Handler, fragment: str) -> tuple[Answer | WebhookFailed, list[web.Request]]:
    """What a request with that fragment came to, and the attempts that arrived."""
    arrived: list[web.Request] = []

    async def note(request: web.Request) -> web.StreamResponse:
        arrived.append(request)
        return await handler(request)

    async def work() -> Answer | WebhookFailed:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", note)
        async with (
            TestServer(app) as server,
            WebhookClient(auth_token=TOKEN, origins=OriginMap()) as client,
        ):
            url = f"http://127.0.0.1:{server.port}/voice{fragment}"
            try:
                return await client.send(Request(url, (("a", "b"),)), {})
            except WebhookFailed as failed:
                return failed

    return run(work()), arrived


def after(failures: int, status: int) -> Handler:
    """Fails so many times, then answers."""
    left = [failures]

    async def handler(request: web.Request) -> web.StreamResponse:
        left[0] -= 1
        return web.Response(status=status if left[0] >= 0 else 200, text="<Response/>")

    return handler


@pytest.mark.row("http.override.ct", "http.override.rt", "http.override.tt", "http.override.rc")
@pytest.mark.row("http.override.rp")
def test_the_defaults_are_those_of_the_carrier() -> None:
    plain = Overrides.of("https://app.example/voice")
    assert (plain.connect_s, plain.read_s, plain.total_s, plain.retries) == (5.0, 15.0, 15.0, 1)
    assert plain.policies == {"ct"}
    assert Overrides.of("https://app.example/voice#top") == plain


@pytest.mark.row("http.override.e", "http.override.sni")
def test_every_override_is_read() -> None:
    got = Overrides.of("https://a.example/v#ct=2000&rt=4000&tt=9000&rc=3&rp=5xx,rt&e=dublin&sni=n")
    assert got == Overrides(2.0, 4.0, 9.0, 3, frozenset({"5xx", "rt"}), ("dublin",), False)


@pytest.mark.row("http.override.ct", "http.override.rt", "http.override.tt", "http.override.rc")
@pytest.mark.row("http.override.rp", "http.override.e", "http.override.sni")
@pytest.mark.parametrize(
    ("fragment", "code"),
    [
        ("ct=50", 11100),
        ("rt=99999", 11100),
        ("tt=soon", 11100),
        ("rc=6", 11243),
        ("rp=sometimes", 11243),
        ("e=atlantis", 11240),
        ("sni=maybe", 11100),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(fragment: str, code: int) -> None:
    with pytest.raises(BadOverride, match=f"#{fragment.partition('=')[0]}: expected"):
        Overrides.of(f"https://app.example/#{fragment}")
    outcome, arrived = sent(after(0, 500), f"#{fragment}")
    assert isinstance(outcome, WebhookFailed) and outcome.code == code and not arrived


@pytest.mark.row("http.retry")
def test_errors_are_not_tried_again_unless_asked_for() -> None:
    outcome, arrived = sent(after(1, 503), "")
    assert isinstance(outcome, WebhookFailed) and outcome.status == 503 and len(arrived) == 1


@pytest.mark.row("http.header.token")
@pytest.mark.parametrize(("status", "policy"), [(503, "5xx"), (404, "4xx"), (500, "all")])
def test_errors_are_tried_again_with_the_same_token(status: int, policy: str) -> None:
    outcome, arrived = sent(after(2, status), f"#rc=2&rp={policy}")
    assert isinstance(outcome, Answer) and len(arrived) == 3
    assert len({one.headers["I-Twilio-Idempotency-Token"] for one in arrived}) == 1


def test_the_attempts_come_to_an_end() -> None:
    outcome, arrived = sent(after(9, 500), "#rc=2&rp=5xx")
    assert isinstance(outcome, WebhookFailed) and outcome.code == 11200 and len(arrived) == 3


@pytest.mark.slow
def test_an_answer_that_is_late_is_given_up_and_tried_again() -> None:
    calls, again = [0], asyncio.Event()

    async def slow_at_first(request: web.Request) -> web.StreamResponse:
        calls[0] += 1
        if calls[0] == 1:
            await again.wait()
        again.set()
        return web.Response(text="<Response/>")

    outcome, arrived = sent(slow_at_first, "#rt=2000&rc=1&rp=rt")
    assert isinstance(outcome, Answer) and len(arrived) == 2


@pytest.mark.row("http.time.total")
def test_the_total_time_counts_all_attempts() -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1)
        return web.Response()

    outcome, _ = sent(slow, "#rt=200&tt=500&rc=5&rp=rt")
    assert isinstance(outcome, WebhookFailed) and outcome.code == 11205


def test_the_fragment_is_neither_sent_nor_signed() -> None:
    outcome, (request,) = sent(after(0, 500), "#rc=0")
    assert isinstance(outcome, Answer)
    url = str(request.url)
    signed: Any = request.headers["X-Twilio-Signature"]
    assert "#" not in request.path_qs and signed == signature(TOKEN, url, (("a", "b"),))
