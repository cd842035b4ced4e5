"""The hold music in parts, short enough that a waiting caller is looked at between them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sound.samples import LINE_RATE
from sound.wav import mulaw_wav, read_mulaw

TUNE = Path(__file__).parent / "sounds" / "manolo_camp-morning_coffee.wav"


def part(from_s: int, length_s: int) -> bytes:
    """A mu-law WAV of the tune from second `from_s` on; the tune begins anew at its end."""
    tune = _tune()
    start = (from_s * LINE_RATE) % len(tune)
    wanted = length_s * LINE_RATE
    turns = 1 + (start + wanted) // len(tune)
    return mulaw_wav((tune * turns)[start : start + wanted])


def length_s() -> int:
    """Whole seconds of the tune."""
    return len(_tune()) // LINE_RATE


@lru_cache(maxsize=1)
def _tune() -> bytes:
    """The mu-law bytes of the tune's file."""
    return read_mulaw(TUNE)
