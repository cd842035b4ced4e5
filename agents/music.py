"""The hold music in parts, short enough that a waiting caller is looked at between them."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path

RATE = 8000
TUNE = Path(__file__).parent / "sounds" / "manolo_camp-morning_coffee.wav"

_MULAW = 7
_DATA_HEADER = b"data"


def part(from_s: int, length_s: int) -> bytes:
    """A mu-law WAV of the tune from second `from_s` on; the tune begins anew at its end."""
    tune = _tune()
    start = (from_s * RATE) % len(tune)
    wanted = length_s * RATE
    turns = 1 + (start + wanted) // len(tune)
    return _wav((tune * turns)[start : start + wanted])


def length_s() -> int:
    """Whole seconds of the tune."""
    return len(_tune()) // RATE


@lru_cache(maxsize=1)
def _tune() -> bytes:
    """The mu-law bytes of the tune's file."""
    content = TUNE.read_bytes()
    at = content.index(_DATA_HEADER)
    size = int(struct.unpack_from("<I", content, at + 4)[0])
    return content[at + 8 : at + 8 + size]


def _wav(mulaw: bytes) -> bytes:
    """RIFF with format 7: the carrier plays it without another conversion."""
    form = struct.pack("<HHIIHHH", _MULAW, 1, RATE, RATE, 1, 8, 0)
    fact = struct.pack("<I", len(mulaw))
    chunks = _chunk(b"fmt ", form) + _chunk(b"fact", fact) + _chunk(b"data", mulaw)
    return _chunk(b"RIFF", b"WAVE" + chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content
