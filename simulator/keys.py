"""Where the web application keeps the network, and the exchange that the network is built on."""

from __future__ import annotations

from aiohttp import web

from simulator.exchange import Exchange
from simulator.network import Network

NETWORK: web.AppKey[Network] = web.AppKey("network")
EXCHANGE: web.AppKey[Exchange] = web.AppKey("exchange")
