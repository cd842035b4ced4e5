"""Numbers that can be bought: any number of the fictional 555 exchange that is not taken.

Fields, filters and patterns: Twilio, "AvailablePhoneNumber Local resource".
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.rest.answers import ApiError, not_found, page
from simulator.rest.calls import formatted
from simulator.rest.parameters import flag

_COUNTRIES = {"US": "United States"}
_AREA, _TOLL_FREE = "312", "800"
_TOLL_FREE_AREAS = ("800", "833", "844", "855", "866", "877", "888")
_OFFERED = 30
_CAN = {"VoiceEnabled": True, "SmsEnabled": True, "MmsEnabled": True, "FaxEnabled": False}
_NOT_EMULATED = (
    "NearNumber", "NearLatLong", "Distance", "InPostalCode", "InRegion", "InRateCenter", "InLata",
    "InLocality",
)  # fmt: skip
"""Filters by a place, of which numbers here have none."""
_PATTERN = re.compile(r"\+?[0-9A-Z*%]{2,15}\$?")
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_WILD = {"*": "[0-9]", "%": "[0-9]*"}
_WHOLE = 10
"""Digits of a number without its country code."""


def shown(number: str) -> dict[str, Any]:
    """A number as REST offers it."""
    return {
        "phone_number": number,
        "friendly_name": formatted(number),
        "lata": None,
        "locality": None,
        "rate_center": None,
        "latitude": None,
        "longitude": None,
        "region": None,
        "postal_code": None,
        "iso_country": "US",
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "SMS": True, "MMS": True},
    }


def numbers_in(area: str, taken: Container[str]) -> Iterator[str]:
    """Numbers of an area that are not taken, in order. Raises ApiError."""
    if not re.fullmatch("[2-9][0-9]{2}", area):
        raise ApiError(400, 20001, f"AreaCode: expected three digits, got {area!r}")
    every = (f"+1{area}555{last:04d}" for last in range(1000, 10_000))
    return (number for number in every if number not in taken)


async def list_available(request: web.Request) -> web.Response:
    """Thirty numbers at most, filtered by AreaCode, Contains and what they can."""
    if request.match_info["country"] not in _COUNTRIES:
        raise ApiError(404, 20404, f"only numbers of {', '.join(_COUNTRIES)} are offered here")
    query = request.query
    beyond = next((name for name in _NOT_EMULATED if query.get(name)), None)
    if beyond is not None:
        raise ApiError(400, 20001, f"{beyond} is not emulated here")
    pattern = _pattern(query.get("Contains", ""))
    area = _area(request.match_info["kind"], query, pattern)
    free = numbers_in(area, request.app[EXCHANGE].account.numbers)
    expression = _expression(pattern)
    found = (number for number in free if expression.search(number)) if _can(query) else ()
    offered = [number for number, _ in zip(found, range(_OFFERED), strict=False)]
    return page(request, "available_phone_numbers", offered, shown)


def _can(query: Mapping[str, str]) -> bool:
    """Whether numbers here can do what is asked for, and no more."""
    return all(flag(query, name, str(can)) is can for name, can in _CAN.items())


def _pattern(text: str) -> str:
    """A pattern as digits and signs; letters are those of the keypad. Raises ApiError."""
    pattern = re.sub(r"[\s().-]", "", text).upper()
    if pattern and not _PATTERN.fullmatch(pattern):
        allowed = "2 to 16 letters, digits, * and %, with + before or $ after them"
        raise ApiError(400, 20001, f"Contains: expected {allowed}, got {text!r}")
    pattern = re.sub("%+", "%", pattern.translate(_KEYS))
    is_whole = re.fullmatch(f"[0-9*]{{{_WHOLE}}}", pattern) is not None
    return f"+1{pattern}" if is_whole else pattern


def _area(kind: str, query: Mapping[str, str], pattern: str) -> str:
    """The area that is asked for, by itself or as the beginning of a pattern."""
    fixed = re.match(r"\+1([2-9][0-9]{2})", pattern)
    begun = fixed[1] if fixed else ""
    if kind == "TollFree":
        return begun if begun in _TOLL_FREE_AREAS else _TOLL_FREE
    return query.get("AreaCode") or begun or _AREA


def _expression(pattern: str) -> re.Pattern[str]:
    """What a number must contain, begin with (+) or end with ($)."""
    begin = r"^\+" if pattern.startswith("+") else ""
    end = "$" if pattern.endswith("$") else ""
    middle = pattern.removeprefix("+").removesuffix("$")
    return re.compile(begin + "".join(_WILD.get(one, one) for one in middle) + end)


async def list_countries(request: web.Request) -> web.Response:
    """The countries in which numbers can be had."""
    return page(request, "countries", _COUNTRIES, lambda code: _shown_country(request, code))


async def fetch_country(request: web.Request) -> web.Response:
    """One country."""
    code = request.match_info["country"]
    if code not in _COUNTRIES:
        raise not_found(request.path)
    return web.json_response(_shown_country(request, code))


def _shown_country(request: web.Request, code: str) -> dict[str, Any]:
    account_sid = request.app[EXCHANGE].settings.account_sid
    uri = f"/2010-04-01/Accounts/{account_sid}/AvailablePhoneNumbers/{code}"
    return {
        "country_code": code,
        "country": _COUNTRIES[code],
        "beta": False,
        "uri": f"{uri}.json",
        "subresource_uris": {"local": f"{uri}/Local.json", "toll_free": f"{uri}/TollFree.json"},
    }


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    base = f"{root}/AvailablePhoneNumbers"
    router.add_get(f"{base}.json", list_countries)
    router.add_get(f"{base}/{{country}}.json", fetch_country)
    router.add_get(f"{base}/{{country}}/{{kind:Local|TollFree}}.json", list_available)
