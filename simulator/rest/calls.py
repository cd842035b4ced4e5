"""Calls by REST: make, list, fetch, redirect, hang up, forget."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import web

from simulator.calls.call import Call, Inline, Party
from simulator.calls.status_callback import StatusCallback
from simulator.documents.ring import Ring
from simulator.exchange import Exchange
from simulator.keys import EXCHANGE, NETWORK
from simulator.numbers.e164 import to_e164
from simulator.registries.reach import CALLS
from simulator.rest.answers import ApiError, found_at, keeps, page, posted, repeated, shown_date
from simulator.rest.parameters import (
    EVENTS,
    checked_url,
    detection_from,
    flag,
    method_of,
    progress_from,
    recording_from,
    seconds_of,
    url_of,
)
from simulator.settings import Hook
from simulator.webhooks.webhook import Request

_MOST_TWIML = 4000
_NOT_EMULATED = frozenset({"Byoc", "SipAuthUsername", "SipAuthPassword", "ClientNotificationUrl"})
_LONGEST_REASON = 50
_UPDATES = frozenset({"Url", "Twiml", "Status", "FallbackUrl", "StatusCallback", "TimeLimit"})
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
        "parent_call_sid": party.parent_sid or None,
        "to": party.to,
        "to_formatted": formatted(party.to),
        "from": party.from_,
        "from_formatted": formatted(party.from_),
        "phone_number_sid": call.number_sid or None,
        "status": call.status,
        "start_time": shown_date(_started(call)),
        "end_time": shown_date(call.ended_at),
        "duration": None if duration is None else str(duration),
        "price": None,
        "price_unit": "USD",
        "direction": party.direction,
        "answered_by": call.answered_by or None,
        "forwarded_from": party.facts.forwarded_from or None,
        "group_sid": None,
        "caller_name": party.facts.name or None,
        "queue_time": str(call.queue_time_ms),
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {name: f"{uri}/{name.title()}.json" for name in _SUBRESOURCES},
    }


def formatted(address: str) -> str:
    """An address as people write it: (312) 555-0101 for +13125550101."""
    digits = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", address)
    return f"({digits[1]}) {digits[2]}-{digits[3]}" if digits else address


def _started(call: Call) -> datetime | None:
    """When it was answered; an incoming call began when it came."""
    if call.party.direction == "inbound":
        return call.answered_at or call.created_at
    return call.answered_at


def _found(request: web.Request) -> Call:
    calls = request.app[EXCHANGE].calls
    return found_at(request.path, calls.get(request.match_info["sid"]))


async def list_calls(request: web.Request) -> web.Response:
    """Newest first, filtered by To, From, Status, ParentCallSid, StartTime and EndTime."""
    query = request.query

    def wanted(call: Call) -> bool:
        return (
            query.get("To") in (None, call.party.to)
            and query.get("From") in (None, call.party.from_)
            and query.get("Status") in (None, call.status)
            and query.get("ParentCallSid") in (None, call.party.parent_sid)
            and keeps(query, "StartTime", call.answered_at or call.created_at)
            and keeps(query, "EndTime", call.ended_at)
        )

    calls = reversed(tuple(request.app[EXCHANGE].calls.values()))
    return page(request, "calls", filter(wanted, calls), shown)


async def fetch_call(request: web.Request) -> web.Response:
    """One call."""
    return web.json_response(shown(_found(request)))


async def create_call(request: web.Request) -> web.Response:
    """Call somebody; the answer is `queued` and comes at once."""
    exchange = request.app[EXCHANGE]
    ring = ring_from(
        exchange,
        await posted(request),
        await repeated(request, EVENTS),
        await repeated(request, "RecordingStatusCallbackEvent"),
    )
    return web.json_response(shown(request.app[NETWORK].outgoing.place(ring)), status=201)


def ring_from(
    exchange: Exchange,
    form: Mapping[str, str],
    events: tuple[str, ...],
    recording_events: tuple[str, ...],
) -> Ring:
    """What a form asks for. Raises ApiError with the carrier's codes."""
    refused = next((name for name in form if name in _NOT_EMULATED and form[name]), None)
    if refused is not None:
        raise ApiError(400, 20001, f"{refused} is not emulated here")
    to, from_, digits = called(exchange, form), caller_of(exchange, form), _send_digits(form)
    hook, inline, progress = _document(exchange, form, events)
    record = recording_from(form, recording_events, trims=("trim-silence", "do-not-trim"))
    detection = detection_from(form, "AsyncAmdStatusCallback", always_aside=False)
    return Ring(
        to,
        shown_caller(form) or from_,
        timeout_s=seconds_of(form, "Timeout", 60, 600),
        hook=hook,
        inline=inline,
        progress=progress,
        send_digits=digits,
        time_limit_s=seconds_of(form, "TimeLimit", 14_400, 86_400),
        detection=detection if form.get("MachineDetection") and not digits else None,
        record=record if flag(form, "Record") else None,
    )


def called(exchange: Exchange, form: Mapping[str, str]) -> str:
    """Whom to call. Raises ApiError."""
    to = to_e164(form.get("To", ""))
    if not to:
        raise ApiError(400, 21201, "No 'To' number is specified")
    code = exchange.reach.of_calls(to)
    if code is not None:
        raise ApiError(400, code, CALLS[code])
    if to.startswith(("client:", "sip:")) or re.fullmatch(r"\+[1-9]\d{3,14}", to):
        return to
    raise ApiError(400, 21211, f"To: expected +1..., client:... or sip:..., got {to!r}")


