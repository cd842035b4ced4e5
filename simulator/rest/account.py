"""The account's numbers and applications by REST: where calls and texts are asked about.

Parameters and fields: Twilio, "IncomingPhoneNumber resource" and "Application resource".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulator.account import Account, Answering, Application, Number
from simulator.keys import NETWORK
from simulator.rest.answers import ApiError, not_found, page, posted, shown_date
from simulator.rest.parameters import checked_url, method_of, url_of
from simulator.settings import Hook

_ADDRESSES = frozenset(
    {
        "VoiceUrl", "VoiceMethod", "VoiceFallbackUrl", "VoiceFallbackMethod", "SmsUrl",
        "SmsMethod", "SmsFallbackUrl", "SmsFallbackMethod", "StatusCallback",
        "StatusCallbackMethod", "FriendlyName", "ApiVersion",
    }
)  # fmt: skip
_OF_NUMBER = _ADDRESSES | {"VoiceApplicationSid", "SmsApplicationSid", "VoiceCallerIdLookup"}
_OF_APPLICATION = _ADDRESSES | {"MessageStatusCallback"}
_LONGEST_NAME = 64
_KINDS = ("Local", "Mobile", "TollFree")
_TOLL_FREE = re.compile(r"\+1(800|833|844|855|866|877|888)\d{7}")


def shown_number(number: Number, account_sid: str) -> dict[str, Any]:
    """A number as REST shows it."""
    return {
        "sid": number.sid,
        "account_sid": account_sid,
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        **_shown_addresses(number.answering, looks_up_names=number.looks_up_names),
        "voice_application_sid": number.voice_application_sid or None,
        "sms_application_sid": number.sms_application_sid or None,
        "voice_receive_mode": "voice",
        "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
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


def shown_application(app: Application, account_sid: str) -> dict[str, Any]:
    """An application as REST shows it."""
    return {
        "sid": app.sid,
        "account_sid": account_sid,
        "friendly_name": app.friendly_name,
        **_shown_addresses(app.answering),
        "sms_status_callback": None,
        "message_status_callback": app.message_status_callback or None,
        "public_application_connect_enabled": False,
        "date_created": shown_date(app.created_at),
        "date_updated": shown_date(app.updated_at),
        "uri": f"/2010-04-01/Accounts/{account_sid}/Applications/{app.sid}.json",
    }


def _shown_addresses(answering: Answering, *, looks_up_names: bool = False) -> dict[str, Any]:
    voice, sms = answering.voice or Hook(""), answering.sms or Hook("")
    return {
        "api_version": "2010-04-01",
        "voice_url": voice.url,
        "voice_method": voice.method,
        "voice_fallback_url": voice.fallback_url,
        "voice_fallback_method": voice.fallback_method,
        "voice_caller_id_lookup": looks_up_names,
        "sms_url": sms.url,
        "sms_method": sms.method,
        "sms_fallback_url": sms.fallback_url,
        "sms_fallback_method": sms.fallback_method,
        "status_callback": answering.status_callback,
        "status_callback_method": answering.status_method,
    }


# The account itself


async def fetch_account(request: web.Request) -> web.Response:
    """The account: its credentials can be tried on it."""
    return web.json_response(_shown_account(request))


async def list_accounts(request: web.Request) -> web.Response:
    """There is one."""
    query, found = request.query, [_shown_account(request)]
    for name in ("FriendlyName", "Status"):
        key = "friendly_name" if name == "FriendlyName" else "status"
        found = [one for one in found if query.get(name) in (None, one[key])]
    return page(request, "accounts", found, lambda one: one)


def _shown_account(request: web.Request) -> dict[str, Any]:
    settings, at = request.app[NETWORK].settings, request.app[NETWORK].account.created_at
    uri = f"/2010-04-01/Accounts/{settings.account_sid}"
    below = {
        name: f"{uri}/{''.join(part.title() for part in name.split('_'))}.json"
        for name in (
            "applications", "calls", "conferences", "incoming_phone_numbers", "messages",
            "queues", "recordings",
        )
    }  # fmt: skip
    return {
        "sid": settings.account_sid,
        "owner_account_sid": settings.account_sid,
        "auth_token": settings.auth_token,
        "friendly_name": "The account of this simulator",
        "status": "active",
        "type": "Full",
        "date_created": shown_date(at),
        "date_updated": shown_date(at),
        "uri": f"{uri}.json",
        "subresource_uris": below,
    }


# Numbers


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
    _check_names(form, _OF_NUMBER | {"PhoneNumber"})
    phone_number = form.get("PhoneNumber", "")
    if not re.fullmatch(r"\+[1-9]\d{6,14}", phone_number):
        raise ApiError(400, 21421, "PhoneNumber: expected a number in E.164")
    if phone_number in account.numbers:
        raise ApiError(400, 21422, f"{phone_number} is not available")
    at = request.app[NETWORK].clock.date
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
    _check_names(form, _OF_NUMBER)
    _configure(_account(request), number, form)
    number.updated_at = request.app[NETWORK].clock.date
    return web.json_response(shown_number(number, _account_sid(request)))


async def release_number(request: web.Request) -> web.Response:
    """Give a number back: nobody answers it any more."""
    number = _number(request)
    del _account(request).numbers[number.phone_number]
    return web.Response(status=204)


def _configure(account: Account, number: Number, form: Mapping[str, str]) -> None:
    answering = _changed(number.answering, form)
    sids = {}
    for name in ("VoiceApplicationSid", "SmsApplicationSid"):
        sids[name] = form.get(name, "")
        if sids[name] and sids[name] not in account.applications:
            raise ApiError(400, 21218, f"{name}: there is no application {sids[name]}")
    number.answering = answering
    number.friendly_name = _name(form, number.friendly_name)
    if "VoiceApplicationSid" in form:
        number.voice_application_sid = sids["VoiceApplicationSid"]
    if "VoiceCallerIdLookup" in form:
        number.looks_up_names = form["VoiceCallerIdLookup"].lower() == "true"
    if "SmsApplicationSid" in form:
        number.sms_application_sid = sids["SmsApplicationSid"]


# Applications


async def list_applications(request: web.Request) -> web.Response:
    """Newest first, filtered by FriendlyName."""
    name, sid = request.query.get("FriendlyName"), _account_sid(request)
    apps = reversed(tuple(_account(request).applications.values()))
    found = (app for app in apps if name in (None, app.friendly_name))
    return page(request, "applications", found, lambda one: shown_application(one, sid))


async def create_application(request: web.Request) -> web.Response:
    """A new application, for numbers, calls by REST and browser phones."""
    form = await posted(request)
    _check_names(form, _OF_APPLICATION)
    at = request.app[NETWORK].clock.date
    app = Application(_changed(Answering(), form), _name(form, ""), at, at)
    app.message_status_callback = url_of(form, "MessageStatusCallback")
    _account(request).applications[app.sid] = app
    return web.json_response(shown_application(app, _account_sid(request)), status=201)


async def fetch_application(request: web.Request) -> web.Response:
    """One application."""
    return web.json_response(shown_application(_application(request), _account_sid(request)))


async def update_application(request: web.Request) -> web.Response:
    """Other addresses or another name."""
    app, form = _application(request), await posted(request)
    _check_names(form, _OF_APPLICATION)
    told = url_of(form, "MessageStatusCallback")
    app.answering = _changed(app.answering, form)
    if "MessageStatusCallback" in form:
        app.message_status_callback = told
    app.friendly_name = _name(form, app.friendly_name)
    app.updated_at = request.app[NETWORK].clock.date
    return web.json_response(shown_application(app, _account_sid(request)))


async def delete_application(request: web.Request) -> web.Response:
    """Forget an application; its numbers answer by their own addresses again."""
    del _account(request).applications[_application(request).sid]
    return web.Response(status=204)


# What both share


def _changed(answering: Answering, form: Mapping[str, str]) -> Answering:
    """The addresses with what a form says of them. Raises ApiError."""
    told = form.get("StatusCallback", answering.status_callback)
    return Answering(
        _hook(answering.voice, form, "Voice"),
        _hook(answering.sms, form, "Sms"),
        checked_url("StatusCallback", told) if told else "",
        method_of(form, "StatusCallbackMethod", answering.status_method),
    )


def _hook(hook: Hook | None, form: Mapping[str, str], kind: str) -> Hook | None:
    before = hook or Hook("")
    url = form.get(f"{kind}Url", before.url)
    fallback = form.get(f"{kind}FallbackUrl", before.fallback_url)
    for name, address in ((f"{kind}Url", url), (f"{kind}FallbackUrl", fallback)):
        if address:
            checked_url(name, address)
    method = method_of(form, f"{kind}Method", before.method)
    fallback_method = method_of(form, f"{kind}FallbackMethod", before.fallback_method)
    return Hook(url, method, fallback, fallback_method) if url else None


def _name(form: Mapping[str, str], before: str) -> str:
    name = form.get("FriendlyName", before)
    if len(name) > _LONGEST_NAME:
        raise ApiError(400, 20001, f"FriendlyName: at most {_LONGEST_NAME} characters")
    return name


def _check_names(form: Mapping[str, str], known: frozenset[str]) -> None:
    unknown = sorted(set(form) - known)
    if unknown:
        raise ApiError(400, 20001, f"{unknown[0]} is not emulated here")


def _account(request: web.Request) -> Account:
    return request.app[NETWORK].account


def _account_sid(request: web.Request) -> str:
    return request.app[NETWORK].settings.account_sid


def _number(request: web.Request) -> Number:
    number = _account(request).number_by_sid(request.match_info["sid"])
    if number is None:
        raise not_found(request.path)
    return number


def _application(request: web.Request) -> Application:
    app = _account(request).applications.get(request.match_info["sid"])
    if app is None:
        raise not_found(request.path)
    return app


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the account and both resources."""
    router.add_get(f"{root}.json", fetch_account)
    router.add_get(f"{root.rpartition('/')[0]}.json", list_accounts)
    numbers, applications = f"{root}/IncomingPhoneNumbers", f"{root}/Applications"
    router.add_get(f"{numbers}.json", list_numbers)
    router.add_post(f"{numbers}.json", buy_number)
    for kind in _KINDS:
        router.add_get(f"{numbers}/{kind}.json", list_numbers)
        router.add_post(f"{numbers}/{kind}.json", buy_number)
    router.add_get(f"{numbers}/{{sid}}.json", fetch_number)
    router.add_post(f"{numbers}/{{sid}}.json", update_number)
    router.add_delete(f"{numbers}/{{sid}}.json", release_number)
    router.add_get(f"{applications}.json", list_applications)
    router.add_post(f"{applications}.json", create_application)
    router.add_get(f"{applications}/{{sid}}.json", fetch_application)
    router.add_post(f"{applications}/{{sid}}.json", update_application)
    router.add_delete(f"{applications}/{{sid}}.json", delete_application)
