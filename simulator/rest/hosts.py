"""Hosts of the carrier other than that of its REST API: Verify, TaskRouter and the like.

They come in by the door. Some have addresses that are emulated; the others are refused by name,
and noted in the log the first time.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.rest.answers import ApiError
from simulator.rest.lookups import PATH as LOOKUPS

_ANY = re.compile(r"(?:[a-z0-9-]+\.)*twilio\.com")
_PLACE = r"(?:\.[a-z0-9-]+){0,2}\.twilio\.com"
"""Also `.EDGE.REGION.twilio.com` (Twilio, "Global infrastructure")."""
_API = re.compile(f"api{_PLACE}")
_PATHS = (
    (re.compile(f"lookups{_PLACE}"), LOOKUPS),
    (re.compile(r"handler\.twilio\.com"), re.compile(r"/twiml/[^/]+")),
)
"""What is emulated of other hosts."""
SEEN: web.AppKey[set[str]] = web.AppKey("hosts_not_emulated")

_log = logging.getLogger(__name__)


@web.middleware
async def other_hosts(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what a host of the carrier has that is not emulated."""
    host = request.host.partition(":")[0].lower()
    if not _is_elsewhere(host) or _is_emulated(host, request.path):
        return await handler(request)
    refusal = ApiError(404, 20404, f"{host} is not emulated here")
    if host not in request.app[SEEN]:
        request.app[SEEN].add(host)
        _log.warning("%s", refusal)
    return refusal.response()


def _is_elsewhere(host: str) -> bool:
    return _ANY.fullmatch(host) is not None and _API.fullmatch(host) is None


def _is_emulated(host: str, path: str) -> bool:
    return any(one.fullmatch(host) and paths.fullmatch(path) for one, paths in _PATHS)
