"""Steady single tones: heard in frames of 20 ms, and made."""

from __future__ import annotations

from functools import cache

import numpy as np

from simulator.sound.audio import FRAME_BYTES, FRAME_S, RATE, decoded, encoded, is_audible

_HZ_A_BIN = RATE / FRAME_BYTES
_PURITY = 0.9
"""How much of a frame's energy a single tone has."""
_NEAR_HZ = 60.0


class ToneMeter:
    """How long one steady tone has lasted."""

    def __init__(self) -> None:
        self.lasted_ms = 0
        self._hz = 0.0

    def take(self, frame: bytes) -> None:
        """The next frame."""
        hz = pitch(frame)
        if hz is None:
            self.lasted_ms, self._hz = 0, 0.0
            return
        is_same = self.lasted_ms and abs(hz - self._hz) <= _HZ_A_BIN
        self.lasted_ms = (self.lasted_ms if is_same else 0) + round(FRAME_S * 1000)
        self._hz = hz

    def is_near(self, frequencies: tuple[int, ...]) -> bool:
        """Whether the tone is one of these, in Hz."""
        return any(abs(self._hz - one) <= _NEAR_HZ for one in frequencies)


def pitch(frame: bytes) -> float | None:
    """The frequency of a frame that is one tone, in Hz; None for any other."""
    if not is_audible(frame):
        return None
    samples = decoded(frame).astype(np.float64)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    peak = int(power.argmax())
    around = float(power[max(0, peak - 2) : peak + 3].sum())
    return peak * _HZ_A_BIN if around >= _PURITY * float(power.sum()) else None


@cache
def tone(hz: int, seconds: float) -> bytes:
    """A tone as mu-law."""
    at = np.arange(round(seconds * RATE)) / RATE
    return encoded(8000 * np.sin(2 * np.pi * hz * at))
