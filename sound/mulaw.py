"""mu-law (ITU-T G.711): one byte a sample, by table, since a call brings 50 frames a second."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from sound.samples import Pcm

_BIAS = 0x84
_CLIP = 32635


def from_mulaw(mulaw: bytes) -> Pcm:
    """mu-law bytes to samples."""
    return _SAMPLES[np.frombuffer(mulaw, dtype=np.uint8)]


def to_mulaw(pcm: Pcm) -> bytes:
    """Samples to mu-law bytes."""
    return _CODES[pcm.view(np.uint16)].tobytes()


def _decode_table() -> Pcm:
    """The sample of each code: 14-bit linear, scaled to 16 bit."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = ((mantissa.astype(np.int32) << 3) + _BIAS << exponent) - _BIAS
    return cast(Pcm, np.where(code & 0x80, -magnitude, magnitude).astype(np.int16))


def _encode_table() -> NDArray[np.uint8]:
    """The code of each sample, in the order of its bits read without a sign."""
    sample = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int32)
    sign = np.where(sample < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(sample), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 15
    return np.asarray(~(sign | (exponent << 4) | mantissa) & 0xFF, np.uint8)


_SAMPLES = _decode_table()
_CODES = _encode_table()
