"""The two forms in which sound travels through the house, and the way between them."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Mono samples, 16 bit."""

Samples = NDArray[np.float32]
"""Mono samples, -1 to 1."""

LINE_RATE = 8000
"""Samples a second on a telephone line."""


def pcm_of(samples: Samples) -> Pcm:
    """16-bit samples; what is beyond full scale is clipped."""
    return cast(Pcm, np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16))


def samples_of(pcm: Pcm) -> Samples:
    """Samples from -1 up to just below 1."""
    return np.asarray(pcm / np.float32(32768), np.float32)
