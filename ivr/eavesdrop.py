"""Writes along while a caller talks with a person: both sides become the live transcript."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from functools import partial

from asr.live import LiveEar, Utterance
from carriers.media_stream import Sound, Stopped, StreamMessage

_FEED_BYTES = 800
_SPEAKERS = {"inbound": "caller", "outbound": "agent"}


async def write_along(
    messages: AsyncIterator[StreamMessage],
    ears: dict[str, LiveEar],
    write: Callable[[str, str, float], None],
    pool: Executor,
) -> None:
    """Feed both tracks to their ears; `write(speaker, text, confidence)` gets each utterance.

    Ends with the stream. Never sends anything, so it cannot disturb the call.
    """
    waiting = {track: bytearray() for track in ears}
    loop = asyncio.get_running_loop()
    try:
        async for message in messages:
            if isinstance(message, Stopped):
                break
            if not isinstance(message, Sound) or message.track not in ears:
                continue
            sound = waiting[message.track]
            sound += message.mulaw
            if len(sound) < _FEED_BYTES:
                continue
            piece = bytes(sound)
            sound.clear()
            ear = ears[message.track]
            for event in await loop.run_in_executor(pool, ear.feed, piece):
                if isinstance(event, Utterance):
                    await loop.run_in_executor(pool, partial(_write, write, message.track, event))
    finally:
        for track, ear in ears.items():
            for event in ear.flush():
                if isinstance(event, Utterance):
                    _write(write, track, event)


def _write(write: Callable[[str, str, float], None], track: str, event: Utterance) -> None:
    write(_SPEAKERS[track], event.heard.text, round(event.heard.confidence, 3))
