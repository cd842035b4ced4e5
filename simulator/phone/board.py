"""The page of live and recent calls, and the JSON it is drawn from.

/calls              the page
/debugger, /faults  the pages of errors and of the plan of faults
/calls.json         the newest calls, newest first
/calls/{sid}.json   one call with everything that happened on it (?since=N: after the first N
                    events), and how loud its legs are now
/calls/recordings/{sid}.wav   a recording's sound
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.errors.advice import advice
from simulator.errors.error_names import NAMES
from simulator.network import Network
from simulator.phone.pages import page
from simulator.phone.requests import shown
from simulator.sound.audio import loudness

SHOWN = 100
LOUDEST = 127


class Board:
    """Serves the page for one network."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def add_routes(self, app: web.Application) -> None:
        """Mount the page and its data."""
        for name in ("calls", "debugger", "faults"):
            app.router.add_get(f"/{name}", _page(name))
        app.router.add_get("/calls.json", self.index)
        app.router.add_get("/calls/{sid}.json", self.detail)
        app.router.add_get("/calls/recordings/{sid}.wav", self.recording)

    async def index(self, request: web.Request) -> web.Response:
        """The newest calls."""
        newest = list(self._network.exchange.calls.values())[: -SHOWN - 1 : -1]
        return web.json_response({"calls": [_summary(call) for call in newest]})

    async def detail(self, request: web.Request) -> web.Response:
        """One call's events, with the legs it is connected to; 404 for an unknown one.

        since: how many of its events the page has already; only those after them are told.
        """
        since = request.query.get("since", "0")
        if not re.fullmatch(r"\d{1,9}", since):
            raise web.HTTPBadRequest(text=f"since: expected a number of events, got {since!r}")
        call = self._network.exchange.calls.get(request.match_info["sid"])
        if call is None:
            raise web.HTTPNotFound(text="no such call")
        return web.json_response(
            {
                **_summary(call),
                "legs": [{**_summary(leg), "levels": _levels(leg)} for leg in self._legs(call)],
                "recordings": _recorded(call),
                "since": int(since),
                "events": [self._event(call, event) for event in call.log.events[int(since) :]],
            }
        )

    def _legs(self, call: Call) -> list[Call]:
        """The call, whoever dialled it, whom it or they dialled or talked to; oldest first."""
        root = call.party.parent_sid or call.sid
        events = call.log.events
        talked_to = {event["to_call_sid"] for event in events if event["event"] == "transferred"}
        return [
            one
            for one in self._network.exchange.calls.values()
            if root in (one.sid, one.party.parent_sid) or one.sid in talked_to
        ]

    def _event(self, call: Call, event: Event) -> Event:
        """The event; a request with its answer, an error with what to do about it."""
        match event["event"]:
            case "webhook" if event["number"] < len(call.webhooks):
                sent = call.webhooks[event["number"]]
                return {**event, **shown(sent, self._network.exchange.webhooks)}
            case "error" if "code" in event:
                code = int(event["code"])
                return {**event, "name": NAMES.get(code, ""), "advice": advice(code)}
        return event

    async def recording(self, request: web.Request) -> web.StreamResponse:
        """A recording's sound, for listening on this page; 404 until the file is there."""
        found = self._network.exchange.recordings.by_sid.get(request.match_info["sid"])
        if found is None or found.path is None:
            raise web.HTTPNotFound(text="no such recording yet")
        return web.FileResponse(found.path, headers={"Content-Type": "audio/wav"})


def _page(name: str) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        return page(request, f"{name}.html")

    return serve


def _summary(call: Call) -> dict[str, Any]:
    duration_s = call.duration_s
    alerts = Counter(
        event.get("level", "error") for event in call.log.events if event["event"] == "error"
    )
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
        "parent_sid": call.party.parent_sid,
        "sockets": len(call.streams.cut),
        "errors": alerts["error"],
        "warnings": alerts["warning"],
    }


def _levels(call: Call) -> dict[str, float]:
    """How loud both directions are in this moment, 0 to 1."""
    if call.is_over:
        return {"said": 0.0, "heard": 0.0}
    frames = {"said": call.leg.inbound, "heard": call.leg.outbound}
    return {name: round(loudness(frame) / LOUDEST, 2) for name, frame in frames.items()}


def _recorded(call: Call) -> list[dict[str, Any]]:
    """The recordings of the call, each with its latest state."""
    latest = {
        event["recording_sid"]: event for event in call.log.events if event["event"] == "recording"
    }
    return [
        {"sid": sid, "status": event["status"], "duration_s": event.get("duration_s")}
        for sid, event in latest.items()
    ]
