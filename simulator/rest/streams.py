"""Media streams by REST: begin one beside a live call, and stop it.

It is the document `<Start><Stream>` by other means, so its attributes are checked as one.
Parameters: Twilio, "Stream resource".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from aiohttp import web

from simulator.call import Call
from simulator.keys import NETWORK
from simulator.rest.answers import ApiError, not_found, posted, shown_date
from simulator.rest.parameters import method_of
from simulator.scene import Scene
from simulator.twiml.parser import DocumentError, Verb, parse
from simulator.verbs import HANDLERS
from simulator.verbs.streams import start_stream

_NOT_LIVE = 21220
_PARAMETER = re.compile(r"Parameter([1-9][0-9]?)\.Name")


def shown(call: Call, sid: str, name: str, status: str, at: datetime) -> dict[str, Any]:
    """A stream as REST shows it."""
    base = f"/2010-04-01/Accounts/{call.account_sid}/Calls/{call.sid}/Streams"
    return {
        "sid": sid,
        "account_sid": call.account_sid,
        "call_sid": call.sid,
        "name": name or None,
        "status": status,
        "date_updated": shown_date(at),
        "uri": f"{base}/{sid}.json",
    }


async def create_stream(request: web.Request) -> web.Response:
    """Send a live call's sound to a socket, until it is stopped or the call is over."""
    network, call = request.app[NETWORK], _call(request)
    form = await posted(request)
    if call.status != "in-progress":
        raise ApiError(400, _NOT_LIVE, "Call is not in-progress. It has no sound to stream.")
    noun = _noun(form)
    if noun["name"] and noun["name"] in call.streams.stop_by_name:
        raise ApiError(400, 20001, "Name: a stream of that name runs on this call")
    stream = await start_stream(Scene(call, network, HANDLERS, "", inline=True), noun)
    if stream is None:
        why = network.debugger.complaints[-1].message
        raise ApiError(400, 20001, f"Url: the socket did not open: {why}")
    at = network.clock.date
    return web.json_response(shown(call, stream.sid, noun["name"], "in-progress", at))


async def update_stream(request: web.Request) -> web.Response:
    """Stop a stream, by its id or its name."""
    call, form, key = _call(request), await posted(request), request.match_info["sid"]
    if form.get("Status") != "stopped":
        raise ApiError(400, 20001, "Status: expected stopped")
    streams = call.streams
    stop = streams.stop_by_sid.get(key) or streams.stop_by_name.get(key)
    if stop is None:
        raise not_found(request.path)
    sid = next(one for one, known in streams.stop_by_sid.items() if known is stop)
    name = next((one for one, known in streams.stop_by_name.items() if known is stop), "")
    stop()
    at = request.app[NETWORK].clock.date
    return web.json_response(shown(call, sid, "" if name == sid else name, "stopped", at))


def _call(request: web.Request) -> Call:
    call: Call | None = request.app[NETWORK].calls.get(request.match_info["call_sid"])
    if call is None:
        raise not_found(request.path)
    return call


def _noun(form: Mapping[str, str]) -> Verb:
    """The same as an element of a document. Raises ApiError."""
    given = {
        "url": form.get("Url", ""),
        "name": form.get("Name", ""),
        "track": form.get("Track", "inbound_track"),
        "statusCallback": form.get("StatusCallback", ""),
        "statusCallbackMethod": method_of(form, "StatusCallbackMethod"),
    }
    response = ElementTree.Element("Response")
    start = ElementTree.SubElement(response, "Start")
    attributes = {name: value for name, value in given.items() if value}
    stream = ElementTree.SubElement(start, "Stream", attributes)
    for name in form:
        number = _PARAMETER.fullmatch(name)
        if number:
            value = form.get(f"Parameter{number[1]}.Value", "")
            ElementTree.SubElement(stream, "Parameter", {"name": form[name], "value": value})
    try:
        return parse(ElementTree.tostring(response))[0].children[0]
    except DocumentError as error:
        raise ApiError(400, 20001, str(error)) from error


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    base = f"{root}/Calls/{{call_sid}}/Streams"
    router.add_post(f"{base}.json", create_stream)
    router.add_post(f"{base}/{{sid}}.json", update_stream)
