"""The plan of faults over HTTP: GET it, PUT another one, DELETE it; and what one may say."""

from __future__ import annotations

from aiohttp import web

from simulator.faults.kinds import BadPlan, described
from simulator.faults.plan import plan_from
from simulator.faults.strikes import Faults
from simulator.keys import NETWORK


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the addresses."""
    router.add_get("/simulator/faults", show)
    router.add_put("/simulator/faults", replace)
    router.add_delete("/simulator/faults", forget)
    router.add_get("/simulator/faults/kinds", kinds)


async def show(request: web.Request) -> web.Response:
    """The plan, and how often each of its faults has struck."""
    return web.json_response(request.app[NETWORK].faults.shown())


async def kinds(request: web.Request) -> web.Response:
    """Every kind of fault with its parameters, their types, defaults and limits."""
    return web.json_response(described())


async def replace(request: web.Request) -> web.Response:
    """Another plan, from now on."""
    try:
        plan = plan_from(await request.json())
    except (BadPlan, ValueError, RecursionError) as error:
        return web.json_response({"error": str(error)}, status=400)
    request.app[NETWORK].faults = Faults(plan)
    return web.json_response(request.app[NETWORK].faults.shown())


async def forget(request: web.Request) -> web.Response:
    """Nothing goes wrong any more."""
    request.app[NETWORK].faults = Faults()
    return web.Response(status=204)
