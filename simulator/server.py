"""The simulator's web application: REST, its own API, and the browser phones."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from simulator.api import (
    behaviours,
    fault_plan,
    handset_texts,
    hosted_documents,
    reachability,
    scripted_calls,
)
from simulator.api.access import check_credentials, known_hosts, local_only, new_token
from simulator.api.clock_hold import ClockHold
from simulator.door.certificates import authority_in
from simulator.door.proxy import Door
from simulator.door.words import to_paste, to_paste_for_hosts
from simulator.keys import EXCHANGE, NETWORK
from simulator.network import Network
from simulator.phone.pages import PAGE_TOKEN
from simulator.phone.routes import add_routes as add_phone_routes
from simulator.rest import (
    account,
    applications,
    available,
    caller_ids,
    calls,
    conferences,
    hosts,
    live_recordings,
    live_transcriptions,
    lookups,
    media,
    messages,
    notices,
    numbers,
    participants,
    queues,
    recordings,
    sms,
    streams,
    transcriptions,
)
from simulator.rest.absent import absent
from simulator.rest.answers import ApiError, not_found
from simulator.rest.forms import ROOT, JsonRoutes, in_its_form
from simulator.rest.limit import RateLimit
from simulator.settings import Settings, SettingsError

_log = logging.getLogger(__name__)

REST_ROOT = "/2010-04-01/Accounts/{account}"
ACCOUNTS = "/2010-04-01/Accounts"
_MEDIA = re.compile(
    r"/2010-04-01/Accounts/.+/(?:Recordings/RE[0-9a-f]{32}(?:\.wav|\.mp3)?|Media/ME[0-9a-f]{32})"
)

_RESOURCES = (
    calls, conferences, participants, queues, recordings, live_recordings, streams, messages, sms,
    account, applications, available, media, notices, numbers,
    caller_ids, transcriptions, live_transcriptions,
)  # fmt: skip
_LIMIT = web.AppKey("rest_limit", RateLimit)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(settings: Settings) -> web.Application:
    """The whole simulator; its network is opened and closed with the application."""
    app = web.Application(
        middlewares=[known_hosts, hosts.other_hosts, local_only, in_its_form, rest_rules]
    )
    network = Network(settings)
    app[NETWORK] = network
    app[EXCHANGE] = network.exchange
    app[PAGE_TOKEN] = new_token()
    app[scripted_calls.CALLERS] = {}
    app[hosts.SEEN] = set()
    app[_LIMIT] = RateLimit(settings.rest_limit, lambda: network.exchange.clock.now_s)
    app[scripted_calls.CLOCK_HOLD] = ClockHold(network.exchange.clock)
    app.cleanup_ctx.append(_open_network)
    if settings.has_door:
        app.cleanup_ctx.append(_open_door)
    app.router.add_get("/healthz", healthz)
    routes = JsonRoutes()
    for resource in _RESOURCES:
        resource.add_routes(routes, REST_ROOT)
    routes.mount(app.router)
    scripted_calls.add_routes(app.router)
    behaviours.add_routes(app.router)
    reachability.add_routes(app.router)
    handset_texts.add_routes(app.router)
    fault_plan.add_routes(app.router)
    add_phone_routes(app, network)
    hosted_documents.add_routes(app.router)
    lookups.add_routes(app.router)
    return app


async def healthz(request: web.Request) -> web.Response:
    """The process is alive and line time runs."""
    return web.json_response({"status": "ok"})


async def _open_network(app: web.Application) -> AsyncIterator[None]:
    async with app[NETWORK] as network:
        await hosted_documents.speak_ahead(network.exchange)
        yield


async def _open_door(app: web.Application) -> AsyncIterator[None]:
    """The ways in for applications that know no other host than the carrier's."""
    settings = app[EXCHANGE].settings
    authority = authority_in(settings.door_dir)
    door = Door(rest_port=settings.port, context=authority.context(), origins=settings.origins)
    try:
        if settings.door is not None:
            port = await _opened("--door", door.open(settings.host, settings.door))
            _log.info("%s", to_paste(port, authority.ca))
        if settings.door_tls is not None:
            port = await _opened("--door-tls", door.open_tls(settings.door_tls))
            _log.info("%s", to_paste_for_hosts(port, authority.ca))
        yield
    finally:
        await door.close()


async def _opened(option: str, opening: Awaitable[int]) -> int:
    try:
        return await opening
    except OSError as error:
        text = f"{option}: {error.strerror}; give another port (those below 1024 need root)"
        raise SettingsError(text) from error


@web.middleware
async def rest_rules(request: web.Request, handler: Handler) -> web.StreamResponse:
    """For all of REST: Basic auth first, then Twilio's words for every refusal."""
    if not request.path.startswith(ROOT) and not lookups.PATH.fullmatch(request.path):
        return await handler(request)
    try:
        if request.app[EXCHANGE].outage.is_on:
            raise ApiError(503, 20503, "Service unavailable")
        if not _is_open(request):
            _check_account(request)
        status = request.app[EXCHANGE].faults.of_rest()
        _note_refusal(request, status)
        if status == 429 or not request.app[_LIMIT].allows():
            raise ApiError(429, 20429, "Too Many Requests")
        if status:
            raise ApiError(status, 20500, "An internal server error has occurred")
        return await handler(request)
    except ApiError as error:
        return error.response()
    except web.HTTPNotFound:
        return absent(request.path).response()
    except web.HTTPMethodNotAllowed:
        return ApiError(405, 20004, "Method not allowed").response()


def _note_refusal(request: web.Request, status: int) -> None:
    """A refusal by the plan of faults stands in the log of the call it is about."""
    call = request.app[EXCHANGE].calls.get(request.match_info.get("sid", ""))
    if status and call is not None:
        call.log.add("fault", fault=str(status), purpose="rest", url=request.path)


def _is_open(request: web.Request) -> bool:
    """Whether it is for the sound of a recording or a file of a message, and those are open."""
    asks = request.method in {"GET", "HEAD"} and _MEDIA.fullmatch(request.path) is not None
    return asks and request.app[EXCHANGE].settings.open_media


def _check_account(request: web.Request) -> None:
    check_credentials(request)
    if not request.path.startswith(ROOT):
        return
    parts = request.path.split("/")
    account = parts[3].partition(".")[0] if len(parts) > 3 else ""
    ours = request.app[EXCHANGE].settings.account_sid
    if account != ours and request.path.partition(".")[0] != ACCOUNTS:
        raise not_found(request.path)
