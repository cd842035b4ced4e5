"""SMS/Messages, the older name of Messages: the same texts, with fewer fields.

Older helper libraries and scripts ask there (Twilio, "SMS Messages [Deprecated]").
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.registries.text_messages import Message
from simulator.rest.answers import page
from simulator.rest.messages import found_message, sent, wanted
from simulator.rest.messages import shown as shown_message

_FIELDS = (
    "sid", "account_sid", "api_version", "body", "from", "to", "direction", "status",
    "date_created", "date_updated", "date_sent", "price", "price_unit",
)  # fmt: skip


def shown(message: Message) -> dict[str, Any]:
    """A text as it was shown then."""
    whole = shown_message(message)
    uri = f"/2010-04-01/Accounts/{message.account_sid}/SMS/Messages/{message.sid}.json"
    return {**{name: whole[name] for name in _FIELDS}, "uri": uri}


async def create_sms(request: web.Request) -> web.Response:
    """Send a text."""
    return web.json_response(shown(await sent(request)), status=201)


async def list_sms(request: web.Request) -> web.Response:
    """Newest first, filtered by To, From and DateSent."""
    return page(request, "sms_messages", wanted(request), shown)


async def fetch_sms(request: web.Request) -> web.Response:
    """One text."""
    return web.json_response(shown(found_message(request)))


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    router.add_get(f"{root}/SMS/Messages.json", list_sms)
    router.add_post(f"{root}/SMS/Messages.json", create_sms)
    router.add_get(f"{root}/SMS/Messages/{{sid}}.json", fetch_sms)
