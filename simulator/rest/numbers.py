"""The account's numbers by REST: where calls and texts to them are asked about.

Parameters and fields: Twilio, "IncomingPhoneNumber resource".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.numbers.e164 import is_e164
from simulator.registries.account import Account, Answering, Number
from simulator.rest.addresses import ADDRESSES, changed, check_names, name_of, shown_addresses
from simulator.rest.answers import ApiError, found_at, page, posted, shown_date
from simulator.rest.available import numbers_in

_OF_NUMBER = ADDRESSES | {"VoiceApplicationSid", "SmsApplicationSid", "VoiceCallerIdLookup"}
_KINDS = ("Local", "Mobile", "TollFree")
_TOLL_FREE = re.compile(r"\+1(800|833|844|855|866|877|888)\d{7}")


def shown_number(number: Number, account_sid: str) -> dict[str, Any]:
    """A number as REST shows it."""
    return {
        "sid": number.sid,
        "account_sid": account_sid,
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        **shown_addresses(number.answering, looks_up_names=number.looks_up_names),
        "voice_application_sid": number.voice_application_sid or None,
        "sms_application_sid": number.sms_application_sid or None,
        "voice_receive_mode": "voice",
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "address_requirements": "none",
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "type": "toll-free" if _kind(number) == "TollFree" else "local",
        "address_sid": None,
        "bundle_sid": None,
        "emergency_address_sid": None,
        "emergency_address_status": None,
        "emergency_status": "Inactive",
        "identity_sid": None,
        "trunk_sid": None,
        "date_created": shown_date(number.created_at),
        "date_updated": shown_date(number.updated_at),
        "uri": f"/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers/{number.sid}.json",
    }


async def list_numbers(request: web.Request) -> web.Response:
    """Newest first, filtered by PhoneNumber (also a part of it) and FriendlyName."""
    query, account = request.query, _account(request)
    part = re.sub(r"[^\d+]", "", query.get("PhoneNumber", ""))

    kind = request.path.rpartition("/")[2].removesuffix(".json")

    def wanted(number: Number) -> bool:
        return (
            part in number.phone_number
            and query.get("FriendlyName") in (None, number.friendly_name)
            and query.get("Beta", "false").lower() == "false"
            and query.get("Origin") in (None, "twilio")
            and (kind not in _KINDS or kind == _kind(number))
        )

    numbers = reversed(tuple(account.numbers.values()))
    sid = _account_sid(request)
    found = filter(wanted, numbers)
    return page(request, "incoming_phone_numbers", found, lambda one: shown_number(one, sid))


def _kind(number: Number) -> str:
    """Local or toll-free; no number here is a mobile one."""
    return "TollFree" if _TOLL_FREE.fullmatch(number.phone_number) else "Local"


async def buy_number(request: web.Request) -> web.Response:
    """Add a number; here everyone that is not taken can be had."""
    account, form = _account(request), await posted(request)
    check_names(form, _OF_NUMBER | {"PhoneNumber", "AreaCode"})
    phone_number = form.get("PhoneNumber", "")
    if not phone_number and form.get("AreaCode"):
        phone_number = next(numbers_in(form["AreaCode"], account.numbers), "")
    if not is_e164(phone_number):
        raise ApiError(400, 21421, "PhoneNumber: expected a number in E.164")
    if phone_number in account.numbers:
        raise ApiError(400, 21422, f"{phone_number} is not available")
    at = request.app[EXCHANGE].clock.date
    number = Number(phone_number, Answering(), phone_number, at, at)
    _configure(account, number, form)
    account.numbers[phone_number] = number
    return web.json_response(shown_number(number, _account_sid(request)), status=201)


async def fetch_number(request: web.Request) -> web.Response:
    """One number."""
    return web.json_response(shown_number(_number(request), _account_sid(request)))


async def update_number(request: web.Request) -> web.Response:
    """Point a number at other addresses; calls that come from now on ask there."""
    number, form = _number(request), await posted(request)
    check_names(form, _OF_NUMBER)
    _configure(_account(request), number, form)
    number.updated_at = request.app[EXCHANGE].clock.date
    return web.json_response(shown_number(number, _account_sid(request)))


async def release_number(request: web.Request) -> web.Response:
    """Give a number back: nobody answers it any more."""
    number = _number(request)
    del _account(request).numbers[number.phone_number]
    return web.Response(status=204)


def _configure(account: Account, number: Number, form: Mapping[str, str]) -> None:
    answering = changed(number.answering, form)
    sids = {}
    for name in ("VoiceApplicationSid", "SmsApplicationSid"):
        sids[name] = form.get(name, "")
        if sids[name] and sids[name] not in account.applications:
            raise ApiError(400, 21218, f"{name}: there is no application {sids[name]}")
    number.answering = answering
    number.friendly_name = name_of(form, number.friendly_name)
    if "VoiceApplicationSid" in form:
        number.voice_application_sid = sids["VoiceApplicationSid"]
    if "VoiceCallerIdLookup" in form:
        number.looks_up_names = form["VoiceCallerIdLookup"].lower() == "true"
    if "SmsApplicationSid" in form:
        number.sms_application_sid = sids["SmsApplicationSid"]


def _account(request: web.Request) -> Account:
    return request.app[EXCHANGE].account


def _account_sid(request: web.Request) -> str:
    return request.app[EXCHANGE].settings.account_sid


def _number(request: web.Request) -> Number:
    number = _account(request).number_by_sid(request.match_info["sid"])
    return found_at(request.path, number)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource, by itself and by kind."""
    numbers = f"{root}/IncomingPhoneNumbers"
    router.add_get(f"{numbers}.json", list_numbers)
    router.add_post(f"{numbers}.json", buy_number)
    for kind in _KINDS:
        router.add_get(f"{numbers}/{kind}.json", list_numbers)
        router.add_post(f"{numbers}/{kind}.json", buy_number)
    router.add_get(f"{numbers}/{{sid}}.json", fetch_number)
    router.add_post(f"{numbers}/{{sid}}.json", update_number)
    router.add_delete(f"{numbers}/{{sid}}.json", release_number)
