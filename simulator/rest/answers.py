"""Errors, paging, filters and dates of the REST API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from simulator.webhooks.webhook import Form

T = TypeVar("T")

DEFAULT_PAGE, LARGEST_PAGE = 50, 1000
_PAGE_AFTER = "PA"


class ApiError(Exception):
    """A refusal: HTTP status, Twilio's code and a text."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self) -> web.Response:
        """The JSON body that the helper libraries read."""
        body = {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if self.status == 401 else {}
        return web.json_response(body, status=self.status, headers=headers)


def not_found(path: str) -> ApiError:
    """404 with Twilio's words."""
    return ApiError(404, 20404, f"The requested resource {path} was not found")


def found_at(path: str, one: T | None) -> T:
    """What the address of a request names. Raises ApiError when there is none."""
    if one is None:
        raise not_found(path)
    return one


def shown_date(moment: datetime | None) -> str | None:
    """RFC 2822 in UTC."""
    return format_datetime(moment.astimezone(UTC)) if moment else None


async def posted(request: web.Request) -> dict[str, str]:
    """The form of a request, the last value of each name."""
    form = await request.post()
    return {name: str(value) for name, value in form.items()}


async def repeated(request: web.Request, name: str) -> tuple[str, ...]:
    """Every value of a repeated field."""
    form = await request.post()
    return tuple(str(value) for value in form.getall(name, []))


def keeps(query: Mapping[str, str], name: str, moment: datetime | None) -> bool:
    """Whether a date passes the filters `Name`, `Name<` (before) and `Name>` (on or after)."""
    day, before, after = (query.get(name + mark) for mark in ("", "<", ">"))
    if day is None and before is None and after is None:
        return True
    if moment is None:
        return False
    if day is not None:
        begin = _moment(name, day)
        return begin <= moment < begin + timedelta(days=1)
    if after is not None and moment < _moment(name, after):
        return False
    return before is None or moment < _moment(name, before)


def _moment(name: str, text: str) -> datetime:
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ApiError(400, 20001, f"{name}: expected YYYY-MM-DD, got {text!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def page(
    request: web.Request,
    key: str,
    found: Iterable[T],
    shown: Callable[[T], dict[str, Any]],
) -> web.Response:
    """One page of a list; newest first is up to the caller.

    A page after the first is found by the last item of the one before it, so that what is new in
    the meantime neither doubles nor hides anything.
    """
    items = [shown(item) for item in found]
    size = _whole(request.query, "PageSize", DEFAULT_PAGE, LARGEST_PAGE)
    number = _whole(request.query, "Page", 0, None)
    begin = _after(items, request.query.get("PageToken", ""), number * size)
    chosen = items[begin : begin + size]
    filters: Form = tuple(
        (name, value)
        for name, value in request.query.items()
        if name not in {"Page", "PageSize", "PageToken"}
    )

    def link(to: int, after: int) -> str:
        sid = _sid(items[after]) if to else ""
        token = (("PageToken", _PAGE_AFTER + sid),) if sid else ()
        query = urlencode((*filters, ("PageSize", str(size)), ("Page", str(to)), *token))
        return f"{request.path}?{query}"

    last = begin + size - 1
    body = {
        key: chosen,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(0, len(chosen) - 1),
        "uri": request.path_qs,
        "first_page_uri": link(0, 0),
        "next_page_uri": link(number + 1, last) if last + 1 < len(items) else None,
        "previous_page_uri": link(number - 1, max(0, begin - size - 1)) if number else None,
    }
    return web.json_response(body)


def _sid(item: Mapping[str, Any]) -> str:
    """What names an entry; nothing where entries have no name."""
    return str(item.get("sid") or item.get("call_sid") or item.get("phone_number") or "")


def _after(items: list[dict[str, Any]], token: str, otherwise: int) -> int:
    """Where the page after an item begins, however many came before it in the meantime."""
    if not token:
        return otherwise
    if not token.startswith(_PAGE_AFTER):
        raise ApiError(400, 20001, "PageToken: follow next_page_uri instead of making one")
    named = token.removeprefix(_PAGE_AFTER)
    places = (place for place, item in enumerate(items) if _sid(item) == named)
    return next((place + 1 for place in places), otherwise)


def _whole(query: Mapping[str, str], name: str, default: int, most: int | None) -> int:
    text = query.get(name, str(default))
    if not text.isdigit():
        raise ApiError(400, 20001, f"{name}: expected a whole number, got {text!r}")
    number = int(text)
    return min(max(number, 1 if most else 0), most) if most else number


def dumps(value: Any) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
