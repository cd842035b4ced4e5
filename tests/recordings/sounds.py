"""Sounds for tests of recordings: made here, never a real caller's."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile


def speechlike(seconds: float, *, rate_hz: int = 8000, seed: int = 1) -> np.ndarray:
    """A buzzing tone in syllables, -1..1: what a codec for speech can carry."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    pitch = 110 + 30 * seed
    buzz = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 3 * t + seed), 0, 1)
    return 0.2 * buzz * syllables + 0.001 * rng.standard_normal(len(t))


def wav(*channels: np.ndarray, rate_hz: int = 8000) -> bytes:
    """A 16-bit PCM WAV of these channels."""
    pcm = (np.clip(np.stack(channels, axis=1), -1, 1) * 32767).astype("<i2")
    out = io.BytesIO()
    soundfile.write(out, pcm, rate_hz, format="WAV", subtype="PCM_16")
    return out.getvalue()


def call_wav(seconds: float = 4.0) -> bytes:
    """A call on two channels, as the carrier gives it."""
    return wav(speechlike(seconds, seed=1), speechlike(seconds, seed=2))


def mulaw_wav(seconds: float = 2.0) -> bytes:
    """One channel of mu-law with an odd chunk before the data."""
    data = bytes(range(256)) * int(seconds * 8000 / 256 + 1)
    data = data[: int(seconds * 8000)]
    form = struct.pack("<HHIIHHH", 7, 1, 8000, 8000, 1, 8, 0)
    chunks = b"fmt " + struct.pack("<I", 18) + form + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def bad_bodies(seconds: float = 4.0) -> dict[str, bytes]:
    """What a carrier or something between may send instead of a recording of that length."""
    good = call_wav(seconds)
    rng = np.random.default_rng(7)
    return {
        "nothing": b"",
        "one byte": b"R",
        "an error page": b"<!doctype html><title>502 Bad Gateway</title>" + b" " * 5000,
        "a JSON error": b'{"code": 20404, "status": 404}',
        "random bytes": rng.bytes(40_000),
        "random bytes with a WAV's first line": good[:12] + rng.bytes(40_000),
        "a header cut in the middle": good[:30],
        "a header without data": good[:44],
        "half of the sound": good[: len(good) // 2],
        "all but the last byte": good[:-1],
        "another file's length": call_wav(seconds / 2),
        "a longer file": call_wav(seconds * 2),
        "a data chunk that claims 4 GB": good[:40] + b"\xff\xff\xff\xff" + good[44:],
        "a data chunk that claims nothing": good[:40] + b"\0\0\0\0" + good[44:],
        "a whole file of nothing": wav(np.zeros(0), np.zeros(0)),
        "a rate of zero": good[:24] + b"\0\0\0\0" + good[28:],
        "a rate of 4 GHz": good[:24] + b"\xff\xff\xff\xff" + good[28:],
        "no channels": good[:22] + b"\0\0" + good[24:],
        "many channels": good[:22] + b"\xff\x7f" + good[24:],
        "another format": good[:20] + b"\x55\0" + good[22:],
        "24 bits claimed": good[:34] + b"\x18\0" + good[36:],
        "big-endian": b"RIFX" + good[4:],
        "an endless row of empty chunks": good[:12] + b"junk\0\0\0\0" * 50_000,
        "a chunk that jumps beyond the end": good[:12] + b"junk\xf0\xff\xff\x7f" + good[12:],
        "a FLAC file's first bytes": b"fLaC" + good,
        "an MP3 file's first bytes": b"ID3\x04" + rng.bytes(30_000),
        "zeroes": b"\0" * 50_000,
    }
