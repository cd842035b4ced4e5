"""What the line says in sound that is no known sentence, recognised by the speech model.

A stretch of sound ends with a rest; what known sentences account for is left out of it.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.calls.call import Call
from simulator.exchange import Exchange
from simulator.sound.audio import FRAME_BYTES, FRAME_S, RATE, frames, is_audible

REST_S = 0.6
"""A rest that ends a stretch."""
LONGEST_S = 20.0
SHORTEST_S = 0.3
"""Less sound than this is no speech."""
_BEFORE = 10
"""Frames kept from before the first audible one."""


class Listener:
    """Give it every frame; it calls `tell(text)` for what is recognised."""

    def __init__(self, exchange: Exchange, call: Call, tell: Callable[[str], None]) -> None:
        self.unknown_s = 0.0
        """How much sound was heard that nobody could recognise."""
        self._exchange = exchange
        self._call = call
        self._tell = tell
        self._stretch = bytearray()
        self._begins = 0
        self._heard = 0
        self._quiet_s = 0.0
        self._is_on = False

    def take(self, frame: bytes, *, audible: bool) -> None:
        """The next frame that the line plays, from the first on; whether there is sound in it."""
        self._heard += FRAME_BYTES
        self._quiet_s = 0.0 if audible else self._quiet_s + FRAME_S
        self._stretch += frame
        if not self._is_on:
            self._is_on = audible
            del self._stretch[: -_BEFORE * FRAME_BYTES]
            self._begins = self._heard - len(self._stretch)
            return
        is_long = len(self._stretch) >= LONGEST_S * RATE
        if (self._quiet_s >= REST_S or is_long) and not self._call.recogniser.is_following:
            self._end()

    def close(self) -> None:
        """The line is over."""
        if self._is_on:
            self._end()

    def _end(self) -> None:
        sound, begins_s = self._unknown(), self._begins / RATE
        self._stretch.clear()
        self._is_on = False
        audible_s = sum(map(is_audible, frames(sound))) * FRAME_S
        if audible_s < SHORTEST_S:
            return
        if not self._exchange.recogniser.is_there:
            self.unknown_s += audible_s
            return
        self._exchange.background.run(self._recognise(sound, begins_s), of=self._call)

    def _unknown(self) -> bytes:
        """The stretch without the sentences that are known."""
        sound = bytearray(self._stretch)
        for event in self._call.log.events:
            if event["event"] != "heard" or event.get("recognised"):
                continue
            begin = max(0, round(event["start_s"] * RATE) - self._begins - FRAME_BYTES)
            end = max(0, round(event["end_s"] * RATE) - self._begins + FRAME_BYTES)
            gap = min(end, len(sound)) - begin
            if gap > 0:
                sound[begin : begin + gap] = b"\xff" * gap
        return bytes(sound)

    async def _recognise(self, sound: bytes, begins_s: float) -> None:
        async with self._exchange.clock.outside():
            speech = await self._exchange.recogniser.recognise(sound)
        if not speech.text:
            return
        self._call.log.add(
            "heard",
            text=speech.text,
            start_s=round(begins_s, 2),
            end_s=round(begins_s + len(sound) / RATE, 2),
            cut=False,
            recognised=True,
            confidence=speech.confidence,
        )
        self._tell(speech.text)
