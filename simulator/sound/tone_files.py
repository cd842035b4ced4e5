"""Tones that come as files: ring-back, the beep before a recording."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from simulator.sound.audio import read_sound

_SOUNDS = Path(__file__).resolve().parent.parent / "sounds"


@cache
def sound_file(name: str) -> bytes:
    """A tone of ours as mu-law."""
    return read_sound(_SOUNDS / name)
