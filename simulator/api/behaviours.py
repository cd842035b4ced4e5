"""Who answers the account's calls, described over HTTP.

GET /simulator/phones; POST one `{"address", "behaviour", "after_s", "steps", "language",
"greeting"}`; DELETE /simulator/phones/{address}.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from simulator.keys import NETWORK
from simulator.scenario.files import BadBehaviour, behaviour_from, check_address
from simulator.scenario.steps import ScenarioError


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the addresses."""
    router.add_get("/simulator/phones", list_phones)
    router.add_post("/simulator/phones", describe)
    router.add_delete("/simulator/phones/{address}", forget)


async def list_phones(request: web.Request) -> web.Response:
    """Those that were described, and how many browser phones wait under each name or number."""
    network = request.app[NETWORK]
    described = network.phones.described
    shown = [{"address": address, **one.shown()} for address, one in described.items()]
    return web.json_response({"phones": shown, "registered": network.exchange.clients.registered()})


async def describe(request: web.Request) -> web.Response:
    """Say what a telephone does when it is called."""
    try:
        body = await request.json()
        address = body["address"] if isinstance(body, dict) else None
        address = check_address("address", address)
        folder = Path(request.query.get("folder", "."))
        behaviour = behaviour_from(body, folder)
    except (BadBehaviour, ScenarioError, ValueError, KeyError) as error:
        return web.json_response({"error": str(error)}, status=400)
    request.app[NETWORK].phones.describe(address, behaviour)
    return web.json_response({"address": address, **behaviour.shown()}, status=201)


async def forget(request: web.Request) -> web.Response:
    """Back to what every telephone does."""
    request.app[NETWORK].phones.forget(request.match_info["address"])
    return web.Response(status=204)
