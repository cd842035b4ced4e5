"""How well numbers are reached, described over HTTP.

GET /simulator/reach; POST one `{"address", "texts", "calls"}`; DELETE /simulator/reach/{address}.
"""

from __future__ import annotations

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.registries.reach import BadReach


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the addresses."""
    router.add_get("/simulator/reach", list_reach)
    router.add_post("/simulator/reach", describe)
    router.add_delete("/simulator/reach/{address}", forget)


async def list_reach(request: web.Request) -> web.Response:
    """Those of which something was said."""
    return web.json_response({"numbers": request.app[EXCHANGE].reach.shown()})


async def describe(request: web.Request) -> web.Response:
    """Say how well a number is reached."""
    reach = request.app[EXCHANGE].reach
    try:
        body = await request.json()
        address = body["address"] if isinstance(body, dict) else None
        if not isinstance(address, str) or not address.startswith("+"):
            raise BadReach(f"address: expected +1..., got {address!r}")
        reach.describe(address, body)
    except (BadReach, ValueError, KeyError, TypeError) as error:
        return web.json_response({"error": str(error)}, status=400)
    return web.json_response({"numbers": reach.shown()}, status=201)


async def forget(request: web.Request) -> web.Response:
    """It is reached again."""
    request.app[EXCHANGE].reach.forget(request.match_info["address"])
    return web.Response(status=204)
