"""Messages by REST: send, list, fetch."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from aiohttp import web

from simulator.keys import NETWORK
from simulator.messages import MOST_CHARACTERS, Message
from simulator.network import Network
from simulator.rest.answers import ApiError, keeps, not_found, page, posted, shown_date
from simulator.webhook import Request

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


def shown(message: Message) -> dict[str, Any]:
    """A message as REST shows it."""
    uri = f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": message.account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "from": message.from_,
        "to": message.to,
        "direction": message.direction,
        "status": message.status,
        "num_segments": str(message.segments),
        "num_media": "0",
        "date_created": shown_date(message.created_at),
        "date_updated": shown_date(message.created_at),
        "date_sent": shown_date(message.created_at),
        "messaging_service_sid": None,
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


async def create_message(request: web.Request) -> web.Response:
    """Send a text; it is delivered at once, and its states are called back."""
    network = request.app[NETWORK]
    form = await posted(request)
    _check(form, network.account.numbers)
    if form["To"] in network.messages.opted_out:
        raise ApiError(400, 21610, "Attempt to send to unsubscribed recipient")
    message = network.messages.add(
        account_sid=network.settings.account_sid,
        from_=form["From"],
        to=form["To"],
        body=form["Body"],
        direction="outbound-api",
        at=network.clock.date,
        status_callback=form.get("StatusCallback", ""),
    )
    if message.status_callback:
        network.aside(_call_back(network, message))
    return web.json_response({**shown(message), "status": "queued", "date_sent": None}, status=201)


def _check(form: dict[str, str], own: Container[str]) -> None:
    if not form.get("To"):
        raise ApiError(400, 21604, "A 'To' phone number is required.")
    if not _NUMBER.fullmatch(form["To"]):
        raise ApiError(400, 21211, "Invalid 'To' Phone Number")
    if not form.get("From"):
        raise ApiError(400, 21603, "A 'From' phone number is required.")
    if form["From"] not in own:
        raise ApiError(400, 21606, "The 'From' number is not a number of this account")
    if not form.get("Body"):
        raise ApiError(400, 21602, "Message body is required.")
    if len(form["Body"]) > MOST_CHARACTERS:
        raise ApiError(400, 21617, f"The message body exceeds {MOST_CHARACTERS} characters.")


async def _call_back(network: Network, message: Message) -> None:
    for status in ("sent", "delivered"):
        form = (
            ("AccountSid", message.account_sid),
            ("ApiVersion", "2010-04-01"),
            ("From", message.from_),
            ("To", message.to),
            ("MessageSid", message.sid),
            ("SmsSid", message.sid),
            ("MessageStatus", status),
            ("SmsStatus", status),
        )
        await network.send_quietly(Request(message.status_callback, form, purpose="message"))


async def list_messages(request: web.Request) -> web.Response:
    """Newest first, filtered by To, From and DateSent."""
    query = request.query

    def wanted(message: Message) -> bool:
        return (
            query.get("To") in (None, message.to)
            and query.get("From") in (None, message.from_)
            and keeps(query, "DateSent", message.created_at)
        )

    messages = reversed(request.app[NETWORK].messages.all)
    return page(request, "messages", filter(wanted, messages), shown)


async def fetch_message(request: web.Request) -> web.Response:
    """One message."""
    sid = request.match_info["sid"]
    for message in request.app[NETWORK].messages.all:
        if message.sid == sid:
            return web.json_response(shown(message))
    raise not_found(request.path)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    router.add_get(f"{root}/Messages.json", list_messages)
    router.add_post(f"{root}/Messages.json", create_message)
    router.add_get(f"{root}/Messages/{{sid}}.json", fetch_message)
