"""What a bad network does to the sound of one media socket: frames lost, late, jittered, noisy.

Frames keep their order. Towards the application, those that are due come all at once; towards the
caller, who hears one frame in 20 ms, a frame that is not there yet is a gap of silence.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

import numpy as np

from simulator.calls.legs import Source, Tap
from simulator.faults.strikes import Strike
from simulator.media.media_stream import MediaStream
from simulator.sound.audio import FRAME_S, RATE, SILENCE, decoded, encoded

T = TypeVar("T")

VOICE_RMS = 2000.0
"""Level of a telephone voice in 16-bit samples, about -24 dB of full scale."""
SOUND = ("lost", "late", "jittered", "noise")


class Delays(Generic[T]):
    """Things in the order in which they were put in, each after its delay."""

    def __init__(self) -> None:
        self._tick = 0
        self._waiting: deque[tuple[int, T]] = deque()

    def put(self, one: T, delay_s: float) -> None:
        """The next tick's thing; it never overtakes the one before it."""
        self._tick += 1
        due = self._tick + round(delay_s / FRAME_S)
        last = self._waiting[-1][0] if self._waiting else 0
        self._waiting.append((max(due, last), one))

    def due(self) -> list[T]:
        """Everything that has come by now."""
        found = []
        while self._waiting and self._waiting[0][0] <= self._tick:
            found.append(self._waiting.popleft()[1])
        return found

    def next_due(self, otherwise: T) -> T:
        """The first that has come by now, and only that."""
        if self._waiting and self._waiting[0][0] <= self._tick:
            return self._waiting.popleft()[1]
        return otherwise


class Way:
    """One direction of a socket under its strikes."""

    def __init__(self, name: str, strikes: Iterable[Strike]) -> None:
        self.lost = 0
        self._strikes = {one.fault.name: one for one in strikes if one.fault.is_for(name)}
        self._draws = {
            kind: random.Random(f"{one.seed}:{name}") for kind, one in self._strikes.items()
        }
        self._late_s = self._once("late", "ms") / 1000
        self._noise = self._pool()
        self._at = 0
        self._losing = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing strikes it."""
        return not self._strikes

    def delay_s(self) -> float:
        """How late the next frame is."""
        jitter = self._strikes.get("jittered")
        if jitter is None:
            return self._late_s
        least, most = jitter.fault.span("ms")
        return self._late_s + self._draws["jittered"].uniform(least, most) / 1000

    def loses(self) -> bool:
        """Whether the next frame never comes; the share is kept however many go together."""
        strike = self._strikes.get("lost")
        if strike is None:
            return False
        if not self._losing:
            share, row = strike.fault.values["frames"], strike.fault.values["in_a_row"]
            begins = share / (row * (1 - share) + share) if share else 0.0
            self._losing = row if self._draws["lost"].random() < begins else 0
        if not self._losing:
            return False
        self._losing -= 1
        self.lost += 1
        return True

    def noisy(self, frame: bytes) -> bytes:
        """The frame with its noise."""
        if not len(self._noise):
            return frame
        rustle = np.take(self._noise, range(self._at, self._at + len(frame)), mode="wrap")
        self._at = (self._at + len(frame)) % len(self._noise)
        return encoded(decoded(frame).astype(np.float64) + rustle)

    def _once(self, kind: str, name: str) -> float:
        strike = self._strikes.get(kind)
        return self._draws[kind].uniform(*strike.fault.span(name)) if strike else 0.0

    def _pool(self) -> np.typing.NDArray[np.float64]:
        """A second of noise at the level that was drawn."""
        if "noise" not in self._strikes:
            return np.zeros(0)
        level = VOICE_RMS / 10 ** (self._once("noise", "snr_db") / 20)
        seed = self._draws["noise"].getrandbits(32)
        return np.random.default_rng(seed).normal(0.0, level, RATE)


class SoundFaults:
    """Both directions of a socket."""

    def __init__(self, strikes: Sequence[Strike]) -> None:
        self.strikes = [one for one in strikes if one.fault.name in SOUND]
        self.inbound = Way("inbound", self.strikes)
        self.outbound = Way("outbound", self.strikes)

    @property
    def lost(self) -> int:
        """How many frames never came."""
        return self.inbound.lost + self.outbound.lost

    def tap(self, stream: MediaStream) -> Tap:
        """Where a leg's frames go instead of straight to the socket."""
        way = self.inbound
        if way.is_clean:
            return stream.tap
        delays: Delays[tuple[bytes, bytes] | None] = Delays()

        def take(inbound: bytes, outbound: bytes) -> None:
            both = None if way.loses() else (way.noisy(inbound), way.noisy(outbound))
            delays.put(both, way.delay_s())
            for frames in delays.due():
                if frames is None:
                    stream.miss()
                else:
                    stream.tap(*frames)

        return take

    def source(self, sound: Source) -> Source:
        """What the caller hears instead of the socket's sound."""
        return sound if self.outbound.is_clean else _Heard(sound, self.outbound)


class _Heard:
    """The application's sound after its way to the caller."""

    def __init__(self, sound: Source, way: Way) -> None:
        self._sound = sound
        self._way = way
        self._delays: Delays[bytes] = Delays()

    def next_frame(self) -> bytes:
        """The next frame; silence where it is lost or not there yet."""
        frame = self._sound.next_frame()
        heard = SILENCE if self._way.loses() else self._way.noisy(frame)
        self._delays.put(heard, self._way.delay_s())
        return self._delays.next_due(SILENCE)
