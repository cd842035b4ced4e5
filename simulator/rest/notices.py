"""What went wrong and what was asked, by REST: notifications, and the requests of a call.

Fields: Twilio, "Notification resource" and "Call Event resource".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from simulator.calls.call import SentWebhook
from simulator.debugger import Alert
from simulator.keys import EXCHANGE
from simulator.rest.answers import ApiError, keeps, not_found, page, shown_date
from simulator.rest.nouns import call_of

_LEVELS = {"error": "0", "warning": "1"}


def shown(alert: Alert, account_sid: str) -> dict[str, Any]:
    """A notification as a list shows it."""
    at = shown_date(datetime.fromisoformat(alert.at))
    base = f"/2010-04-01/Accounts/{account_sid}"
    return {
        "sid": alert.sid,
        "account_sid": account_sid,
        "call_sid": alert.call_sid or None,
        "api_version": "2010-04-01",
        "log": _LEVELS.get(alert.level, "0"),
        "error_code": str(alert.code),
        "more_info": f"https://www.twilio.com/docs/errors/{alert.code}",
        "message_text": alert.message,
        "message_date": at,
        "request_url": alert.url or None,
        "request_method": "POST",
        "date_created": at,
        "date_updated": at,
        "uri": f"{base}/Notifications/{alert.sid}.json",
    }


def shown_whole(alert: Alert, account_sid: str) -> dict[str, Any]:
    """A notification by itself, with what was answered."""
    answered = {
        "request_variables": "",
        "response_headers": "",
        "response_body": alert.response,
    }
    return {**shown(alert, account_sid), **answered}


def shown_event(sent: SentWebhook, at: str | None) -> dict[str, Any]:
    """A request to the application and its answer."""
    return {
        "request": {
            "method": sent.request.method,
            "url": sent.request.url,
            "parameters": dict(sent.request.form),
        },
        "response": {
            "response_code": sent.status or None,
            "request_duration": round(sent.took_s * 1000),
            "response_body": sent.body.decode(errors="replace"),
            "date_created": at,
        },
    }


async def list_notifications(request: web.Request) -> web.Response:
    """Newest first, filtered by Log (0 error, 1 warning) and MessageDate."""
    exchange, query = request.app[EXCHANGE], request.query
    call_sid = call_of(request).sid if "call_sid" in request.match_info else ""
    if query.get("Log", "0") not in _LEVELS.values():
        raise ApiError(400, 20001, "Log: expected 0 or 1")

    def wanted(one: Alert) -> bool:
        return query.get("Log") in (None, _LEVELS.get(one.level)) and keeps(
            query, "MessageDate", datetime.fromisoformat(one.at)
        )

    found = filter(wanted, reversed(exchange.debugger.about(call_sid=call_sid)))
    sid = exchange.settings.account_sid
    return page(request, "notifications", found, lambda one: shown(one, sid))


async def fetch_notification(request: web.Request) -> web.Response:
    """One notification."""
    exchange = request.app[EXCHANGE]
    call_sid = request.match_info.get("call_sid", "")
    for one in exchange.debugger.about(call_sid=call_sid):
        if one.sid == request.match_info["sid"]:
            return web.json_response(shown_whole(one, exchange.settings.account_sid))
    raise not_found(request.path)


async def list_events(request: web.Request) -> web.Response:
    """The requests of a call, in the order in which they were sent."""
    call = call_of(request)
    at = shown_date(call.created_at)
    return page(request, "events", call.webhooks, lambda sent: shown_event(sent, at))


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resources, of the account and of a call."""
    for base in (root, f"{root}/Calls/{{call_sid}}"):
        router.add_get(f"{base}/Notifications.json", list_notifications)
        router.add_get(f"{base}/Notifications/{{sid}}.json", fetch_notification)
    router.add_get(f"{root}/Calls/{{call_sid}}/Events.json", list_events)
