"""The carrier's media sockets of this process: who may open one, and what it is for."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from asr.live import LiveRecogniser
from asr.models.pool import Models
from asr.words import AsrError
from carriers.base import Carrier, CarrierRequest, MediaFormat
from carriers.media import Connected, Pace, Started, StreamError, StreamMessage
from config.city import City
from infra.drain import IN_HAND_S
from infra.failpoints import failpoint
from infra.log import logger, origin
from infra.services import Services
from ivr.dialogues.completeness import is_complete
from ivr.dialogues.vocabulary import Context
from ivr.live.conversation import Conversation
from ivr.live.gateway import Gateway
from ivr.live.link import DONE, NOT_UNDERSTOOD, Link, LinkLost, Threads, in_thread
from ivr.live.playback import Voice
from ivr.live.recognition import StreamRecogniser
from ivr.live.transcription import transcribe_live
from ivr.registry import dialogues_of

_QUIET_S = 10.0
_START_S = 10.0
_CALLS_A_PROCESSOR = 4
"""Sockets beyond this are refused; their calls go on in turn mode (performance.md, 0)."""
_NOT_WELCOME = 1008
_FAILED = 1011

_log = logger(__name__)

RecogniserFor = Callable[[str], StreamRecogniser | None]
"""Gives a recogniser for a language, or None where there is no model: keys go on. Blocks."""


class MediaSockets:
    """Every media socket of this process."""

    def __init__(
        self,
        services: Services,
        *,
        gateway: Gateway,
        voice: Voice,
        recogniser_for: RecogniserFor,
        most: int = 0,
    ) -> None:
        self._services, self._settings = services, services.settings
        self._root = services.settings.media_url.rsplit("/media", 1)[0]
        self._media = services.get(Carrier).media
        self._gateway, self._voice, self._recogniser_for = gateway, voice, recogniser_for
        processors = os.cpu_count() or 2
        self._most = most or _CALLS_A_PROCESSOR * processors
        self._threads = Threads(
            ThreadPoolExecutor(processors, "recogniser"),
            ThreadPoolExecutor(2 * processors + 4, "turn"),
        )
        self._open = 0
        self._conversations: dict[Conversation, asyncio.Task[None]] = {}
        self._waits_ms: deque[float] = deque(maxlen=200)
        self.draining = False

    @property
    def count(self) -> int:
        """How many are open."""
        return self._open

    def refusal(self, path: str, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """HTTP status and reason why a socket may not be opened; None when it may."""
        handshake = CarrierRequest(url=self._root + path, headers=headers)
        if not self._services.get(Carrier).is_authentic(handshake):
            _log.warning("unsigned media socket refused")
            return 403, "signature expected"
        if self.draining or self._open >= self._most:
            _log.warning("media socket refused", open=self._open, draining=self.draining)
            return 503, "full"
        return None

    async def serve(self, socket: ServerConnection) -> None:
        """Serve one admitted socket to its end."""
        self._open += 1
        try:
            await self._serve_call(socket)
        except StreamError as error:
            _log.warning("media socket closed", reason=str(error))
            await socket.close(NOT_UNDERSTOOD)
        except Exception as error:
            _log.error("media socket failed", error=origin(error))
            await socket.close(_FAILED)
        finally:
            self._open -= 1

    async def drain(self) -> None:
        """Give every call back to the carrier, which goes on with it in turn mode.

        Nothing new is taken; an answer that a caller is giving is heard to its end.
        """
        self.draining = True
        for conversation in self._conversations:
            conversation.drain()
        if self._conversations:
            await asyncio.wait(self._conversations.values(), timeout=IN_HAND_S)

    def answer_times(self) -> dict[str, int]:
        """The last answers, from the end of speech to the first sound sent, in ms."""
        ranked = sorted(self._waits_ms)
        last = len(ranked) - 1
        if not ranked:
            return {"count": 0}
        p50, p95 = ranked[last // 2], ranked[round(last * 0.95)]
        return {"count": len(ranked), "p50_ms": round(p50), "p95_ms": round(p95)}

    async def _serve_call(self, socket: ServerConnection) -> None:
        messages = _messages(socket, self._media)
        try:
            started = await asyncio.wait_for(_start_of(messages), _START_S)
        except TimeoutError:
            raise StreamError(f"expected a start message within {_START_S:.0f} s") from None
        others = self._threads.others
        given = started.params
        purpose, token = given.get("purpose"), given.get("token", "")
        if (
            purpose not in ("conversation", "transcription")
            or given.get("call") != started.call_sid
            or not await in_thread(others, self._gateway.may_enter, started.call_sid, token)
        ):
            _log.warning("media socket with a wrong token or purpose refused")
            await socket.close(_NOT_WELCOME)
            return
        language = await in_thread(others, self._gateway.language, started.call_sid)
        if purpose == "transcription":
            await self._transcribe(messages, started, language)
        else:
            await self._converse(socket, messages, started, language)

    async def _converse(
        self,
        socket: ServerConnection,
        messages: AsyncIterator[StreamMessage],
        started: Started,
        language: str,
    ) -> None:
        way = _Socket(socket)
        link = Link(
            started.stream_sid, started.call_sid, self._media, messages, way.send, way.close
        )
        conversation = Conversation(
            link,
            self._gateway,
            self._voice,
            self._settings,
            self._threads,
            recogniser=await in_thread(self._threads.others, self._recogniser_for, language),
            is_complete=self._is_complete,
            note_answer=self._waits_ms.append,
        )
        holding = asyncio.ensure_future(conversation.hold())
        self._conversations[conversation] = holding
        if self.draining:
            conversation.drain()
        try:
            await holding
        finally:
            del self._conversations[conversation]

    async def _transcribe(
        self, messages: AsyncIterator[StreamMessage], started: Started, language: str
    ) -> None:
        recognisers: dict[str, StreamRecogniser] = {}
        for track in ("inbound", "outbound"):
            recogniser = await in_thread(self._threads.others, self._recogniser_for, language)
            if recogniser is not None:
                recognisers[track] = recogniser

        def write(speaker: str, text: str, confidence: float) -> None:
            self._gateway.write(started.call_sid, speaker, text, confidence)

        await transcribe_live(messages, recognisers, write, self._threads, language)

    def _is_complete(self, dialogue: str, question: str, language: str, words: str) -> bool:
        state = dialogues_of(self._services).named(dialogue).dialogue.state(question)
        return is_complete(state, Context(self._services.get(City), language, {}), words)


def recognisers(services: Services) -> RecogniserFor:
    """Recognisers with the models of this process."""

    def recogniser_for(language: str) -> StreamRecogniser | None:
        if not services.has(Models):
            return None
        try:
            return LiveRecogniser(services.get(Models).model(language))
        except AsrError:
            return None

    return recogniser_for


async def _messages(socket: ServerConnection, media: MediaFormat) -> AsyncIterator[StreamMessage]:
    """The socket's messages until it closes, or says nothing for 10 s. Raises StreamError."""
    pace = Pace()
    while True:
        try:
            text = await asyncio.wait_for(socket.recv(), _QUIET_S)
        except (ConnectionClosed, TimeoutError):
            return
        pace.count(time.monotonic())
        yield media.read(text)


async def _start_of(messages: AsyncIterator[StreamMessage]) -> Started:
    async for message in messages:
        if isinstance(message, Started):
            return message
        if not isinstance(message, Connected):
            break
    raise StreamError("expected connected and start before anything else")


@dataclass(frozen=True)
class _Socket:
    """A media socket as a conversation sees it."""

    socket: ServerConnection

    async def send(self, text: str) -> None:
        """Send one message. Raises LinkLost."""
        failpoint("media.send")
        try:
            await self.socket.send(text)
        except ConnectionClosed:
            raise LinkLost from None

    async def close(self, code: int = DONE) -> None:
        """Close the socket; a second time does nothing."""
        failpoint("media.close")
        await self.socket.close(code)
