"""Lookup, v2 and v1: what a number says of itself, and what this network knows of it.

Fields: Twilio, "Lookup v2 API" and "Lookup v1 API".
"""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.numbers.e164 import Reading, reading_of
from simulator.rest.answers import ApiError, not_found

PATH = re.compile(r"/v[12]/PhoneNumbers/[^/]+")
_ROOT = "https://lookups.twilio.com"
_PACKAGES = (
    "caller_name", "sim_swap", "call_forwarding", "line_status", "line_type_intelligence",
    "identity_match", "reassigned_number", "sms_pumping_risk", "phone_number_quality_score",
    "pre_fill",
)  # fmt: skip
"""What Fields of v2 may ask for beside the validation, which is always there."""
_TYPES = ("carrier", "caller-name")
_NAME = {"caller_name": None, "caller_type": None, "error_code": None}
_PLAINER = {"landline": "landline", "mobile": "mobile", "nonFixedVoip": "voip"}
"""What v1 calls a line."""
_NO_TEXTS = frozenset({30006, 21614})
"""Codes of a line that takes no texts."""


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount both versions."""
    router.add_get("/v2/PhoneNumbers/{number}", look_up)
    router.add_get("/v1/PhoneNumbers/{number}", look_up_in_v1)


async def look_up(request: web.Request) -> web.Response:
    """A number, or why it is none."""
    asked, found = _fields_of(request), _reading(request)
    body: dict[str, Any] = {
        "calling_country_code": found.calling_code or None,
        "country_code": found.country or None,
        "phone_number": found.e164,
        "national_format": found.national or None,
        "valid": not found.error,
        "validation_errors": [found.error] if found.error else [],
        **dict.fromkeys(_PACKAGES),
        "url": f"{_ROOT}/v2/PhoneNumbers/{found.e164}",
    }
    if not found.error:
        known = {
            "caller_name": _NAME,
            "line_type_intelligence": _carrier("carrier_name", _line(request, found)),
        }
        body |= {name: package for name, package in known.items() if name in asked}
    return web.json_response(body)


async def look_up_in_v1(request: web.Request) -> web.Response:
    """A number; what is none is not there."""
    asked, found = _types_of(request), _reading(request)
    if found.error:
        raise not_found(f"/PhoneNumbers/{request.match_info['number']}")
    carrier = _carrier("name", _PLAINER.get(_line(request, found)))
    body = {
        "caller_name": _NAME if "caller-name" in asked else None,
        "carrier": carrier if "carrier" in asked else None,
        "add_ons": None,
        "country_code": found.country or None,
        "national_format": found.national,
        "phone_number": found.e164,
        "url": f"{_ROOT}/v1/PhoneNumbers/{found.e164}",
    }
    return web.json_response(body)


def _fields_of(request: web.Request) -> set[str]:
    """The packages that v2 is asked for. Raises ApiError."""
    asked = {word.strip() for word in request.query.get("Fields", "").split(",")}
    for word in sorted(asked - {"", "validation", "caller_name", "line_type_intelligence"}):
        what = "is not emulated here" if word in _PACKAGES else "is no field of Lookup"
        raise ApiError(400, 20001, f"Fields: {word} {what}")
    return asked


def _types_of(request: web.Request) -> list[str]:
    """The packages that v1 is asked for. Raises ApiError."""
    asked = request.query.getall("Type", [])
    wrong = next((word for word in asked if word not in _TYPES), None)
    if wrong is not None:
        raise ApiError(400, 20001, f"Type: expected {' or '.join(_TYPES)}, got {wrong!r}")
    if "AddOns" in request.query:
        raise ApiError(400, 20001, "AddOns is not emulated here")
    return asked


def _reading(request: web.Request) -> Reading:
    country = request.query.get("CountryCode", "").upper() or "US"
    return reading_of(request.match_info["number"], country)


def _line(request: web.Request, found: Reading) -> str:
    """The account's own numbers are the carrier's; who is said to take no texts is a landline."""
    exchange = request.app[EXCHANGE]
    if found.e164 in exchange.account.numbers:
        return "nonFixedVoip"
    if exchange.reach.of_texts(found.e164).code in _NO_TEXTS:
        return "landline"
    return found.line


def _carrier(name: str, line: str | None) -> dict[str, str | None]:
    """Who serves a line is not known here; `name` is the field for it."""
    unknown = ("mobile_country_code", "mobile_network_code", name)
    return {**dict.fromkeys(unknown), "type": line, "error_code": None}
