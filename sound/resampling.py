"""The same sound at another sample rate, by the SoX resampler."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import soxr
from numpy.typing import NDArray

Sound = TypeVar("Sound", NDArray[np.int16], NDArray[np.float32])


def resampled(sound: Sound, rate: int, to_rate: int) -> Sound:
    """The same sound at another sample rate, with nothing above half of it folded back."""
    if rate == to_rate:
        return sound
    made: Sound = soxr.resample(sound, rate, to_rate, quality="HQ").astype(sound.dtype)
    return made
