"""Feeds a recogniser with the sound of one track: in order, in threads, never far behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Protocol

from asr.live import RecognitionEvent, SpeechStarted
from carriers.media import BYTES_A_SECOND
from infra.log import logger, origin
from ivr.live.link import in_thread

_FEED_BYTES = 320
"""The recogniser is fed every 40 ms; it cuts the sound into pieces of its own length."""
_MOST_WAITING_BYTES = 2 * BYTES_A_SECOND
"""Sound that may wait for the recogniser; older sound is dropped (reliability, row 25)."""
_NEVER = float("-inf")

_log = logger(__name__)


class StreamRecogniser(Protocol):
    """What hears: `asr.live.LiveRecogniser`, or a test's."""

    @property
    def speaking(self) -> bool:
        """Whether an utterance is under way."""

    def listen(
        self,
        *,
        end_silence_ms: int = ...,
        unfinished_silence_ms: int = ...,
        is_complete: Callable[[str], bool] | None = ...,
        grammar: tuple[str, ...] = ...,
    ) -> None:
        """Set how the next utterance is heard."""

    def feed(self, mulaw: bytes) -> list[RecognitionEvent]:
        """Take sound of the line; returns what happened."""

    def flush(self) -> list[RecognitionEvent]:
        """End the utterance under way, if there is one."""

    def close(self) -> None:
        """Release what the recogniser holds."""


class Recognition:
    """One recogniser at work. `notify` gets its events, on the event loop, in order."""

    def __init__(
        self,
        recogniser: StreamRecogniser,
        pool: Executor,
        notify: Callable[[RecognitionEvent], None],
    ) -> None:
        self._recogniser, self._pool, self._notify = recogniser, pool, notify
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
        end_silence_ms: int,
        unfinished_silence_ms: int,
        is_complete: Callable[[str], bool],
        grammar: tuple[str, ...],
    ) -> None:
        """Set how the next utterance is heard, from the next sound on."""
        self._wish = partial(
            self._recogniser.listen,
            end_silence_ms=end_silence_ms,
            unfinished_silence_ms=unfinished_silence_ms,
            is_complete=is_complete,
            grammar=grammar,
        )

    def take(self, mulaw: bytes) -> None:
        """Keep sound for the recogniser. Returns at once."""
        self._waiting += mulaw
        self._received_s += len(mulaw) / BYTES_A_SECOND
        self._received_at = time.monotonic()
        too_much = len(self._waiting) - _MOST_WAITING_BYTES
        if too_much > 0:
            del self._waiting[:too_much]
            self._received_s -= too_much / BYTES_A_SECOND
            _log.warning("the recogniser is behind; sound was dropped", ms=too_much // 8)
        if len(self._waiting) >= _FEED_BYTES:
            self._came.set()

    @property
    def speaking(self) -> bool:
        """Whether somebody is speaking; never when the recogniser has failed.

        True until the words have been told: the recogniser itself, in its thread, is done sooner.
        """
        return not self._work.done() and self._speaking

    @property
    def speech_s(self) -> float:
        """How much sound has come since the last utterance began."""
        return self._received_s - self._began_s

    def moment(self, at_s: float) -> float:
        """When, by the monotonic clock, the sound came that the recogniser counts as `at_s`."""
        return self._received_at - max(0.0, self._received_s - at_s)

    async def close(self, *, flush: bool = False) -> None:
        """Let the recogniser finish what it is at, and release it.

        With `flush` it first hears all that still waits, and hands out its last words.
        """
        self._over = True
        if not flush:
            self._waiting.clear()
        self._came.set()
        await asyncio.gather(self._work, return_exceptions=True)
        if flush and not self._work.cancelled() and self._work.exception() is None:
            self._pass_on(await in_thread(self._pool, self._recogniser.flush))
        await in_thread(self._pool, self._recogniser.close)

    async def _run(self) -> None:
        while not self._over or self._waiting:
            if not self._over:
                await self._came.wait()
                self._came.clear()
            sound = bytes(self._waiting)
            self._waiting.clear()
            if sound:
                self._pass_on(await self._feed(sound))
                self._speaking = self._recogniser.speaking

    async def _feed(self, sound: bytes) -> list[RecognitionEvent]:
        wish, self._wish = self._wish, None
        try:
            events = await in_thread(self._pool, _feed, self._recogniser, wish, sound)
        except Exception as error:
            _log.error("the recogniser failed; keys go on", error=origin(error))
            raise
        if self._recogniser.speaking:
            self.voice_at = time.monotonic()
        return events

    def _pass_on(self, events: list[RecognitionEvent]) -> None:
        for event in events:
            if isinstance(event, SpeechStarted):
                self._began_s = event.at_s
            self._notify(event)


def _feed(
    recogniser: StreamRecogniser, wish: Callable[[], None] | None, sound: bytes
) -> list[RecognitionEvent]:
    if wish is not None:
        wish()
    return recogniser.feed(sound)
