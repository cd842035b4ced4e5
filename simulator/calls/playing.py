"""What a leg is played: sentences, files, tones, one after the other."""

from __future__ import annotations

import asyncio

from simulator.calls.legs import Leg
from simulator.sound.audio import FRAME_BYTES, SILENCE


class Playing:
    """One sound; `done` is set as its last frame is played."""

    def __init__(self, mulaw: bytes) -> None:
        self._mulaw = mulaw
        self._at = 0
        self.done = asyncio.Event()
        if not mulaw:
            self.done.set()

    def next_frame(self) -> bytes:
        """The next frame, silence after the end."""
        if self._at >= len(self._mulaw):
            return SILENCE
        frame = self._mulaw[self._at : self._at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
        self._at += FRAME_BYTES
        if self._at >= len(self._mulaw):
            self.done.set()
        return frame


class Endless:
    """One sound again and again."""

    def __init__(self, mulaw: bytes) -> None:
        self._mulaw = mulaw
        self._at = 0

    def next_frame(self) -> bytes:
        """The next frame."""
        frame = self._mulaw[self._at : self._at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
        self._at = (self._at + FRAME_BYTES) % max(1, len(self._mulaw))
        return frame


async def play(leg: Leg, mulaw: bytes) -> None:
    """Let the person hear a sound to its end."""
    sound = Playing(mulaw)
    with leg.playing(sound):
        await sound.done.wait()
