"""A small Twilio application and a simulator in front of it, for trying browser phones.

`start_line(...)` runs both; the application plays a tune, asks for a key, and then talks through a
media stream that sends back what it hears. A caller who presses 9 waits in a queue, and an agent
who brings the parameter `queue` takes the first one out of it; who presses 8 is connected with
the agent whose browser phone answers.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests
from aiohttp import WSMsgType, web
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from tests.conftest import eventually
from tests.loops import InALoop
from tests.ports import free_ports
from tests.simulator_phone.phones import ACCOUNT, APP, AUTH_TOKEN, KEY, NUMBER, SECRET

PUBLIC = "https://app.example"
ANSWER = f"""<Response><Gather numDigits="1" action="/keys" timeout="30">
<Play>{PUBLIC}/tune.wav</Play></Gather></Response>"""
TALK = '<Response><Connect><Stream url="wss://app.example/media"/></Connect></Response>'
WAIT = '<Response><Enqueue waitUrl="/wait">people</Enqueue></Response>'
FETCH = "<Response><Dial><Queue>people</Queue></Dial></Response>"
RING = """<Response><Dial action="/after"><Client><Identity>agent_7</Identity>
<Parameter name="case" value="42"/></Client></Dial></Response>"""
ANSWERS = {"9": WAIT, "8": RING}
HOLD = f'<Response><Play loop="0">{PUBLIC}/tune.wav</Play></Response>'
DESK = """<!doctype html><title>Desk</title>
<script src="{simulator}/phone.js" defer></script>
<script src="/desk.js" defer></script><h1>Desk</h1>
<button id="go">Go</button>"""
DESK_SCRIPT = """
const seen = window.seen = [];
function phone(token, options) {
  const device = window.device = new Phone.Device(token, options);
  for (const name of ["registering", "registered", "unregistered", "tokenWillExpire"]) {
    device.on(name, () => seen.push(name));
  }
  device.on("error", (error) => seen.push(`error ${error.code}`));
  device.on("incoming", (call) => { seen.push("incoming"); follow(call); });
  return device;
}
function follow(call) {
  window.call = call;
  for (const name of ["ringing", "accept", "disconnect", "cancel", "reject"]) {
    call.on(name, () => seen.push(name));
  }
}
async function talk(params) {
  follow(await device.connect({ params }));
}
document.getElementById("go").onclick = () => talk({ offer: "42" });
"""


@dataclass
class LineApp:
    """The application; what it was told is in its lists."""

    tune: bytes
    simulator: str = ""
    port: int = 0
    voice: str = ANSWER
    agent: str = ""
    """What an agent's call is answered with instead."""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)
    stream_events: list[str] = field(default_factory=list)

    def asked(self, path: str) -> list[dict[str, str]]:
        """The form fields of each request to `path`."""
        return [form for asked, form in self.requests if asked == path]

    def build(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_post("/voice", self._voice)
        app.router.add_post("/keys", self._talk)
        app.router.add_post("/agent", self._talk)
        app.router.add_post("/wait", self._wait)
        app.router.add_post("/after", self._wait)
        app.router.add_post("/status", self._note)
        app.router.add_get("/tune.wav", self._tune)
        app.router.add_get("/media", self._media)
        app.router.add_get("/desk", self._desk)
        app.router.add_get("/desk.js", self._desk_script)
        return app

    async def _note(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.requests.append((request.path, {key: str(form[key]) for key in form}))
        return web.Response()

    async def _voice(self, request: web.Request) -> web.Response:
        await self._note(request)
        return web.Response(text=self.voice, content_type="text/xml")

    async def _talk(self, request: web.Request) -> web.Response:
        await self._note(request)
        _, form = self.requests[-1]
        if self.agent and form["From"].startswith("client:"):
            return web.Response(text=self.agent, content_type="text/xml")
        answer = FETCH if "queue" in form else ANSWERS.get(form.get("Digits", ""), TALK)
        return web.Response(text=answer, content_type="text/xml")

    async def _wait(self, request: web.Request) -> web.Response:
        await self._note(request)
        return web.Response(text=HOLD, content_type="text/xml")

    async def _tune(self, request: web.Request) -> web.Response:
        return web.Response(body=self.tune, content_type="audio/wav")

    async def _media(self, request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        async for message in line:
            if message.type is not WSMsgType.TEXT:
                continue
            event = json.loads(message.data)
            if event["event"] != "media":
                self.stream_events.append(event["event"])
                continue
            self.heard += base64.b64decode(event["media"]["payload"])
            await line.send_json(
                {
                    "event": "media",
                    "streamSid": event["streamSid"],
                    "media": {"payload": event["media"]["payload"]},
                }
            )
        return line

    async def _desk(self, request: web.Request) -> web.Response:
        sockets = self.simulator.replace("http", "ws", 1)
        policy = (
            f"default-src 'self'; script-src 'self' {self.simulator}; "
            f"connect-src 'self' {sockets} {self.simulator}"
        )
        return web.Response(
            text=DESK.format(simulator=self.simulator),
            content_type="text/html",
            headers={"Content-Security-Policy": policy},
        )

    async def _desk_script(self, request: web.Request) -> web.Response:
        return web.Response(text=DESK_SCRIPT, content_type="text/javascript")


def token(
    identity: str = "agent_7", *, ttl: int = 3600, secret: str = SECRET, app: str | None = APP
) -> str:
    """An access token as a desk's server makes it."""
    made = AccessToken(ACCOUNT, KEY, secret, identity=identity, ttl=ttl)
    made.add_grant(VoiceGrant(incoming_allow=True, outgoing_application_sid=app))
    return str(made.to_jwt())


@contextmanager
def start_line(tune: bytes, folder: Path) -> Iterator[LineApp]:
    """Run the application in a thread and the simulator in a process."""
    ours, theirs = free_ports(2)
    app = LineApp(tune, simulator=f"http://localhost:{ours}", port=theirs)
    with _Serving(app), simulator_for(app, folder):
        yield app


@contextmanager
def simulator_for(app: LineApp, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the simulator on its port until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "serve", *_flags(app, folder)],
        env={
            **os.environ,
            "SIMULATOR_AUTH_TOKEN": AUTH_TOKEN,
            "SIMULATOR_API_SECRET": SECRET,
        },
    )
    try:
        eventually(lambda: _is_up(f"{app.simulator}/healthz", process))
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def _flags(app: LineApp, folder: Path) -> list[str]:
    flags = {
        "port": app.simulator.rpartition(":")[2],
        "account-sid": ACCOUNT,
        "api-key": KEY,
        "number": NUMBER,
        "voice-url": f"{PUBLIC}/voice",
        "status-callback": f"{PUBLIC}/status",
        "app-sid": APP,
        "app-voice-url": f"{PUBLIC}/agent",
        "data-dir": str(folder / "simulator"),
    }
    maps = [
        f"{PUBLIC}=http://127.0.0.1:{app.port}",
        f"wss://app.example=ws://127.0.0.1:{app.port}",
    ]
    named = [part for name, value in flags.items() for part in (f"--{name}", value)]
    return named + [part for mapping in maps for part in ("--map", mapping)]


def _is_up(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, f"the simulator ended with status {process.returncode}"
    with suppress(requests.RequestException):
        return requests.get(url, timeout=2).ok
    return False


class _Serving(InALoop):
    def __init__(self, app: LineApp) -> None:
        super().__init__()
        self._app = app

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        runner = web.AppRunner(self._app.build())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._app.port).start()
        try:
            yield
        finally:
            await runner.cleanup()
