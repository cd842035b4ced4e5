"""One live conversation on a media socket: speaks replies, listens meanwhile, takes turns.

The caller may interrupt by voice or key. Whatever is more than speaking and asking (a
person, a message, the end) is left to the carrier's redirect, which fetches it as TwiML.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from asr.live import EarEvent, LiveEar, Partial, SpeechStarted, Utterance
from carriers import media_stream
from carriers.media_stream import Key, Played, Sound, Stopped, StreamMessage
from carriers.messages import Heard, Keys, Silence, Speech
from carriers.verbs import Listen, Say
from config.settings import Settings
from infra.log import logger
from ivr.turns import Reply
from voice.speaker import Spoken

_FEED_BYTES = 320
"""The ear is fed every 40 ms."""
_MOST_WAITING_BYTES = 16_000
"""Sound that may wait for the ear: 2 s; older sound is dropped and noted."""
_KEY_PAUSE_S = 3.0
_INTERRUPT_WORDS = 1
_IDLE_S = 10.0
_FOLLOW_S = 1.0

_log = logger(__name__)
T = TypeVar("T")


class Door(Protocol):
    """The way to the conversation's state; every method may block, and is called in threads."""

    def present(self, call_sid: str) -> Reply:
        """What the caller is being told or asked now."""

    def take_turn(self, call_sid: str, turn: int, heard: Heard) -> Reply:
        """Answer what was heard."""

    def spoken(self, call_sid: str, turn: int) -> None:
        """The caller has heard the reply that belongs to `turn` to its end."""

    def was_followed(self, call_sid: str) -> bool:
        """Whether the carrier has come to fetch TwiML after this socket."""

    def redirect(self, call_sid: str) -> None:
        """Make the carrier fetch TwiML now."""


class Voice(Protocol):
    """Phrases as sound."""

    def spoken(self, text: str, language: str) -> Spoken:
        """The phrase as 8 kHz mu-law, remembered or spoken now."""


@dataclass(frozen=True)
class Gone:
    """The socket is over."""


@dataclass
class Link:
    """The media socket of one call, as this module needs it."""

    stream_sid: str
    call_sid: str
    messages: AsyncIterator[StreamMessage]
    send: Callable[[str], Awaitable[None]]
    close: Callable[[], Awaitable[None]]


