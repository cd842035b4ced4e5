"""The simulator's addresses for browser phones: pages, settings and sockets.

/               the softphone         ws /phone         its socket
/phone.js       the agent's script    ws /phone/agent   its socket (?token=)
/phone/config   the hotline's number, and numbers to call from
/static/...     files
/simulator/calls/{sid}/cut-phone   POST: the browser's connection breaks, as on a bad network
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from simulator.network import Network
from simulator.phone.agent import AgentLine
from simulator.phone.board import Board
from simulator.phone.lines import SoftphoneLine
from simulator.phone.pages import add_pages
from simulator.phone.phone_socket import HEARTBEAT_S, MOST_BYTES, Line
from simulator.phone.sessions import Sessions
from simulator.phone.visitors import may_connect

CALLERS = ("+13125550101", "+13125550102", "+13125550103", "+17735550104", "anonymous")
"""Whom the softphone offers to call as: numbers kept for fiction (555-01xx), or a withheld one."""


def add_routes(app: web.Application, network: Network) -> None:
    """Mount everything on `app`."""
    add_pages(app)
    Board(network).add_routes(app)
    sessions = Sessions()
    app.router.add_get("/phone/config", _config(network))
    app.router.add_get("/phone", _socket(network, sessions, lambda _: SoftphoneLine(network)))
    app.router.add_get(
        "/phone/agent",
        _socket(
            network, sessions, lambda request: AgentLine(network, request.query.get("token", ""))
        ),
    )
    app.router.add_post("/simulator/calls/{sid}/cut-phone", _cut(sessions))


def _config(network: Network) -> Handler:
    async def config(request: web.Request) -> web.Response:
        return web.json_response({"hotline": network.exchange.settings.number, "callers": CALLERS})

    return config


def _cut(sessions: Sessions) -> Handler:
    async def cut(request: web.Request) -> web.Response:
        if not sessions.cut(request.match_info["sid"]):
            return web.json_response({"error": "no browser phone has this call"}, status=404)
        return web.json_response({"cut": 1})

    return cut


def _socket(network: Network, sessions: Sessions, line: Callable[[web.Request], Line]) -> Handler:
    async def serve(request: web.Request) -> web.WebSocketResponse:
        origin = request.headers.get("Origin")
        if not may_connect(
            origin, host=request.host, allowed=network.exchange.settings.allowed_origins
        ):
            raise web.HTTPForbidden(text="This page's origin may not use a phone here.")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MOST_BYTES)
        await socket.prepare(request)
        await sessions.serve(request, socket, lambda: line(request))
        return socket

    return serve
