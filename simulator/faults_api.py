"""The plan of faults over HTTP: GET it, PUT another one, DELETE it."""

from __future__ import annotations

from aiohttp import web

from simulator.faults import BadPlan, Faults, plan_from
from simulator.keys import NETWORK


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the address."""
    router.add_get("/simulator/faults", show)
    router.add_put("/simulator/faults", replace)
    router.add_delete("/simulator/faults", forget)


async def show(request: web.Request) -> web.Response:
    """The plan, and how often each of its faults has struck."""
    return web.json_response(request.app[NETWORK].faults.shown())


async def replace(request: web.Request) -> web.Response:
    """Another plan, from now on."""
    try:
        faults = plan_from(await request.json())
    except (BadPlan, ValueError) as error:
        return web.json_response({"error": str(error)}, status=400)
    request.app[NETWORK].faults = faults
    return web.json_response(faults.shown())


async def forget(request: web.Request) -> web.Response:
    """Nothing goes wrong any more."""
    request.app[NETWORK].faults = Faults()
    return web.Response(status=204)
