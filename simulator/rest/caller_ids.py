"""Verified numbers of others by REST: what the account may show as caller.

Parameters and fields: Twilio, "OutgoingCallerId resource" and "ValidationRequest". Nobody is called
to type the code: a number counts as verified at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulator.exchange import Exchange
from simulator.keys import EXCHANGE
from simulator.numbers.e164 import is_e164, to_e164
from simulator.registries.verified import VerifiedNumber
from simulator.rest.addresses import check_names, name_of
from simulator.rest.answers import ApiError, found_at, page, posted, shown_date
from simulator.rest.calls import formatted
from simulator.rest.parameters import method_of, url_of
from simulator.sids import CALL, new_sid
from simulator.webhooks.webhook import Request

_OF_REQUEST = frozenset(
    {
        "PhoneNumber", "FriendlyName", "CallDelay", "Extension", "StatusCallback",
        "StatusCallbackMethod",
    }
)  # fmt: skip
_LONGEST_DELAY_S = 60


def shown(number: VerifiedNumber, account_sid: str) -> dict[str, Any]:
    """A verified number as REST shows it."""
    return {
        "sid": number.sid,
        "account_sid": account_sid,
        "phone_number": number.phone_number,
        "friendly_name": _name(number),
        "date_created": shown_date(number.created_at),
        "date_updated": shown_date(number.updated_at),
        "uri": f"/2010-04-01/Accounts/{account_sid}/OutgoingCallerIds/{number.sid}.json",
    }


async def list_caller_ids(request: web.Request) -> web.Response:
    """Newest first, filtered by PhoneNumber and FriendlyName."""
    exchange, query = request.app[EXCHANGE], request.query

    def wanted(one: VerifiedNumber) -> bool:
        return query.get("PhoneNumber") in (None, one.phone_number) and query.get(
            "FriendlyName"
        ) in (None, _name(one))

    numbers = reversed(tuple(exchange.account.verified.by_number.values()))
    sid = exchange.settings.account_sid
    found = filter(wanted, numbers)
    return page(request, "outgoing_caller_ids", found, lambda one: shown(one, sid))


async def request_validation(request: web.Request) -> web.Response:
    """Verify a number; the answer has the code that its owner would be asked for."""
    exchange, form = request.app[EXCHANGE], await posted(request)
    check_names(form, _OF_REQUEST)
    phone_number = _number_of(exchange, form)
    told, method = url_of(form, "StatusCallback"), method_of(form, "StatusCallbackMethod")
    number = exchange.account.verified.verify(
        phone_number, exchange.clock.date, name=name_of(form, "")
    )
    call_sid = new_sid(CALL)
    if told:
        exchange.background.run(
            exchange.sender.send_quietly(_outcome(exchange, number, call_sid, told, method))
        )
    return web.json_response(
        {
            "account_sid": exchange.settings.account_sid,
            "call_sid": call_sid,
            "friendly_name": _name(number),
            "phone_number": phone_number,
            "validation_code": f"{int(call_sid[2:], 16) % 1_000_000:06d}",
        }
    )


def _number_of(exchange: Exchange, form: Mapping[str, str]) -> str:
    """The number to verify. Raises ApiError."""
    phone_number, delay = to_e164(form.get("PhoneNumber", "")), form.get("CallDelay", "0")
    if not is_e164(phone_number):
        raise ApiError(400, 21421, "PhoneNumber: expected a number in E.164")
    if phone_number in exchange.account.verified.by_number:
        raise ApiError(400, 21450, "Phone number already verified for your account")
    if not re.fullmatch("[0-9]{1,2}", delay) or int(delay) > _LONGEST_DELAY_S:
        raise ApiError(400, 21454, f"CallDelay: expected 0 to {_LONGEST_DELAY_S}, got {delay!r}")
    return phone_number


def _outcome(
    exchange: Exchange, number: VerifiedNumber, call_sid: str, url: str, method: str
) -> Request:
    """What the application is told once the owner has typed the code."""
    form = (
        ("AccountSid", exchange.settings.account_sid),
        ("CallSid", call_sid),
        ("To", number.phone_number),
        ("VerificationStatus", "success"),
        ("OutgoingCallerIdSid", number.sid),
    )
    return Request(url, form, method, purpose="status")


async def fetch_caller_id(request: web.Request) -> web.Response:
    """One verified number."""
    return web.json_response(shown(_found(request), _account_sid(request)))


async def update_caller_id(request: web.Request) -> web.Response:
    """Another name."""
    number, form = _found(request), await posted(request)
    check_names(form, frozenset({"FriendlyName"}))
    number.friendly_name = name_of(form, _name(number))
    number.updated_at = request.app[EXCHANGE].clock.date
    return web.json_response(shown(number, _account_sid(request)))


async def delete_caller_id(request: web.Request) -> web.Response:
    """It is not verified any more."""
    del request.app[EXCHANGE].account.verified.by_number[_found(request).phone_number]
    return web.Response(status=204)


def _name(number: VerifiedNumber) -> str:
    return number.friendly_name or formatted(number.phone_number)


def _account_sid(request: web.Request) -> str:
    return request.app[EXCHANGE].settings.account_sid


def _found(request: web.Request) -> VerifiedNumber:
    number: VerifiedNumber | None = request.app[EXCHANGE].account.verified.by_sid(
        request.match_info["sid"]
    )
    return found_at(request.path, number)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    one = f"{root}/OutgoingCallerIds/{{sid}}.json"
    router.add_get(f"{root}/OutgoingCallerIds.json", list_caller_ids)
    router.add_post(f"{root}/OutgoingCallerIds.json", request_validation)
    router.add_get(one, fetch_caller_id)
    router.add_post(one, update_caller_id)
    router.add_delete(one, delete_caller_id)
