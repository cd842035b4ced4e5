"""Calls by REST: list, fetch, redirect, hang up."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from simulator.call import Call, Inline
from simulator.keys import NETWORK
from simulator.rest.answers import ApiError, keeps, not_found, page, posted, shown_date
from simulator.webhook import Request

_MOST_TWIML = 4000
_SUBRESOURCES = ("notifications", "recordings", "streams", "transcriptions", "events")


def shown(call: Call) -> dict[str, Any]:
    """A call as REST shows it."""
    party = call.party
    uri = f"/2010-04-01/Accounts/{call.account_sid}/Calls/{call.sid}"
    duration = call.duration_s
    return {
        "sid": call.sid,
        "account_sid": call.account_sid,
        "api_version": "2010-04-01",
        "date_created": shown_date(call.created_at),
        "date_updated": shown_date(call.ended_at or call.answered_at or call.created_at),
        "parent_call_sid": None,
        "to": party.to,
        "to_formatted": party.to,
        "from": party.from_,
        "from_formatted": party.from_,
        "phone_number_sid": None,
        "status": call.status,
        "start_time": shown_date(call.answered_at or call.created_at),
        "end_time": shown_date(call.ended_at),
        "duration": None if duration is None else str(duration),
        "price": None,
        "price_unit": "USD",
        "direction": party.direction,
        "answered_by": None,
        "forwarded_from": dict(party.params).get("ForwardedFrom"),
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {name: f"{uri}/{name.title()}.json" for name in _SUBRESOURCES},
    }


def _found(request: web.Request) -> Call:
    call = request.app[NETWORK].calls.get(request.match_info["sid"])
    if call is None:
        raise not_found(request.path)
    return call


async def list_calls(request: web.Request) -> web.Response:
    """Newest first, filtered by To, From, Status, ParentCallSid, StartTime and EndTime."""
    query = request.query

    def wanted(call: Call) -> bool:
        return (
            query.get("To") in (None, call.party.to)
            and query.get("From") in (None, call.party.from_)
            and query.get("Status") in (None, call.status)
            and "ParentCallSid" not in query
            and keeps(query, "StartTime", call.answered_at or call.created_at)
            and keeps(query, "EndTime", call.ended_at)
        )

    calls = reversed(tuple(request.app[NETWORK].calls.values()))
    return page(request, "calls", filter(wanted, calls), shown)


async def fetch_call(request: web.Request) -> web.Response:
    """One call."""
    return web.json_response(shown(_found(request)))


async def update_call(request: web.Request) -> web.Response:
    """Redirect a live call by Url or Twiml, or end it by Status."""
    call = _found(request)
    form = await posted(request)
    if call.is_over:
        raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect or end it.")
    if "Status" in form:
        _end(call, form["Status"])
    elif "Url" in form:
        _redirect(call, form["Url"], form.get("Method", "POST").upper())
    elif "Twiml" in form:
        _replace(call, form["Twiml"])
    else:
        raise ApiError(400, 20001, "expected Url, Twiml or Status")
    return web.json_response(shown(call))


def _end(call: Call, status: str) -> None:
    if status == "completed":
        call.end(by="line", status="completed")
    elif status == "canceled":
        if call.status != "ringing":
            raise ApiError(400, 21220, "Call is in progress; it can only be completed")
        call.end(by="line", status="canceled")
    else:
        raise ApiError(400, 20001, f"Status: expected completed or canceled, got {status!r}")


def _redirect(call: Call, url: str, method: str) -> None:
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ApiError(400, 21205, f"Url is not a valid URL: {url!r}")
    if method not in {"GET", "POST"}:
        raise ApiError(400, 20001, f"Method: expected GET or POST, got {method!r}")
    _must_be_in_progress(call)
    call.interrupt(Request(url, call.fields(), method))


def _replace(call: Call, twiml: str) -> None:
    if len(twiml) > _MOST_TWIML:
        raise ApiError(400, 20001, f"Twiml: at most {_MOST_TWIML} characters, got {len(twiml)}")
    _must_be_in_progress(call)
    call.interrupt(Inline(twiml))


def _must_be_in_progress(call: Call) -> None:
    if call.status != "in-progress":
        raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect.")


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    router.add_get(f"{root}/Calls.json", list_calls)
    router.add_get(f"{root}/Calls/{{sid}}.json", fetch_call)
    router.add_post(f"{root}/Calls/{{sid}}.json", update_call)
