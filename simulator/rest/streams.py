"""Media streams by REST: begin one beside a live call, and stop it.

It is the document `<Start><Stream>` by other means, so its attributes are checked as one.
Parameters: Twilio, "Stream resource".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web

from simulator.documents.scene import Scene
from simulator.keys import EXCHANGE, NETWORK
from simulator.rest.answers import ApiError, posted
from simulator.rest.nouns import call_of, live_call_of, shown, started_noun, stopped
from simulator.rest.parameters import method_of
from simulator.twiml.parser import Verb
from simulator.verbs.streams import start_stream

_PARAMETER = re.compile(r"Parameter([1-9][0-9]?)\.Name")


async def create_stream(request: web.Request) -> web.Response:
    """Send a live call's sound to a socket, until it is stopped or the call is over."""
    exchange, call, form = request.app[EXCHANGE], live_call_of(request), await posted(request)
    noun = _noun(form)
    if noun["name"] and noun["name"] in call.streams.stop_by_name:
        raise ApiError(400, 20001, "Name: a stream of that name runs on this call")
    scene = Scene(call, exchange, request.app[NETWORK].handlers, "", inline=True)
    stream = await start_stream(scene, noun)
    if stream is None:
        why = exchange.debugger.alerts[-1].message
        raise ApiError(400, 20001, f"Url: the socket did not open: {why}")
    at = exchange.clock.date
    return web.json_response(shown(call, "Streams", stream.sid, noun["name"], "in-progress", at))


async def update_stream(request: web.Request) -> web.Response:
    """Stop a stream, by its id or its name."""
    call, form = call_of(request), await posted(request)
    sid, name = stopped(request, form, call.streams)
    at = request.app[EXCHANGE].clock.date
    return web.json_response(shown(call, "Streams", sid, name, "stopped", at))


def _noun(form: Mapping[str, str]) -> Verb:
    """The same as an element of a document. Raises ApiError."""
    given = {
        "url": form.get("Url", ""),
        "name": form.get("Name", ""),
        "track": form.get("Track", "inbound_track"),
        "statusCallback": form.get("StatusCallback", ""),
        "statusCallbackMethod": method_of(form, "StatusCallbackMethod"),
    }
    numbers = [found[1] for name in form if (found := _PARAMETER.fullmatch(name))]
    parameters = [
        (form[f"Parameter{number}.Name"], form.get(f"Parameter{number}.Value", ""))
        for number in numbers
    ]
    return started_noun("Stream", given, parameters)


def add_routes(router: web.UrlDispatcher, root: str) -> None:
    """Mount the resource."""
    base = f"{root}/Calls/{{call_sid}}/Streams"
    router.add_post(f"{base}.json", create_stream)
    router.add_post(f"{base}/{{sid}}.json", update_stream)
