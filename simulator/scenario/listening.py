"""What the line says in sound that is no known sentence, recognised by the speech model.

A stretch of sound ends with a rest, or where a known sentence begins; what known sentences account
for is left out of it.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.calls.call import Call
from simulator.exchange import Exchange
from simulator.sound.audio import FRAME_BYTES, FRAME_S, RATE, frames, is_audible
from simulator.speech.recogniser import Speech

REST_S = 0.6
"""A rest that ends a stretch."""
LONGEST_S = 20.0
SHORTEST_S = 0.3
"""Less sound than this is no speech."""
_BEFORE = 10
"""Frames kept from before the first audible one."""


class Listener:
    """Give it every frame.

    keep_place: called in the order of what is spoken, when a stretch is over; what it returns is
    called once with the words, empty if there were none.
    """

    def __init__(
        self, exchange: Exchange, call: Call, keep_place: Callable[[], Callable[[str], None]]
    ) -> None:
        self.unknown_s = 0.0
        """How much sound was heard that nobody could recognise."""
        self._exchange = exchange
        self._call = call
        self._keep_place = keep_place
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

    def known_begins(self, start: int) -> None:
        """A known sentence began at this byte of the line: what came before it is over."""
        before = start - self._begins
        if self._is_on and before > 0:
            self._told_apart(bytes(self._stretch[:before]))
            del self._stretch[:before]
            self._begins = start

    def close(self) -> None:
        """The line is over."""
        if self._is_on:
            self._end()

    def _end(self) -> None:
        self._told_apart(bytes(self._stretch))
        self._stretch.clear()
        self._is_on = False

    def _told_apart(self, stretch: bytes) -> None:
        """Have recognised what is not known of a stretch that begins at `_begins`."""
        sound = self._unknown(stretch)
        audible = [at for at, frame in enumerate(frames(sound)) if is_audible(frame)]
        audible_s = len(audible) * FRAME_S
        if audible_s < SHORTEST_S:
            return
        if not self._exchange.recogniser.is_there:
            self.unknown_s += audible_s
            return
        begins_s = self._begins / RATE
        span_s = begins_s + audible[0] * FRAME_S, begins_s + (audible[-1] + 1) * FRAME_S
        recognising = self._recognise(sound, span_s, self._keep_place())
        self._exchange.background.run(recognising, of=self._call)

    def _unknown(self, stretch: bytes) -> bytes:
        """A stretch without the sentences that are known."""
        sound = bytearray(stretch)
        for event in self._call.log.events:
            if event["event"] != "heard" or event.get("recognised"):
                continue
            begin = max(0, round(event["start_s"] * RATE) - self._begins - FRAME_BYTES)
            end = max(0, round(event["end_s"] * RATE) - self._begins + FRAME_BYTES)
            gap = min(end, len(sound)) - begin
            if gap > 0:
                sound[begin : begin + gap] = b"\xff" * gap
        return bytes(sound)

    async def _recognise(
        self, sound: bytes, span_s: tuple[float, float], told: Callable[[str], None]
    ) -> None:
        text = ""
        try:
            async with self._exchange.clock.outside():
                speech = await self._exchange.recogniser.recognise(sound)
            text = speech.text
            if text:
                self._note(speech, span_s)
        finally:
            told(text)

    def _note(self, speech: Speech, span_s: tuple[float, float]) -> None:
        self._call.log.add(
            "heard",
            text=speech.text,
            start_s=round(span_s[0], 2),
            end_s=round(span_s[1], 2),
            cut=False,
            recognised=True,
            confidence=speech.confidence,
        )
