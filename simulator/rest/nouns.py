"""REST that is a document by other means: its parameters, checked as the attributes of a noun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from aiohttp import web

from simulator.calls.call import Call, Running
from simulator.keys import EXCHANGE
from simulator.rest.answers import ApiError, found_at, shown_date
from simulator.twiml.parser import DocumentError, Verb, parse

_NOT_LIVE = 21220


def started_noun(
    name: str, given: Mapping[str, str], parameters: Sequence[tuple[str, str]] = ()
) -> Verb:
    """What <Start> would hold. Empty attributes are left out. Raises ApiError."""
    response = ElementTree.Element("Response")
    start = ElementTree.SubElement(response, "Start")
    attributes = {attribute: value for attribute, value in given.items() if value}
    noun = ElementTree.SubElement(start, name, attributes)
    for parameter, value in parameters:
        ElementTree.SubElement(noun, "Parameter", {"name": parameter, "value": value})
    try:
        return parse(ElementTree.tostring(response))[0].children[0]
    except DocumentError as error:
        raise ApiError(400, 20001, str(error)) from error


def call_of(request: web.Request) -> Call:
    """The call of the address. Raises ApiError."""
    call: Call | None = request.app[EXCHANGE].calls.get(request.match_info["call_sid"])
    return found_at(request.path, call)


def live_call_of(request: web.Request) -> Call:
    """The same, once it has been answered and until it is over. Raises ApiError."""
    call = call_of(request)
    if call.status != "in-progress":
        raise ApiError(400, _NOT_LIVE, "Call is not in-progress. It has no sound.")
    return call


def shown(call: Call, kind: str, sid: str, name: str, status: str, at: datetime) -> dict[str, Any]:
    """What <Start> began, as REST shows it. kind: the last part of its address, Streams, ..."""
    base = f"/2010-04-01/Accounts/{call.account_sid}/Calls/{call.sid}/{kind}"
    return {
        "sid": sid,
        "account_sid": call.account_sid,
        "call_sid": call.sid,
        "name": name or None,
        "status": status,
        "date_updated": shown_date(at),
        "uri": f"{base}/{sid}.json",
    }


def stopped(request: web.Request, form: Mapping[str, str], running: Running) -> tuple[str, str]:
    """Stop what the address names, by its id or its name: both, the name if it has one."""
    if form.get("Status") != "stopped":
        raise ApiError(400, 20001, "Status: expected stopped")
    key = request.match_info["sid"]
    known = running.stop_by_sid.get(key) or running.stop_by_name.get(key)
    stop = found_at(request.path, known)
    sid = next(one for one, known in running.stop_by_sid.items() if known is stop)
    name = next((one for one, known in running.stop_by_name.items() if known is stop), "")
    stop()
    return sid, "" if name == sid else name
