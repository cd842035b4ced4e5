"""Entry point of the streams process: media sockets of the carrier, news to browsers."""

from __future__ import annotations

import asyncio
import http
import json
import os
import signal
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from agents.queries import is_talking
from asr.live import LiveEar
from asr.model import Models
from asr.words import AsrError
from calls.actions import find_call, say, use_stream_token
from calls.events import has_event
from carriers import media_stream
from carriers.base import Carrier, CarrierError
from carriers.media_stream import Started, StreamError, StreamMessage, is_authentic_handshake
from carriers.messages import Heard
from config.city import City
from config.settings import load_settings
from infra.log import configure, logger
from infra.services import Services
from ivr import turns, understand
from ivr.eavesdrop import write_along
from ivr.listening import Conversation, Link
from ivr.turns import Reply
from parts import build_services
from voice.cache import VoiceCache
from web.live_feed import LiveFeed

_QUIET_S = 10.0
_START_S = 10.0
_WARM = 2

_log = logger(__name__)


class CallDoor:
    """The way from a media socket to the conversation's state, each step in its transaction."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def present(self, call_sid: str) -> Reply:
        """What the caller is being told or asked now."""
        return turns.present(self._services, call_sid)

    def take_turn(self, call_sid: str, turn: int, heard: Heard) -> Reply:
        """Answer what was heard."""
        return turns.take_turn(self._services, call_sid, turn, heard)

    def spoken(self, call_sid: str, turn: int) -> None:
        """The caller has heard the reply that belongs to `turn` to its end."""
        turns.spoken(self._services, call_sid, turn)

    def was_followed(self, call_sid: str) -> bool:
        """Whether the carrier has fetched TwiML after the socket, or the call is over."""
        with self._services.database.read() as session:
            call = find_call(session, call_sid)
            over = call is None or call.ended_at is not None
            return over or has_event(session, call_sid, turns.AFTER_STREAM)

    def redirect(self, call_sid: str) -> None:
        """Make the carrier fetch TwiML now."""
        url = f"{self._services.settings.public_url}/ivr/continue?after=redirect"
        with suppress(CarrierError):
            self._services.get(Carrier).redirect_call(call_sid, url)


class Streams:
    """Every socket of this process."""

    def __init__(self, services: Services) -> None:
        self._services, self._settings = services, services.settings
        self._door = CallDoor(services)
        self._pool = ThreadPoolExecutor(max_workers=(os.cpu_count() or 2) + 6)
        self.feed = LiveFeed(services.settings, services.database)

    async def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer health checks; refuse sockets that may not be opened."""
        path = request.path.partition("?")[0]
        if path in ("/healthz", "/readyz"):
            return _json(http.HTTPStatus.OK, {"process": "streams", "ok": True})
        if path == "/media":
            signature = request.headers.get("X-Twilio-Signature", "")
            if is_authentic_handshake(self._settings, request.path, signature):
                return None
            _log.warning("unsigned media socket refused")
            return _json(http.HTTPStatus.FORBIDDEN, {"error": "signature expected"})
        if path == "/live":
            why = await asyncio.to_thread(
                self.feed.refusal,
                request.headers.get("Origin"),
                request.headers.get("Cookie", ""),
            )
            return None if why is None else _json(http.HTTPStatus.FORBIDDEN, {"error": why})
        return _json(http.HTTPStatus.NOT_FOUND, {"error": "expected /media or /live"})

    async def serve(self, socket: ServerConnection) -> None:
        """Serve one admitted socket."""
        path = socket.request.path.partition("?")[0] if socket.request else ""
        if path == "/live":
            await self.feed.serve(socket)
            return
        try:
            await self._serve_call(socket)
        except StreamError as error:
            _log.warning("media socket closed", reason=str(error))
            await socket.close(1002, "message not understood")
        except (ConnectionClosed, TimeoutError):
            return

    async def _serve_call(self, socket: ServerConnection) -> None:
        started = await asyncio.wait_for(_started(socket), _START_S)
        purpose = started.params.get("purpose", "")
        if not await asyncio.to_thread(self._may_speak_for, started):
            _log.warning("media socket with a wrong token refused")
            await socket.close(1008, "token expected")
            return
        if purpose == "listen":
            await self._listen_along(socket, started)
        else:
            await self._converse(socket, started)

    def _may_speak_for(self, started: Started) -> bool:
        with self._services.database.transaction() as session:
            return started.params.get("call") == started.call_sid and use_stream_token(
                session, started.call_sid, started.params.get("token", "")
            )

    async def _converse(self, socket: ServerConnection, started: Started) -> None:
        link = Link(
            started.stream_sid, started.call_sid, _messages(socket), socket.send, socket.close
        )
        language = await asyncio.to_thread(self._language, started.call_sid)
        conversation = Conversation(
            link,
            self._door,
            self._services.get(VoiceCache),
            self._settings,
            self._pool,
            ear=self._ear(language),
            finished=self._finished,
        )
        await conversation.hold()

    async def _listen_along(self, socket: ServerConnection, started: Started) -> None:
        language = await asyncio.to_thread(self._language, started.call_sid)
        ears = {track: self._ear(language) for track in ("inbound", "outbound")}
        heard = {track: ear for track, ear in ears.items() if ear is not None}

        def write(speaker: str, text: str, confidence: float) -> None:
            with self._services.database.transaction() as session:
                call = find_call(session, started.call_sid)
                if call is not None and (speaker != "agent" or is_talking(session, call.id)):
                    say(
                        session,
                        call_id=call.id,
                        speaker=speaker,
                        text=text,
                        confidence=confidence,
                    )

        await write_along(_messages(socket), heard, write, self._pool)

    def _language(self, call_sid: str) -> str:
        with self._services.database.read() as session:
            call = find_call(session, call_sid)
            return call.language if call else self._settings.language_list[0]

    def _ear(self, language: str) -> LiveEar | None:
        if not self._services.has(Models):
            return None
        try:
            return LiveEar(self._services.get(Models).model(language))
        except AsrError:
            return None

    def _finished(self, question: str, language: str, words: str) -> bool:
        return understand.finished(
            question, words, city=self._services.get(City), language=language
        )


async def _started(socket: ServerConnection) -> Started:
    async for text in socket:
        message = media_stream.read(text)
        if isinstance(message, Started):
            return message
    raise StreamError("expected a start message before the end")


async def _messages(socket: ServerConnection) -> AsyncIterator[StreamMessage]:
    """The socket's messages until it closes, or says nothing for 10 s."""
    while True:
        try:
            text = await asyncio.wait_for(socket.recv(), _QUIET_S)
        except (ConnectionClosed, TimeoutError):
            return
        yield media_stream.read(text)


def _json(status: http.HTTPStatus, body: dict[str, object]) -> Response:
    data = json.dumps(body).encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(data))})
    return Response(status.value, status.phrase, headers, data)


async def main() -> None:
    """Serve until SIGTERM; open media sockets are closed, so that their calls go on in turns."""
    settings = load_settings()
    configure(settings.log_level, process="streams")
    services = build_services(settings)
    if settings.speech_on:
        models = Models(settings)
        models.warm(_WARM)
        services.add(Models, models)
    services.get(VoiceCache).warm(settings.language_list[0])
    streams = Streams(services)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(
        streams.serve,
        settings.bind,
        settings.streams_port,
        process_request=streams.admit,
        max_size=media_stream.MOST_BYTES,
        close_timeout=1,
    ):
        news = asyncio.create_task(streams.feed.run())
        _log.info("ready")
        await stop.wait()
        news.cancel()
    services.database.close()


if __name__ == "__main__":
    asyncio.run(main())
