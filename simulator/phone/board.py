"""The page of live and recent calls, and the JSON it is drawn from.

/calls              the page
/calls.json         the newest calls, newest first
/calls/{sid}.json   one call with everything that happened on it
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.call import Call
from simulator.events import Event
from simulator.phone.network import PhoneNetwork
from simulator.phone.pages import page

SHOWN = 100


class Board:
    """Serves the page for one network."""

    def __init__(self, network: PhoneNetwork) -> None:
        self._network = network

    def add_routes(self, app: web.Application) -> None:
        """Mount the page and its data."""
        app.router.add_get("/calls", self.page)
        app.router.add_get("/calls.json", self.index)
        app.router.add_get("/calls/{sid}.json", self.detail)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The page."""
        return page("calls.html")

    async def index(self, request: web.Request) -> web.Response:
        """The newest calls."""
        newest = list(self._network.calls.values())[: -SHOWN - 1 : -1]
        return web.json_response({"calls": [_summary(call) for call in newest]})

    async def detail(self, request: web.Request) -> web.Response:
        """One call's events; 404 for an unknown one."""
        call = self._network.calls.get(request.match_info["sid"])
        if call is None:
            raise web.HTTPNotFound(text="no such call")
        events = [_event(call, event) for event in call.log.events]
        return web.json_response({**_summary(call), "events": events})


def _summary(call: Call) -> dict[str, Any]:
    duration_s = call.duration_s
    return {
        "sid": call.sid,
        "from": call.party.from_,
        "to": call.party.to or "application",
        "direction": call.party.direction,
        "status": call.status,
        "is_over": call.is_over,
        "began_at": call.created_at.isoformat(),
        "age_s": duration_s if duration_s is not None else round(call.log.age_s),
        "events": len(call.log.events),
        "errors": sum(event["event"] == "error" for event in call.log.events),
    }


def _event(call: Call, event: Event) -> Event:
    """The event; a webhook with what was answered."""
    if event["event"] != "webhook" or event["number"] >= len(call.webhooks):
        return event
    answer = call.webhooks[event["number"]].body
    return {**event, "answer": answer.decode(errors="replace")}