def caller_of(exchange: Exchange, form: Mapping[str, str]) -> str:
    """Who calls: the account's number, or a client. Raises ApiError."""
    from_ = to_e164(form.get("From", ""))
    if not from_:
        raise ApiError(400, 21213, "No 'From' number is specified")
    if from_ in exchange.account.own_numbers or from_.startswith("client:"):
        return from_
    if from_ and from_ == _of_token(exchange, form.get("CallToken", "")):
        return from_
    if not from_.startswith("+"):
        raise ApiError(400, 21212, f"From: expected a number in E.164, got {from_!r}")
    raise ApiError(400, 21210, f"From: {from_} is not a number of this account")


def _of_token(exchange: Exchange, token: str) -> str:
    """The caller of the live call that the token came with."""
    try:
        number, _, sid = base64.b64decode(token, validate=True).decode().partition(" ")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    call = exchange.calls.get(sid)
    return number if call is not None and not call.is_over else ""


def shown_caller(form: Mapping[str, str]) -> str:
    """Whom the called side sees, where that is not the caller. Raises ApiError."""
    if len(form.get("CallReason", "")) > _LONGEST_REASON:
        raise ApiError(400, 20001, f"CallReason: at most {_LONGEST_REASON} characters")
    caller = to_e164(form.get("CallerId", ""))
    if caller and not re.fullmatch(r"\+[1-9]\d{3,14}|(client|sip):.+", caller):
        raise ApiError(400, 21212, f"CallerId: expected +1..., client: or sip:, got {caller!r}")
    return caller


def _document(
    exchange: Exchange, form: Mapping[str, str], events: tuple[str, ...]
) -> tuple[Hook | None, str, StatusCallback]:
    """What the call runs and whom its progress is told: the application's word counts most."""
    progress, method = progress_from(exchange, form, events), method_of(form, "Method")
    if form.get("ApplicationSid"):
        answering = exchange.account.application(form["ApplicationSid"])
        if answering.voice is None:
            raise ApiError(400, 21218, f"there is no application {form['ApplicationSid']}")
        return answering.voice, "", StatusCallback(answering.status_callback)
    if form.get("Url"):
        checked_url("Url", form["Url"])
        hook = Hook(
            form["Url"],
            method,
            url_of(form, "FallbackUrl"),
            method_of(form, "FallbackMethod"),
        )
        return hook, "", progress
    if form.get("Twiml"):
        if len(form["Twiml"]) > _MOST_TWIML:
            raise ApiError(400, 20001, f"Twiml: at most {_MOST_TWIML} characters")
        return None, form["Twiml"], progress
    raise ApiError(400, 21205, "expected Url, Twiml or ApplicationSid")


def _send_digits(form: Mapping[str, str]) -> str:
    digits = form.get("SendDigits", "")
    if not re.fullmatch(r"[0-9A-D#*wW]{0,32}", digits):
        raise ApiError(400, 20001, f"SendDigits: expected 0-9 A-D # * w W, got {digits!r}")
    return digits


async def delete_call(request: web.Request) -> web.Response:
    """Forget a call that is over."""
    call = _found(request)
    if not call.is_over:
        raise ApiError(409, 20009, "Cannot delete this resource before it is complete")
    request.app[EXCHANGE].calls.pop(call.sid, None)
    return web.Response(status=204)


async def update_call(request: web.Request) -> web.Response:
    """Redirect a live call by Url or Twiml, end it by Status, or change what follows."""
    call, form = _found(request), await posted(request)
    if call.is_over:
        raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect or end it.")
    if form.get("Url") and form.get("Twiml"):
        raise ApiError(400, 20001, "expected Url or Twiml, got both")
    if not set(form) & _UPDATES:
        raise ApiError(400, 20001, f"expected one of {', '.join(sorted(_UPDATES))}")
    following = _following(call, form)
    if "Status" in form:
        _end(call, form["Status"])
    elif form.get("Url"):
        _redirect(call, form)
    elif form.get("Twiml"):
        _replace(call, form["Twiml"])
    call.party = following
    if "TimeLimit" in form:
        call.limit(seconds_of(form, "TimeLimit", 14_400, 86_400))
    return web.json_response(shown(call))


def _following(call: Call, form: Mapping[str, str]) -> Party:
    """The party with another fallback and another address for its progress. Raises ApiError."""
    party = call.party
    if "TimeLimit" in form:
        seconds_of(form, "TimeLimit", 14_400, 86_400)
    if "FallbackUrl" in form:
        url, method = url_of(form, "FallbackUrl"), method_of(form, "FallbackMethod")
        party = replace(party, hook=replace(party.hook, fallback_url=url, fallback_method=method))
    if "StatusCallback" not in form:
        return party
    url, method = url_of(form, "StatusCallback"), method_of(form, "StatusCallbackMethod")
    if party.direction == "inbound":
        return replace(party, status_callback=url, status_method=method)
    return replace(party, progress=StatusCallback(url, method, party.progress.events))


def _end(call: Call, status: str) -> None:
    if status == "completed":
        call.end(by="line", status="completed")
    elif status == "canceled":
        if call.status not in {"queued", "ringing"}:
            raise ApiError(400, 21220, "Call is in progress; it can only be completed")
        call.end(by="line", status="canceled")
    else:
        raise ApiError(400, 20001, f"Status: expected completed or canceled, got {status!r}")


def _redirect(call: Call, form: Mapping[str, str]) -> None:
    url = checked_url("Url", form["Url"])
    method = method_of(form, "Method")
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
    router.add_post(f"{root}/Calls.json", create_call)
    router.add_delete(f"{root}/Calls/{{sid}}.json", delete_call)
    router.add_get(f"{root}/Calls/{{sid}}.json", fetch_call)
    router.add_post(f"{root}/Calls/{{sid}}.json", update_call)
