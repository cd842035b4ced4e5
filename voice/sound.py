"""Sound of the prompts: from any rate to level, trimmed 8 kHz mu-law. Pure numpy."""

from __future__ import annotations

import math
import struct
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono sound, -1 to 1."""

RATE = 8000
"""Samples a second on the telephone."""

_LEVEL = 10 ** (-20 / 20)
"""Root mean square of speech in the prompts, -20 dBFS."""
_CEILING = 10 ** (-1.5 / 20)
_FADE_S = 0.04
_EDGE_S = 0.06
_PAUSE_S = 0.18
_FRAME = 80
_PASS_HZ, _STOP_HZ = 3500.0, 4150.0


def resample(samples: Samples, rate: int, to: int = RATE) -> Samples:
    """Change the rate with a polyphase windowed-sinc low-pass (80 dB; no audible alias)."""
    if rate == to:
        return samples
    divisor = math.gcd(rate, to)
    up, down = to // divisor, rate // divisor
    bank = _filter_bank(rate, to, up)
    taps = bank.shape[1]
    count = -(-len(samples) * up // down)
    padded = np.pad(samples, (taps // 2 - 1, taps + down))
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps)
    made = np.empty(count, np.float32)
    for first in range(min(up, count)):
        start, phase = divmod(first * down, up)
        rows = windows[start::down][: -(-(count - first) // up)]
        made[first::up] = rows @ bank[phase]
    return made


@lru_cache(maxsize=8)
def _filter_bank(rate: int, to: int, up: int) -> NDArray[np.float32]:
    """One row of taps for each position of an output sample between two input samples."""
    lowest = min(rate, to)
    passes, stops = _PASS_HZ / RATE * lowest, min(_STOP_HZ / RATE * lowest, rate / 2)
    stops = max(stops, passes * 1.05)
    wide = 80.0 / (2.285 * 2 * math.pi * (stops - passes) / rate)
    taps = 2 * int(wide / 2 + 1)
    cut = (passes + stops) / 2 / rate
    at = np.arange(taps) - (taps // 2 - 1)
    rows = []
    for phase in range(up):
        away = at - phase / up
        window = np.i0(7.857 * np.sqrt(np.clip(1 - (away / (taps / 2)) ** 2, 0, 1))) / np.i0(7.857)
        row = 2 * cut * np.sinc(2 * cut * away) * window
        rows.append(row / row.sum())
    return np.array(rows, np.float32)


def finish(samples: Samples, *, ends_sentence: bool) -> Samples:
    """Trim, level and fade an 8 kHz phrase so that phrases can follow one another.

    A phrase keeps 60 ms of quiet at each end, and 180 ms at the end of a sentence.
    """
    cut = _trim(samples, _PAUSE_S if ends_sentence else _EDGE_S)
    return _fade(_limit(cut * _gain(cut)))


def speech_level(samples: Samples) -> float:
    """Root mean square of the frames that hold speech (those within 30 dB of the loudest)."""
    power = _frame_power(samples)
    if not power.size or power.max() <= 0:
        return 0.0
    return float(np.sqrt(power[power > power.max() / 1000].mean()))


def _gain(samples: Samples) -> float:
    level = speech_level(samples)
    return min(_LEVEL / level, 10.0) if level > 0 else 1.0


def _frame_power(samples: Samples) -> NDArray[np.float64]:
    whole = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    return np.asarray((whole**2).mean(axis=1))


def _trim(samples: Samples, tail_s: float) -> Samples:
    """Cut quiet ends (40 dB under the loudest frame), and give each end its measure of quiet."""
    power = _frame_power(samples)
    if not power.size or power.max() <= 0:
        return samples
    loud = np.flatnonzero(power > power.max() / 10_000)
    start = loud[0] * _FRAME - round(_EDGE_S * RATE)
    end = (loud[-1] + 1) * _FRAME + round(tail_s * RATE)
    before, after = max(0, -start), max(0, end - len(samples))
    return np.pad(samples[max(0, start) : end], (before, after))


def _limit(samples: Samples) -> Samples:
    """Turn the sound down around peaks, 5 ms ahead, so that nothing is clipped."""
    reach = RATE // 200
    peaks = np.abs(np.pad(samples, reach))
    around = np.lib.stride_tricks.sliding_window_view(peaks, 2 * reach + 1).max(axis=1)
    wanted = np.minimum(1.0, _CEILING / np.maximum(around, 1e-9))
    smooth = np.lib.stride_tricks.sliding_window_view(np.pad(wanted, reach, "edge"), 2 * reach + 1)
    gains = np.minimum(smooth.mean(axis=1), _CEILING / np.maximum(np.abs(samples), 1e-9))
    return np.asarray(samples * gains, np.float32)


def _fade(samples: Samples) -> Samples:
    length = min(round(_FADE_S * RATE), len(samples) // 2)
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    faded = samples.copy()
    faded[:length] *= ramp
    if length:
        faded[-length:] *= ramp[::-1]
    return faded


def to_mulaw(samples: Samples) -> bytes:
    """Encode to G.711 mu-law, one byte a sample (ITU-T G.711, 14-bit)."""
    pcm = np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int32)
    sign = np.where(pcm < 0, 0x80, 0)
    biased = np.minimum(np.abs(pcm >> 2), 8158) + 33
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 5
    mantissa = (biased >> (exponent + 1)) & 0x0F
    return bytes((~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8))


def from_mulaw(mulaw: bytes) -> Samples:
    """Decode G.711 mu-law."""
    code = ~np.frombuffer(mulaw, np.uint8).astype(np.int32) & 0xFF
    size = (((code & 0x0F) << 1) + 33 << ((code >> 4) & 7)) - 33
    return np.asarray(np.where(code & 0x80, -size, size) * 4 / 32768, np.float32)


def mulaw_wav(mulaw: bytes) -> bytes:
    """Wrap 8 kHz mu-law as WAV (format 7) without touching a byte of it."""
    form = struct.pack("<HHIIHHH", 7, 1, RATE, RATE, 1, 8, 0)
    fact = struct.pack("<I", len(mulaw))
    body = mulaw + b"\0" * (len(mulaw) % 2)
    chunks = b"".join(
        (
            b"WAVE",
            b"fmt " + struct.pack("<I", len(form)) + form,
            b"fact" + struct.pack("<I", len(fact)) + fact,
            b"data" + struct.pack("<I", len(mulaw)) + body,
        )
    )
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks
