"""Feeds an ear with the sound of one track: in order, in threads, never far behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Protocol

from asr.live import EarEvent, SpeechStarted
from carriers.media_stream import BYTES_A_SECOND
from infra.log import logger, origin
from ivr.live.link import in_thread

_FEED_BYTES = 320
"""The ear is fed every 40 ms; it has its own piece length for the recogniser."""
_MOST_WAITING_BYTES = 2 * BYTES_A_SECOND
"""Sound that may wait for the ear; older sound is dropped (reliability, row 25)."""
_NEVER = float("-inf")

_log = logger(__name__)


class Ear(Protocol):
    """What hears: `asr.live.LiveEar`, or a test's."""

    @property
    def speaking(self) -> bool:
        """Whether an utterance is under way."""

    def listen(
        self,
        *,
        hang_over_ms: int = ...,
        patience_ms: int = ...,
        finished: Callable[[str], bool] | None = ...,
        grammar: tuple[str, ...] = ...,
    ) -> None:
        """Set how the next utterance is heard."""

    def feed(self, mulaw: bytes) -> list[EarEvent]:
        """Take sound of the line; returns what happened."""

    def flush(self) -> list[EarEvent]:
        """End the utterance under way, if there is one."""

    def close(self) -> None:
        """Give back what the ear holds."""


class Hearing:
    """One ear at work. `tell` gets its events, on the event loop, in order."""

    def __init__(self, ear: Ear, pool: Executor, tell: Callable[[EarEvent], None]) -> None:
        self._ear, self._pool, self._tell = ear, pool, tell
        self._waiting = bytearray()
        self._came = asyncio.Event()
        self._over = False
        self._wish: Callable[[], None] | None = None
        self._received_s = 0.0
        self._received_at = time.monotonic()
        self._began_s = 0.0
        self._speaking = False
        self.voice_at = _NEVER
        """When somebody was last speaking, by the monotonic clock."""
        self._work = asyncio.create_task(self._run())

    def listen(
        self,
        *,
        hang_over_ms: int,
        patience_ms: int,
        finished: Callable[[str], bool],
        grammar: tuple[str, ...],
    ) -> None:
        """Set how the next utterance is heard, from the next sound on."""
        self._wish = partial(
            self._ear.listen,
            hang_over_ms=hang_over_ms,
            patience_ms=patience_ms,
            finished=finished,
            grammar=grammar,
        )

    def take(self, mulaw: bytes) -> None:
        """Keep sound for the ear. Returns at once."""
        self._waiting += mulaw
        self._received_s += len(mulaw) / BYTES_A_SECOND
        self._received_at = time.monotonic()
        too_much = len(self._waiting) - _MOST_WAITING_BYTES
        if too_much > 0:
            del self._waiting[:too_much]
            self._received_s -= too_much / BYTES_A_SECOND
            _log.warning("the ear is behind; sound was dropped", ms=too_much // 8)
        if len(self._waiting) >= _FEED_BYTES:
            self._came.set()

    @property
    def speaking(self) -> bool:
        """Whether somebody is speaking; never when the ear has failed.

        True until the words have been told: the ear itself, in its thread, is done sooner.
        """
        return not self._work.done() and self._speaking

    @property
    def speech_s(self) -> float:
        """How much sound has come since the last utterance began."""
        return self._received_s - self._began_s

    def moment(self, at_s: float) -> float:
        """When, by the monotonic clock, the sound came that the ear counts as `at_s`."""
        return self._received_at - max(0.0, self._received_s - at_s)

    async def close(self, *, flush: bool = False) -> None:
        """Let the ear finish what it is at, and give it back.

        With `flush` it first hears all that still waits, and hands out its last words.
        """
        self._over = True
        if not flush:
            self._waiting.clear()
        self._came.set()
        await asyncio.gather(self._work, return_exceptions=True)
        if flush and not self._work.cancelled() and self._work.exception() is None:
            self._pass_on(await in_thread(self._pool, self._ear.flush))
        await in_thread(self._pool, self._ear.close)

    async def _run(self) -> None:
        while not self._over or self._waiting:
            if not self._over:
                await self._came.wait()
                self._came.clear()
            sound = bytes(self._waiting)
            self._waiting.clear()
            if sound:
                self._pass_on(await self._feed(sound))
                self._speaking = self._ear.speaking

    async def _feed(self, sound: bytes) -> list[EarEvent]:
        wish, self._wish = self._wish, None
        try:
            events = await in_thread(self._pool, _feed, self._ear, wish, sound)
        except Exception as error:
            _log.error("the ear failed; keys go on", error=origin(error))
            raise
        if self._ear.speaking:
            self.voice_at = time.monotonic()
        return events

    def _pass_on(self, events: list[EarEvent]) -> None:
        for event in events:
            if isinstance(event, SpeechStarted):
                self._began_s = event.at_s
            self._tell(event)


def _feed(ear: Ear, wish: Callable[[], None] | None, sound: bytes) -> list[EarEvent]:
    if wish is not None:
        wish()
    return ear.feed(sound)
