"""Sentences spoken while line time waits, so that speaking takes no time on any call."""

from __future__ import annotations

import asyncio

from simulator.speech.captions import CaptionIndex
from simulator.speech.synthesiser import Speaker
from simulator.time.clock import Clock


class Voice:
    """What speaks for the carrier and for scripted callers; `captions` know the carrier's words."""

    def __init__(self, clock: Clock, captions: CaptionIndex, speaker: Speaker) -> None:
        self.captions = captions
        self._clock = clock
        self._speaker = speaker

    async def spoken(self, text: str, language: str) -> bytes:
        """A sentence in the carrier's own voice, as mu-law. Raises CannotSpeak."""
        sound = await self.said(text, language)
        self.captions.add(text, language, sound)
        return sound

    async def said(self, text: str, language: str) -> bytes:
        """A sentence as a caller speaks it, as mu-law. Raises CannotSpeak."""
        async with self._clock.outside():
            return await asyncio.to_thread(self._speaker.speak, text, language)
