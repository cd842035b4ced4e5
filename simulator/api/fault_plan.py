"""The plan of faults over HTTP: GET it, PUT another one, DELETE it; and what one may say."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.faults.fault_parameters import BadPlan
from simulator.faults.kinds import described
from simulator.faults.plan import plan_from
from simulator.faults.strikes import Faults
from simulator.keys import EXCHANGE


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the addresses."""
    router.add_get("/simulator/faults", show)
    router.add_put("/simulator/faults", replace)
    router.add_delete("/simulator/faults", forget)
    router.add_get("/simulator/faults/kinds", kinds)
    router.add_post("/simulator/faults/outage", go_out)
    router.add_delete("/simulator/faults/outage", come_back)


async def show(request: web.Request) -> web.Response:
    """The plan, how often each of its faults has struck, and whether the carrier is out."""
    return web.json_response(_shown(request))


async def kinds(request: web.Request) -> web.Response:
    """Every kind of fault with its parameters, their types, defaults and limits."""
    return web.json_response(described())


async def replace(request: web.Request) -> web.Response:
    """Another plan, from now on."""
    try:
        plan = plan_from(await request.json())
    except (BadPlan, ValueError, RecursionError) as error:
        return web.json_response({"error": str(error)}, status=400)
    request.app[EXCHANGE].faults = Faults(plan)
    return web.json_response(_shown(request))


async def forget(request: web.Request) -> web.Response:
    """Nothing goes wrong any more."""
    request.app[EXCHANGE].faults = Faults()
    return web.Response(status=204)


async def go_out(request: web.Request) -> web.Response:
    """Nothing is delivered for `seconds` from now on; `drops_calls` ends the calls on the line."""
    try:
        given = await request.json()
        if not isinstance(given, dict) or {"fault", "after"} & set(given):
            raise BadPlan("expected seconds, drops_calls")
        plan = plan_from({"carrier": [{"fault": "outage", "after": 0, **given}]})
    except (BadPlan, ValueError, RecursionError) as error:
        return web.json_response({"error": str(error)}, status=400)
    fault = plan.faults[0]
    outage = request.app[EXCHANGE].outage
    outage.begin(fault.span("seconds")[0], drops_calls=fault.values["drops_calls"])
    return web.json_response(outage.shown())


async def come_back(request: web.Request) -> web.Response:
    """The carrier is there again."""
    request.app[EXCHANGE].outage.end()
    return web.Response(status=204)


def _shown(request: web.Request) -> dict[str, Any]:
    exchange = request.app[EXCHANGE]
    return {**exchange.faults.shown(), "outage": exchange.outage.shown()}
