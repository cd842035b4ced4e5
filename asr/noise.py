"""Noise under sound: the fixed floor that a recogniser needs, and noise at a level."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from sound.samples import Pcm

_FLOOR = 6
"""Amplitude of the fixed noise floor, in units of the last bit (speech.md, dither)."""

_NOISE = np.random.default_rng(311).integers(-_FLOOR, _FLOOR + 1, 1 << 16).astype(np.int16)


def with_floor(pcm: Pcm, start: int) -> Pcm:
    """Add the fixed noise floor; `start` is the position of the first sample in its sound.

    Digital silence would otherwise never look silent to a recogniser without dither.
    """
    places = np.arange(start, start + len(pcm)) % len(_NOISE)
    mixed = pcm.astype(np.int32) + _NOISE[places]
    return cast(Pcm, mixed.clip(-32768, 32767).astype(np.int16))


def floor_only(count: int) -> Pcm:
    """`count` samples of nothing but the noise floor."""
    return with_floor(np.zeros(count, dtype=np.int16), 0)


def mixed_at(pcm: Pcm, noise: Pcm, snr_db: float) -> Pcm:
    """Speech with noise so that their power ratio is `snr_db`; short noise is repeated."""
    noise = np.resize(noise, len(pcm)).astype(np.float64)
    gain = _rms(pcm) / max(_rms(noise), 1e-9) / 10 ** (snr_db / 20)
    return cast(Pcm, (pcm + gain * noise).clip(-32768, 32767).astype(np.int16))


def _rms(samples: NDArray[np.float64] | Pcm) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
