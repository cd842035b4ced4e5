"""How a conversation leaves its media socket: an apology, and the way back to the webhook."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Executor
from contextlib import suppress

from infra.log import logger
from ivr.live.gateway import Gateway
from ivr.live.link import DONE, Link, in_thread
from ivr.live.playback import Voice
from voice.prompts import Prompts

_FOLLOW_S = 1.0
_LOOK_S = 0.1

_log = logger(__name__)


async def apologise(link: Link, gateway: Gateway, voice: Voice, pool: Executor) -> None:
    """Say that something went wrong, as far as that can still be said."""
    with suppress(Exception):
        language = await in_thread(pool, gateway.language, link.call_sid)
        for phrase in Prompts(language).text("trouble"):
            sound = await in_thread(pool, voice.spoken, phrase, language)
            for message in link.media.sounds(link.stream_sid, sound.mulaw):
                await link.send(message)
            await asyncio.sleep(sound.duration_s)


async def release(link: Link, gateway: Gateway, pool: Executor, code: int = DONE) -> None:
    """Close the socket, so that the carrier asks for the rest by webhook.

    Sources differ on whether a close by our side ends the carrier's verb: if no webhook has
    come within a second, the call is redirected.
    """
    await link.close(code)
    deadline = time.monotonic() + _FOLLOW_S
    while time.monotonic() < deadline:
        if await in_thread(pool, gateway.was_followed, link.call_sid):
            return
        await asyncio.sleep(_LOOK_S)
    _log.info("carrier did not follow; redirected", call_sid=link.call_sid)
    await in_thread(pool, gateway.redirect, link.call_sid)
