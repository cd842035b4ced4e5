"""A small voice application for measuring the phone network: keys, or sound sent straight back.

`python -m bench.phone_app PORT`: /keys asks five times for a key, /echo opens a media socket.
It prints how unevenly frames arrived as JSON when /figures is fetched, and how often which state
was told to /told when /counts is. /bye is a document that hangs up.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

QUESTIONS = 5
FRAME_S = 0.02


@dataclass
class Figures:
    """Times of frames from one socket, against an even row of 20 ms: deviations in seconds."""

    deviations_s: list[float] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    """How often which state of a call or message was told; `document`: how often /bye was asked."""


FIGURES: web.AppKey[Figures] = web.AppKey("figures")


async def keys(request: web.Request) -> web.Response:
    """Ask for one key after the other, then say goodbye."""
    done = int(request.query.get("n", "0"))
    if done >= QUESTIONS:
        return _xml("<Say>Goodbye</Say><Hangup/>")
    ask = f'<Gather numDigits="1" timeout="10" action="/keys?n={done + 1}">'
    return _xml(f"{ask}<Say>Press a key</Say></Gather><Hangup/>")


async def echo(request: web.Request) -> web.Response:
    """Connect the caller to the socket below."""
    return _xml('<Connect><Stream url="wss://bench.example/sound"/></Connect>')


async def sound(request: web.Request) -> web.WebSocketResponse:
    """Send every frame back, and note when it came."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    first: float | None = None
    count = 0
    deviations = request.app[FIGURES].deviations_s
    async for message in socket:
        now = time.perf_counter()
        if message.type != WSMsgType.TEXT:
            continue
        heard = json.loads(message.data)
        if heard["event"] != "media":
            continue
        first = now if first is None else first
        deviations.append(now - first - count * FRAME_S)
        count += 1
        back = {
            "event": "media",
            "streamSid": heard["streamSid"],
            "media": {"payload": heard["media"]["payload"]},
        }
        await socket.send_str(json.dumps(back))
    return socket


async def figures(request: web.Request) -> web.Response:
    """What was noted, and forget it."""
    found = request.app[FIGURES].deviations_s
    answer = web.json_response(found)
    request.app[FIGURES].deviations_s = []
    return answer


async def bye(request: web.Request) -> web.Response:
    """A document that is over at once."""
    request.app[FIGURES].told["document"] += 1
    return _xml("<Hangup/>")


async def told(request: web.Request) -> web.Response:
    """Count the state that a callback tells."""
    form = await request.post()
    state = form.get("CallStatus") or form.get("MessageStatus")
    request.app[FIGURES].told[str(state)] += 1
    return web.Response()


async def counts(request: web.Request) -> web.Response:
    """What was told so far; with `forget` in the query it is forgotten."""
    found = request.app[FIGURES].told
    answer = web.json_response(dict(found))
    if "forget" in request.query:
        found.clear()
    return answer


async def status(request: web.Request) -> web.Response:
    """A callback that nobody minds."""
    return web.Response()


def _xml(verbs: str) -> web.Response:
    return web.Response(text=f"<Response>{verbs}</Response>", content_type="text/xml")


def create_app() -> web.Application:
    """Its addresses, and nothing noted yet."""
    app = web.Application()
    app[FIGURES] = Figures()
    app.router.add_route("*", "/keys", keys)
    app.router.add_route("*", "/echo", echo)
    app.router.add_get("/sound", sound)
    app.router.add_get("/figures", figures)
    app.router.add_route("*", "/status", status)
    app.router.add_route("*", "/bye", bye)
    app.router.add_route("*", "/told", told)
    app.router.add_get("/counts", counts)
    return app


def main(port: int) -> None:
    """Serve until told to stop."""
    web.run_app(create_app(), host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
