"""Who may use the simulator: its host by name, its pages by token, its account by password.

A page of another site can lead a browser here under that site's own name (DNS rebinding), so a Host
that is nobody's here is refused. What a browser asks to be changed must carry the token that our
own pages were given: a page of another program on this machine has none.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from simulator.keys import EXCHANGE
from simulator.phone.pages import PAGE_HEADER, PAGE_TOKEN
from simulator.phone.visitors import LOCAL_HOSTS, may_connect
from simulator.rest.answers import ApiError
from simulator.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_CARRIER = re.compile(r"(?:[a-z0-9-]+\.)*twilio\.com")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def new_token() -> str:
    """A token for the pages of one run."""
    return secrets.token_urlsafe(24)


@web.middleware
async def known_hosts(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests for a host that is nobody's here. A browser always names one."""
    host = _host_name(request.headers.get("Host", "localhost"))
    if not _is_ours(host, request.app[EXCHANGE].settings):
        text = f"the simulator does not answer for the host {host!r}; --allow-host {host} lets it"
        return web.json_response({"error": text}, status=403)
    return await handler(request)


@web.middleware
async def local_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that a page of another origin makes a browser send."""
    origin = request.headers.get("Origin")
    if request.path.startswith("/simulator/"):
        allowed = request.app[EXCHANGE].settings.allowed_origins
        if not may_connect(origin, host=request.host, allowed=allowed):
            return _refused("this origin may not use the simulator")
        if origin is not None and request.method not in _SAFE and not _has_token(request):
            return _refused("this page is not the simulator's, or of an earlier run: load it again")
    return await handler(request)


def check_credentials(request: web.Request) -> None:
    """Raises ApiError unless the request has the account's or the API key's password."""
    settings = request.app[EXCHANGE].settings
    user, password = _credentials(request)
    pairs = {settings.account_sid: settings.auth_token, settings.api_key: settings.api_secret}
    expected = pairs.get(user, "")
    if not expected or not hmac.compare_digest(expected.encode(), password.encode()):
        raise ApiError(401, 20003, "Authenticate")


def _credentials(request: web.Request) -> tuple[str, str]:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        raise ApiError(401, 20003, "Authenticate")
    try:
        user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ApiError(401, 20003, "Authenticate") from error
    return user, password


def _host_name(host: str) -> str:
    """The name in a Host header, without its port; empty when it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_ours(name: str, settings: Settings) -> bool:
    """Whether nobody on the internet can have that name lead to here.

    Addresses, and names without a dot (this machine's, a container's), have no entry in the DNS
    that a stranger could write.
    """
    named = (settings.host, *settings.allowed_hosts, *map(_of_origin, settings.allowed_origins))
    if name in LOCAL_HOSTS or name in named or name.endswith(".localhost"):
        return True
    is_bare = bool(name) and "." not in name
    return is_bare or _is_address(name) or _CARRIER.fullmatch(name) is not None


def _of_origin(origin: str) -> str:
    return urlsplit(origin).hostname or ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _has_token(request: web.Request) -> bool:
    given = request.headers.get(PAGE_HEADER, "")
    return hmac.compare_digest(given.encode(), request.app[PAGE_TOKEN].encode())


def _refused(message: str) -> web.Response:
    return web.json_response({"error": message}, status=403)
