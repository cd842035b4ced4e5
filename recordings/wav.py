"""A bounded reader of WAV headers: what a file claims to be, before any library touches it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MOST_CHUNKS = 64
_LONGEST_FORMAT = 64
_BYTES_PER_SAMPLE = {(1, 16): 2, (6, 8): 1, (7, 8): 1}
"""Format tag and bits: 16-bit PCM, A-law, mu-law (RFC 2361). Carriers send no others."""
_RATES_HZ = range(8000, 48001)


class NotWhole(Exception):
    """What came is not a whole recording; the text says what was expected and what came."""


class NoSound(NotWhole):
    """A whole file with nothing in it, as announced: the caller hung up at once."""


@dataclass(frozen=True)
class Header:
    """What a WAV file says of itself."""

    channels: int
    rate_hz: int
    frames: int

    @property
    def duration_s(self) -> float:
        """Length of the sound in seconds."""
        return self.frames / self.rate_hz


def read_header(path: Path) -> Header:
    """Read and check the header, and that the file is as long as it says.

    Raises NotWhole. Reads at most 64 chunk heads, whatever the file holds.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        riff = file.read(12)
        if len(riff) < 12 or riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
            raise NotWhole(f"expected a WAV file, got {size} bytes of something else")
        return _read_chunks(file, size)


def _read_chunks(file: BinaryIO, size: int) -> Header:
    form: tuple[int, int, int] | None = None
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            raise NotWhole("expected a data chunk, the file ends before it")
        name, length = head[:4], int(struct.unpack("<I", head[4:])[0])
        if name == b"fmt ":
            form = _read_format(file.read(min(length, _LONGEST_FORMAT)))
            file.seek(max(0, length - _LONGEST_FORMAT) + length % 2, 1)
        elif name == b"data":
            return _measured(form, length, size - file.tell())
        else:
            file.seek(length + length % 2, 1)
    raise NotWhole(f"expected a data chunk among the first {_MOST_CHUNKS}")


def _read_format(chunk: bytes) -> tuple[int, int, int]:
    """Channels, rate and bytes per frame of a `fmt ` chunk."""
    if len(chunk) < 16:
        raise NotWhole(f"expected 16 bytes of format, got {len(chunk)}")
    tag, channels, rate_hz, _, block, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == 0xFFFE and len(chunk) >= 26:
        tag = struct.unpack("<H", chunk[24:26])[0]
    sample = _BYTES_PER_SAMPLE.get((tag, bits))
    if sample is None:
        raise NotWhole(f"expected 16-bit PCM, A-law or mu-law, got format {tag} of {bits} bits")
    if channels not in (1, 2) or rate_hz not in _RATES_HZ or block != channels * sample:
        raise NotWhole(f"expected 1 or 2 channels at 8 to 48 kHz, got {channels} at {rate_hz} Hz")
    return channels, rate_hz, block


def _measured(form: tuple[int, int, int] | None, length: int, present: int) -> Header:
    if form is None:
        raise NotWhole("expected the format before the data")
    channels, rate_hz, block = form
    if length > present:
        raise NotWhole(f"expected {length} bytes of sound, got {present}: cut short")
    return Header(channels, rate_hz, length // block)
