"""Where the web application keeps the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from simulator.network import Network

NETWORK: web.AppKey[Network] = web.AppKey("network")
