"""Who may use a running simulator: hosts by name, pages by token, signatures by password."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, encode_basic_auth
from aiohttp.test_utils import TestClient, TestServer

from simulator.server import create_app
from tests.simulator.app import ACCOUNT, TOKEN, run, settings_for

Asks = Callable[..., Awaitable[ClientResponse]]


def asking(folder: Path, work: Callable[[Asks], Awaitable[None]], **changes: Any) -> None:
    """Let `work` ask a running simulator: `await asks(method, path, **how)`."""

    async def go() -> None:
        app = create_app(replace(settings_for(1, folder), **changes))
        async with TestClient(TestServer(app)) as client:
            await work(client.request)

    run(go())


@pytest.mark.parametrize("path", ["/", "/calls.json", "/simulator/calls", "/phone", "/healthz"])
@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8100", "localhost.evil.test", "127.0.0.1.evil.test", "["]
)
def test_a_host_that_is_nobodys_here_is_refused(tmp_path: Path, path: str, host: str) -> None:
    async def work(asks: Asks) -> None:
        answer = await asks("GET", path, headers={"Host": host})
        assert answer.status == 403

    asking(tmp_path, work)


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8100", "phone.localhost", "127.0.0.1", "[::1]:8100", "192.168.1.7:8100",
        "simulator:8100", "api.twilio.com", "phone.example", "desk.example",
    ],
)  # fmt: skip
def test_a_host_that_is_ours_is_answered(tmp_path: Path, host: str) -> None:
    async def work(asks: Asks) -> None:
        answer = await asks("GET", "/healthz", headers={"Host": host})
        assert answer.status == 200

    asking(
        tmp_path,
        work,
        allowed_hosts=("phone.example",),
        allowed_origins=("https://desk.example",),
    )


def test_a_refused_host_is_told_what_lets_it_in(tmp_path: Path) -> None:
    async def work(asks: Asks) -> None:
        answer = await asks("GET", "/", headers={"Host": "phone.example:80"})
        assert "--allow-host phone.example" in (await answer.json())["error"]

    asking(tmp_path, work)


async def token_of(asks: Asks, page: str) -> str:
    """What a page sends along with its requests."""
    text = await (await asks("GET", page)).text()
    found = re.search(r'<meta name="simulator-page" content="([\w-]{20,})">', text)
    assert found
    return found[1]


@pytest.mark.parametrize("page", ["/", "/calls", "/debugger", "/faults"])
def test_our_own_pages_may_change_things_and_other_pages_of_this_machine_may_not(
    tmp_path: Path, page: str
) -> None:
    async def work(asks: Asks) -> None:
        local = {"Origin": "http://localhost:3000"}
        body = {"seed": 1}
        assert (await asks("PUT", "/simulator/faults", json=body, headers=local)).status == 403
        guess = {**local, "X-Simulator-Page": "x" * 32}
        assert (await asks("PUT", "/simulator/faults", json=body, headers=guess)).status == 403
        known = {**local, "X-Simulator-Page": await token_of(asks, page)}
        assert (await asks("PUT", "/simulator/faults", json=body, headers=known)).status == 200
        evil = {**known, "Origin": "https://evil.test"}
        assert (await asks("PUT", "/simulator/faults", json=body, headers=evil)).status == 403

    asking(tmp_path, work)


def test_a_program_of_this_machine_needs_no_token(tmp_path: Path) -> None:
    async def work(asks: Asks) -> None:
        assert (await asks("PUT", "/simulator/faults", json={"seed": 1})).status == 200

    asking(tmp_path, work)


def test_the_accounts_signature_is_given_only_for_its_password(tmp_path: Path) -> None:
    body = {"url": "http://127.0.0.1:1/voice", "form": {"CallSid": "CA1"}}

    async def work(asks: Asks) -> None:
        assert (await asks("POST", "/simulator/requests", json=body)).status == 401
        page = {"X-Simulator-Page": await token_of(asks, "/")}
        assert (await asks("POST", "/simulator/requests", json=body, headers=page)).status == 401
        wrong = {"Authorization": encode_basic_auth(ACCOUNT, "another-token")}
        assert (await asks("POST", "/simulator/requests", json=body, headers=wrong)).status == 401
        right = {"Authorization": encode_basic_auth(ACCOUNT, TOKEN)}
        answer = await asks("POST", "/simulator/requests", json=body, headers=right)
        assert answer.status == 200 and (await answer.json())["code"] == 11205

    asking(tmp_path, work)
