"""Numbers that can be bought: any number of the fictional 555 exchange that is not taken.

Fields and filters: Twilio, "AvailablePhoneNumber Local resource".
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Any

from aiohttp import web

from simulator.keys import NETWORK
from simulator.rest.answers import ApiError, not_found, page
from simulator.rest.calls import formatted

_COUNTRIES = ("US",)
_AREA, _TOLL_FREE = "312", "800"
_OFFERED = 30


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
    """Thirty numbers at most, filtered by AreaCode and Contains (`*` is any digit)."""
    if request.match_info["country"] not in _COUNTRIES:
        raise not_found(request.path)
    kind, query = request.match_info["kind"], request.query
    area = _TOLL_FREE if kind == "TollFree" else query.get("AreaCode", _AREA)
    free = numbers_in(area, request.app[NETWORK].account.numbers)
    pattern = re.escape(re.sub(r"[^\d*]", "", query.get("Contains", ""))).replace(r"\*", r"\d")
    found = (number for number in free if re.search(pattern, number))
    offered = [number for number, _ in zip(found, range(_OFFERED), strict=False)]
    return page(request, "available_phone_numbers", offered, shown)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    base = f"{root}/AvailablePhoneNumbers/{{country}}"
    router.add_get(f"{base}/{{kind:Local|TollFree}}.json", list_available)
