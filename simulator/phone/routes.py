"""The simulator's addresses for browser phones: pages, settings and sockets.

/               the softphone         ws /phone         its socket
/phone.js       the agent's script    ws /phone/agent   its socket (?token=)
/phone/config   the hotline's number, and numbers to call from
/static/...     files
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from simulator.phone.agent import AgentLine
from simulator.phone.board import Board
from simulator.phone.lines import SoftphoneLine
from simulator.phone.network import PhoneNetwork
from simulator.phone.pages import add_pages
from simulator.phone.socket import HEARTBEAT_S, MOST_BYTES, Line, PhoneSocket
from simulator.phone.visitors import may_connect

CALLERS = ("+13125550101", "+13125550102", "+13125550103", "+17735550104", "anonymous")
"""Whom the softphone offers to call as: numbers kept for fiction (555-01xx), or a withheld one."""


def add_routes(app: web.Application, network: PhoneNetwork) -> None:
    """Mount everything on `app`."""
    add_pages(app)
    Board(network).add_routes(app)
    app.router.add_get("/phone/config", _config(network))
    app.router.add_get("/phone", _socket(network, lambda request: SoftphoneLine(network)))
    app.router.add_get(
        "/phone/agent",
        _socket(network, lambda request: AgentLine(network, request.query.get("token", ""))),
    )


def _config(network: PhoneNetwork) -> Handler:
    async def config(request: web.Request) -> web.Response:
        return web.json_response({"hotline": network.settings.number, "callers": CALLERS})

    return config


def _socket(network: PhoneNetwork, line: Callable[[web.Request], Line]) -> Handler:
    async def serve(request: web.Request) -> web.WebSocketResponse:
        origin = request.headers.get("Origin")
        if not may_connect(origin, host=request.host, allowed=network.settings.allowed_origins):
            raise web.HTTPForbidden(text="This page's origin may not use a phone here.")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MOST_BYTES)
        await socket.prepare(request)
        await PhoneSocket(line(request)).run(socket)
        return socket

    return serve
