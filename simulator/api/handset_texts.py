"""A handset sends a text: POST /simulator/messages.

`{"from": "+1...", "to": "+1...", "body": "...", "media": [{"type": "image/png", "data": "..."}]}`,
`data` in Base64. The answer is the message as REST shows it, once the application was asked.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any

from aiohttp import web

from simulator.keys import NETWORK
from simulator.registries.text_messages import MOST_MEDIA, Media
from simulator.rest.messages import shown


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the address."""
    router.add_post("/simulator/messages", receive_text)


async def receive_text(request: web.Request) -> web.Response:
    """Send a text to a number of the account."""
    network = request.app[NETWORK]
    exchange = network.exchange
    try:
        body = await request.json()
        if not isinstance(body, dict):
            raise ValueError("expected a JSON object")
        text = _text(body, "body", "")
        from_number, to = _text(body, "from"), _text(body, "to", exchange.settings.number)
        if to not in exchange.account.numbers:
            raise ValueError(f"to: expected a number of the account, got {to!r}")
        media = _media(body.get("media", []), exchange.clock.date)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    message = await network.text(from_number=from_number, to=to, body=text, media=media)
    return web.json_response(shown(message), status=201)


def _text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{name}: expected text, got {value!r}")
    return value


def _media(source: Any, at: datetime) -> list[Media]:
    if not isinstance(source, list) or len(source) > MOST_MEDIA:
        raise ValueError(f"media: expected a list of at most {MOST_MEDIA}")
    found = []
    for one in source:
        if not isinstance(one, dict):
            raise ValueError("media: expected objects with type and data")
        try:
            content = base64.b64decode(_text(one, "data"), validate=True)
        except binascii.Error as error:
            raise ValueError("media: data: expected Base64") from error
        found.append(Media(at, _text(one, "type"), content))
    return found
