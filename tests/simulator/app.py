"""A tiny Twilio application for tests: answers by path, and keeps what it was sent."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.network import Network
from simulator.settings import Hook, Settings
from simulator.webhooks.origins import OriginMap

T = TypeVar("T")
PUBLIC = "https://hotline.test"
TOKEN = "test-token"
ACCOUNT = "AC" + "1" * 32
NUMBER = "+13125550100"
CALLER = "+13125550101"
PACE = 20.0

Answer = str | web.Response
Reply = Answer | Callable[[dict[str, str]], Answer | Awaitable[Answer]]


@dataclass
class Received:
    """One request to the application."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]
    url: str
    raw: bytes = b""


@dataclass
class FakeApp:
    """Replies by path: a document, a function of the form, or a list used up in order."""

    replies: dict[str, Reply | list[Reply]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    socket: Callable[[web.WebSocketResponse], Awaitable[None]] | None = None

    def forms(self, path: str) -> list[dict[str, str]]:
        """The forms that came to a path."""
        return [one.form for one in self.received if one.path == path]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer any request."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._talk(request)
        form = {name: str(value) for name, value in (await request.post()).items()}
        url = f"{PUBLIC}{request.path_qs}"
        headers = dict(request.headers)
        self.received.append(Received(request.path, form, headers, url, await request.read()))
        reply = self.replies.get(request.path)
        if isinstance(reply, list):
            reply = reply.pop(0) if reply else None
        if reply is None:
            return web.Response(status=404)
        if callable(reply):
            made = reply(form)
            reply = await made if isinstance(made, Awaitable) else made
        if isinstance(reply, web.Response):
            return reply
        return web.Response(text=reply, content_type="text/xml")

    async def _talk(self, request: web.Request) -> web.StreamResponse:
        headers = dict(request.headers)
        self.received.append(Received(request.path, {}, headers, str(request.url)))
        if self.socket is None:
            return web.Response(status=403)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await self.socket(socket)
        return socket


@asynccontextmanager
async def network(app: FakeApp, folder: Path, **changes: Any) -> AsyncIterator[Network]:
    """A network whose number and application are answered by `app`."""
    share_speech(folder)
    outer = web.Application()
    outer.router.add_route("*", "/{path:.*}", app.answer)
    async with TestServer(outer) as server:
        settings = replace(settings_for(server.port or 0, folder), **changes)
        async with Network(settings) as opened:
            yield opened


def share_speech(folder: Path) -> None:
    """Let sentences once spoken be spoken for all tests."""
    shared = Path(tempfile.gettempdir()) / "phone-simulator-tests" / "speech"
    shared.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "speech").exists():
        (folder / "speech").symlink_to(shared)


def settings_for(port: int, folder: Path) -> Settings:
    """Settings of a test network; the application listens at `port`."""
    return Settings(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        number=NUMBER,
        voice=Hook(f"{PUBLIC}/voice"),
        app_voice=Hook(f"{PUBLIC}/agent"),
        status_callback=f"{PUBLIC}/status",
        origins=OriginMap.of(
            (
                f"{PUBLIC}=http://127.0.0.1:{port}",
                f"wss://hotline.test=ws://127.0.0.1:{port}",
            )
        ),
        captions_dir=folder / "captions",
        data_dir=folder,
        pace=PACE,
        strict=True,
        stand_ins=False,
    )


def run(work: Coroutine[Any, Any, T], within_s: float = 240.0) -> T:
    """Run a test's coroutine, at most that long."""
    return asyncio.run(asyncio.wait_for(work, within_s))


def response(*verbs: str) -> str:
    """A TwiML document."""
    return "<Response>" + "".join(verbs) + "</Response>"
