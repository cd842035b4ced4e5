"""Entry point of the streams process: media sockets of the carrier, events to browsers."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus

from sqlalchemy.exc import SQLAlchemyError
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from asr.models.pool import Models
from carriers.media import MOST_BYTES
from config.settings import Settings, SettingsError, load_settings
from infra import drain
from infra.db import Database
from infra.log import configure, logger, origin
from ivr.live.gateway import CallGateway
from ivr.live.sockets import MediaSockets, recognisers
from ops.services import build_services
from voice.cache import VoiceCache
from voice.speaker import VoiceError
from web.live_feed import LiveFeed

_WARM = 2

_log = logger(__name__)


class Streams:
    """Every socket of this process: `/media` for the carrier, `/live` for pages."""

    def __init__(self, database: Database, media: MediaSockets, feed: LiveFeed) -> None:
        self._database, self.media, self.feed = database, media, feed

    def listen_on(self, host: str, port: int) -> AbstractAsyncContextManager[Server]:
        """The server of all these sockets. What is refused is logged here, not by the library."""
        quiet = logging.getLogger("swiftline.sockets")
        quiet.setLevel(logging.CRITICAL + 1)
        return serve(
            self._serve,
            host,
            port,
            process_request=self._admit,
            max_size=MOST_BYTES,
            compression=None,
            close_timeout=1,
            logger=quiet,
        )

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer health checks; refuse sockets that may not be opened."""
        match request.path.partition("?")[0]:
            case "/healthz":
                return _json(HTTPStatus.OK, {"process": "streams", "ok": True})
            case "/readyz":
                return await self._readiness()
            case "/media":
                refusal = self.media.refusal(request.path, request.headers)
                return _json(HTTPStatus(refusal[0]), {"error": refusal[1]}) if refusal else None
            case "/live":
                return await self._admit_page(request)
        return _json(HTTPStatus.NOT_FOUND, {"error": "expected /media or /live"})

    async def _admit_page(self, request: Request) -> Response | None:
        asked = request.headers.get("Origin"), request.headers.get("Cookie", "")
        why = await asyncio.to_thread(self.feed.refusal, *asked)
        return None if why is None else _json(HTTPStatus.FORBIDDEN, {"error": why})

    async def _readiness(self) -> Response:
        """Whether calls can be taken; events may be away without harm to them."""
        database = True
        try:
            await asyncio.to_thread(self._database.answers)
        except SQLAlchemyError:
            database = False
        ok = database and not self.media.draining
        facts: dict[str, object] = {
            "process": "streams",
            "ok": ok,
            "database": database,
            "events": self.feed.is_connected,
            "calls": self.media.count,
            "pages": self.feed.page_count,
            "answers": self.media.answer_times(),
        }
        return _json(HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE, facts)

    async def _serve(self, socket: ServerConnection) -> None:
        """Serve one admitted socket to its end."""
        path = socket.request.path.partition("?")[0] if socket.request else ""
        await (self.feed if path == "/live" else self.media).serve(socket)


def build(settings: Settings) -> Streams:
    """This process as the settings want it: models and voice warmed before the first call."""
    services = build_services(settings)
    if settings.speech_on:
        models = Models(settings)
        models.warm(_WARM)
        services.add(Models, models)
    cache = services.get(VoiceCache)
    for language in settings.language_list:
        try:
            cache.warm(language)
        except VoiceError as error:
            _log.warning("a voice is missing", language=language, error=origin(error))
    media = MediaSockets(
        services, gateway=CallGateway(services), voice=cache, recogniser_for=recognisers(services)
    )
    return Streams(services.database, media, LiveFeed(settings, services.database))


async def run(streams: Streams, settings: Settings) -> None:
    """Serve until SIGTERM; then open calls are given back to the carrier.

    Raises OSError when the port cannot be had.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    drain.on_signals(lambda: loop.call_soon_threadsafe(stop.set))
    async with streams.listen_on(settings.bind, settings.streams_port):
        events = asyncio.create_task(streams.feed.run())
        _log.info("ready")
        await stop.wait()
        await streams.media.drain()
        events.cancel()


def _json(status: HTTPStatus, body: dict[str, object]) -> Response:
    data = json.dumps(body).encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(data))})
    return Response(status.value, status.phrase, headers, data)


def main() -> None:
    """Run the streams process."""
    try:
        settings = load_settings()
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    configure(settings.log_level, process="streams")
    streams = build(settings)
    try:
        asyncio.run(run(streams, settings))
    except OSError as error:
        raise SystemExit(
            f"cannot listen on port {settings.streams_port} ({error.strerror}); stop what uses "
            "it, or set SWIFTLINE_STREAMS_PORT to a free one"
        ) from None


if __name__ == "__main__":
    main()
