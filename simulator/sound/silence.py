"""How long somebody has been silent, whatever the noise of their line."""

from __future__ import annotations

from simulator.sound.audio import FRAME_BYTES, FRAME_S, is_audible


class SilenceMeter:
    """How long the caller has been silent, against the noise of their own line."""

    def __init__(self) -> None:
        self.silent_s = 0.0
        self._floor = 0.0
        self._seen = 0

    def take(self, frame: bytes) -> None:
        """The next frame from the caller."""
        level = sum(frame.translate(_LEVELS)) / FRAME_BYTES
        self._seen += 1
        rising = level > self._floor
        self._floor += (level - self._floor) * (0.002 if rising else 0.2)
        speaking = is_audible(frame) and level > max(12.0, self._floor * 1.6)
        self.silent_s = 0.0 if speaking else self.silent_s + FRAME_S


_LEVELS = bytes(127 - (code & 0x7F) for code in range(256))
