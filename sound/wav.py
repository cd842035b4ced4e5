"""WAV files: a bounded reader of headers, which runs before any library touches a file, and mu-law.

mu-law is written here and not by libsndfile, which would encode it anew: two codes mean
silence, and every byte of a prompt must come out as it went in.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sound.samples import LINE_RATE

_MULAW = 7
_MOST_CHUNKS = 64
_LONGEST_FORMAT = 64
_BYTES_PER_SAMPLE = {(1, 16): 2, (6, 8): 1, (7, 8): 1}
"""Format tag and bits: 16-bit PCM, A-law, mu-law (RFC 2361). Carriers send no others."""
_RATES_HZ = range(8000, 48001)


class NotWhole(Exception):
    """What came is not a whole recording; the text says what was expected and what came."""


@dataclass(frozen=True)
class Header:
    """What a WAV file says of itself."""

    channels: int
    rate_hz: int
    frames: int
    data_at: int
    """Where the sound begins in the file, in bytes."""

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


def read_mulaw(path: Path) -> bytes:
    """The bytes of a file of one mu-law channel, untouched. Raises NotWhole."""
    header = read_header(path)
    with path.open("rb") as file:
        file.seek(header.data_at)
        return file.read(header.frames)


def mulaw_wav(mulaw: bytes) -> bytes:
    """A WAV file (format 7) of one channel at 8 kHz, which holds these bytes as they are."""
    form = struct.pack("<HHIIHHH", _MULAW, 1, LINE_RATE, LINE_RATE, 1, 8, 0)
    chunks = (
        _chunk(b"fmt ", form),
        _chunk(b"fact", struct.pack("<I", len(mulaw))),
        _chunk(b"data", mulaw),
    )
    return _chunk(b"RIFF", b"WAVE" + b"".join(chunks))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


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
            return _measured(form, length, file.tell(), size)
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


def _measured(form: tuple[int, int, int] | None, length: int, start: int, size: int) -> Header:
    if form is None:
        raise NotWhole("expected the format before the data")
    channels, rate_hz, block = form
    if length > size - start:
        raise NotWhole(f"expected {length} bytes of sound, got {size - start}: cut short")
    return Header(channels, rate_hz, length // block, start)