@dataclass
class _Asked:
    """One question under way."""

    reply: Reply
    listen: Listen | None
    said: bool = False
    interrupted: bool = False
    quiet_since: float = 0.0
    keys: str = ""
    key_at: float = 0.0
    mark: str = ""
    speech_end: float | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Conversation:
    """Holds one conversation from the present reply until the caller or the socket is gone."""

    def __init__(
        self,
        link: Link,
        door: Door,
        voice: Voice,
        settings: Settings,
        pool: Executor,
        *,
        ear: LiveEar | None,
        finished: Callable[[str, str, str], bool],
    ) -> None:
        self._link, self._door, self._voice, self._settings = link, door, voice, settings
        self._pool, self._ear, self._finished = pool, ear, finished
        self._happened: asyncio.Queue[StreamMessage | EarEvent | Gone] = asyncio.Queue()
        self._waiting = bytearray()
        self._heard_something = asyncio.Event()
        self._ear_s = 0.0
        self._answered_at: float | None = None

    async def hold(self) -> None:
        """Talk until the end. An error is an apology, and the redirect goes on from there."""
        background = [asyncio.create_task(self._receive()), asyncio.create_task(self._hear())]
        try:
            reply = await self._in_thread(self._door.present, self._link.call_sid)
            while (next_reply := await self._turn(reply)) is not None:
                reply = next_reply
        except Exception as error:
            _log.error("turn failed", error=type(error).__name__, exc_info=error)
            await self._apologise()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            if self._ear is not None:
                self._ear.close()

    async def _turn(self, reply: Reply) -> Reply | None:
        """Speak a reply and wait for what comes of it; None when this socket is done."""
        last = reply.verbs[-1]
        asked = _Asked(reply, last if isinstance(last, Listen) else None)
        self._forget_old_words()
        self._set_ear(asked.listen)
        asked.tasks.append(asyncio.create_task(self._speak(asked)))
        try:
            heard = await self._wait(asked)
        finally:
            await self._hush(asked)
        if heard is None:
            return None
        if asked.listen is None:
            await self._leave(reply)
            return None
        self._answered_at = asked.speech_end
        return await self._in_thread(self._door.take_turn, self._link.call_sid, reply.turn, heard)

    async def _wait(self, asked: _Asked) -> Heard | None:
        """What the caller answers; None when the caller is gone."""
        asked.quiet_since = time.monotonic()
        while True:
            try:
                event = await asyncio.wait_for(self._happened.get(), self._patience(asked))
            except TimeoutError:
                heard = self._out_of_patience(asked)
                if heard is not None:
                    return heard
                continue
            if isinstance(event, (Gone, Stopped)):
                return None
            heard = await self._take(asked, event)
            if heard is not None:
                return heard

    def _patience(self, asked: _Asked) -> float:
        """Seconds until something must happen by itself."""
        if asked.keys:
            return max(0.01, asked.key_at + _KEY_PAUSE_S - time.monotonic())
        if asked.listen is None or not asked.said or self._is_speaking():
            return _IDLE_S
        return max(0.01, asked.quiet_since + asked.listen.no_input_s - time.monotonic())

    def _out_of_patience(self, asked: _Asked) -> Heard | None:
        if asked.keys:
            return Keys(asked.keys)
        if asked.listen is None or not asked.said or self._is_speaking():
            return None
        if time.monotonic() - asked.quiet_since >= asked.listen.no_input_s:
            return Silence()
        return None

    async def _take(self, asked: _Asked, event: StreamMessage | EarEvent) -> Heard | None:
        match event:
            case Key():
                return await self._take_key(asked, event.digit)
            case Played() if event.mark == asked.mark:
                asked.said, asked.quiet_since = True, time.monotonic()
                if asked.listen is None:
                    return Silence()
            case SpeechStarted():
                asked.quiet_since = time.monotonic()
            case Partial() if not asked.said and asked.listen is not None:
                if len(event.text.split()) >= _INTERRUPT_WORDS:
                    await self._interrupt(asked)
            case Utterance():
                asked.quiet_since = time.monotonic()
                if asked.listen is not None and asked.listen.speech:
                    asked.speech_end = time.monotonic() - max(0.0, self._ear_s - event.end_s)
                    return Speech(event.heard.text, round(event.heard.confidence, 3))
        return None

    async def _take_key(self, asked: _Asked, digit: str) -> Heard | None:
        if asked.listen is None:
            return None
        await self._interrupt(asked)
        asked.speech_end = time.monotonic()
        if digit == "#" and asked.listen.max_keys > 1:
            return Keys(asked.keys)
        asked.keys += digit
        asked.key_at = time.monotonic()
        return Keys(asked.keys) if len(asked.keys) >= asked.listen.max_keys else None

    async def _speak(self, asked: _Asked) -> None:
        """Send the phrases in order; later ones are spoken ahead while earlier ones play."""
        says = [verb for verb in asked.reply.verbs if isinstance(verb, Say)]
        phrases = [(phrase, say.language) for say in says for phrase in say.phrases]
        ahead = [
            asyncio.ensure_future(self._in_thread(self._voice.spoken, text, language))
            for text, language in phrases
        ]
        for number, sound in enumerate(ahead):
            mulaw = (await sound).mulaw
            if asked.interrupted:
                break
            for message in media_stream.sounds(self._link.stream_sid, mulaw):
                await self._link.send(message)
            if number == 0:
                self._note_answer(asked.reply)
        for sound in ahead:
            sound.cancel()
        if not asked.interrupted:
            asked.mark = f"said:{asked.reply.turn}"
            await self._link.send(media_stream.mark(self._link.stream_sid, asked.mark))

    async def _interrupt(self, asked: _Asked) -> None:
        """The caller has begun to answer: stop speaking."""
        if asked.interrupted or asked.said:
            return
        asked.interrupted = asked.said = True
        await self._link.send(media_stream.clear(self._link.stream_sid))

    async def _hush(self, asked: _Asked) -> None:
        if not asked.said:
            asked.interrupted = True
        for task in asked.tasks:
            if not task.done():
                task.cancel()
        results = await asyncio.gather(*asked.tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                _log.warning("speaking failed", error=type(result).__name__)

    async def _leave(self, reply: Reply) -> None:
        """Close the socket, so that the carrier fetches the rest of this reply as TwiML."""
        await self._in_thread(self._door.spoken, self._link.call_sid, reply.turn)
        await self._link.close()
        await self._see_followed()

    async def _apologise(self) -> None:
        """Say that something went wrong and let the redirect go on in turn mode."""
        try:
            sound = await self._in_thread(
                self._voice.spoken,
                "I am sorry. Something went wrong on our side. One moment, please.",
                self._settings.language_list[0],
            )
            for message in media_stream.sounds(self._link.stream_sid, sound.mulaw):
                await self._link.send(message)
            await asyncio.sleep(sound.duration_s)
        except Exception as error:
            _log.warning("apology failed", error=type(error).__name__)
        await self._link.close()
        await self._see_followed()

    async def _see_followed(self) -> None:
        """If the carrier has not come within a second, send it (sources differ on the close)."""
        deadline = time.monotonic() + _FOLLOW_S
        while time.monotonic() < deadline:
            if await self._in_thread(self._door.was_followed, self._link.call_sid):
                return
            await asyncio.sleep(0.1)
        _log.info("carrier did not follow; redirected")
        await self._in_thread(self._door.redirect, self._link.call_sid)

    async def _receive(self) -> None:
        """Sort what the carrier sends: sound to the ear, everything else to the turn."""
        try:
            async for message in self._link.messages:
                if isinstance(message, Sound):
                    if message.track == "inbound":
                        self._keep_sound(message.mulaw)
                else:
                    self._happened.put_nowait(message)
        finally:
            self._happened.put_nowait(Gone())

    def _keep_sound(self, mulaw: bytes) -> None:
        self._waiting += mulaw
        if len(self._waiting) > _MOST_WAITING_BYTES:
            del self._waiting[: len(self._waiting) - _MOST_WAITING_BYTES]
            _log.warning("the ear is too slow; sound was dropped")
        if len(self._waiting) >= _FEED_BYTES:
            self._heard_something.set()

    async def _hear(self) -> None:
        """Feed the ear in a thread, in order, while everything else goes on."""
        while True:
            await self._heard_something.wait()
            self._heard_something.clear()
            sound = bytes(self._waiting)
            self._waiting.clear()
            if self._ear is None or not sound:
                continue
            events = await self._in_thread(self._ear.feed, sound)
            self._ear_s += len(sound) / 8000
            for event in events:
                self._happened.put_nowait(event)

    def _set_ear(self, listen: Listen | None) -> None:
        if self._ear is None or listen is None:
            return
        finished = partial(self._finished, listen.question, listen.language)
        self._ear.listen(
            hang_over_ms=self._settings.hang_over_ms,
            patience_ms=self._settings.patience_ms,
            finished=finished,
            grammar=listen.grammar,
        )

    def _forget_old_words(self) -> None:
        """Words that were finished before this question was asked do not answer it."""
        kept = []
        while not self._happened.empty():
            event = self._happened.get_nowait()
            if not isinstance(event, (Utterance, Partial, SpeechStarted, Played)):
                kept.append(event)
        for event in kept:
            self._happened.put_nowait(event)

    def _is_speaking(self) -> bool:
        return self._ear is not None and self._ear.speaking

    def _note_answer(self, reply: Reply) -> None:
        if self._answered_at is None:
            return
        took_ms = round((time.monotonic() - self._answered_at) * 1000)
        _log.info("answered", turn=reply.turn - 1, place=reply.place, took_ms=took_ms)
        self._answered_at = None

    async def _in_thread(self, call: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(call, *args))
