"""A simulator in this process, and what browsers say to it through their sockets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import jwt
from aiohttp import ClientWebSocketResponse, WSMsgType, encode_basic_auth, web
from aiohttp.test_utils import BaseTestServer, TestClient, TestServer

from simulator.keys import NETWORK
from simulator.network import Network
from simulator.server import create_app
from simulator.settings import Hook, Settings

T = TypeVar("T")

NUMBER = "+13125550100"
CALLER = "+13125550101"
ACCOUNT = "AC" + "1" * 32
KEY = "SK" + "2" * 32
APP = "AP" + "3" * 32
SECRET = "an-api-secret-of-at-least-thirty-two-bytes"
AUTH_TOKEN = "the-account-token"
WAIT = '<Response><Gather timeout="60" finishOnKey=""/></Response>'
FRAME = b"\x80" * 160


@dataclass
class Phones:
    """The simulator, the application's requests, and sockets to the simulator."""

    client: TestClient[web.Request, web.Application]
    network: Network
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def socket(self, path: str = "/phone", origin: str | None = None) -> Any:
        return self.client.ws_connect(path, headers={"Origin": origin} if origin else {})

    def agent(self, identity: str = "agent_7", **changes: Any) -> Any:
        """A socket of an agent's phone with a good token."""
        return self.socket(f"/phone/agent?token={token(identity, **changes)}")

    def asked(self, path: str) -> list[dict[str, str]]:
        """The form of each request to `path`."""
        return [form for asked, form in self.requests if asked == path]

    async def rest(self, path: str, **form: str) -> dict[str, Any]:
        """POST to the account's REST API."""
        answer = await self.client.post(
            f"/2010-04-01/Accounts/{ACCOUNT}/{path}.json",
            data=form,
            headers={"Authorization": encode_basic_auth(ACCOUNT, AUTH_TOKEN)},
        )
        return dict(await answer.json())


def token(
    identity: str = "agent_7",
    *,
    ttl_s: float = 3600,
    allow: bool = True,
    app_sid: str | None = APP,
) -> str:
    """An access token like the `twilio` package's."""
    outgoing = {"outgoing": {"application_sid": app_sid}} if app_sid else {}
    voice = {"incoming": {"allow": allow}, **outgoing}
    claims = {
        "iss": KEY,
        "sub": ACCOUNT,
        "exp": time.time() + ttl_s,
        "grants": {"identity": identity, "voice": voice},
    }
    return jwt.encode(claims, SECRET, headers={"cty": "twilio-fpa;v=1"})


async def told(socket: ClientWebSocketResponse, event: str) -> dict[str, Any]:
    """The next message of that kind; sound and other messages are passed over."""
    async with asyncio.timeout(60):
        while True:
            message = await socket.receive()
            assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY), message
            if message.type is WSMsgType.TEXT:
                got: dict[str, Any] = json.loads(message.data)
                if got["event"] == event:
                    return got


async def hears(socket: ClientWebSocketResponse, frame: bytes) -> None:
    """Wait until this very frame comes down the line."""
    async with asyncio.timeout(60):
        while True:
            message = await socket.receive()
            assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY), message
            if message.data == frame:
                return


async def until(look: Callable[[], Awaitable[T]], is_good: Callable[[T], bool]) -> T:
    """What `look` finds, once it is good."""
    async with asyncio.timeout(60):
        while not is_good(found := await look()):
            await asyncio.sleep(0.05)
    return found


async def connect(socket: ClientWebSocketResponse, ref: str = "a", **params: str) -> None:
    params = {"To": NUMBER, "From": CALLER, **params}
    await socket.send_json({"event": "connect", "ref": ref, "params": params})


def try_phones(
    folder: Path,
    journey: Callable[[Phones], Awaitable[None]],
    answers: Mapping[str, str] | None = None,
    *,
    pace: float = 1.0,
) -> None:
    """Run a journey; `answers` are the application's documents by path, WAIT for the others."""

    async def run() -> None:
        async with _phones(folder, answers or {}, pace) as phones:
            await journey(phones)

    asyncio.run(run())


@asynccontextmanager
async def _phones(folder: Path, answers: Mapping[str, str], pace: float) -> AsyncIterator[Phones]:
    requests: list[tuple[str, dict[str, str]]] = []

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        requests.append((request.path, {key: str(form[key]) for key in form}))
        return web.Response(text=answers.get(request.path, WAIT), content_type="text/xml")

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    async with TestServer(app) as server:
        simulator = create_app(_settings(server, folder, pace))
        async with TestClient(TestServer(simulator)) as client:
            yield Phones(client, simulator[NETWORK], requests)


def _settings(server: BaseTestServer, folder: Path, pace: float) -> Settings:
    return Settings(
        account_sid=ACCOUNT,
        auth_token=AUTH_TOKEN,
        api_key=KEY,
        api_secret=SECRET,
        number=NUMBER,
        voice=Hook(str(server.make_url("/voice")), fallback_url=str(server.make_url("/fallback"))),
        app_sid=APP,
        app_voice=Hook(str(server.make_url("/agent"))),
        status_callback=str(server.make_url("/status")),
        data_dir=folder,
        pace=pace,
    )
