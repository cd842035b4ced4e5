"""Sound as numbers: mu-law, files of any kind, sample rates, noise at a level."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import cast

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from asr.words import AsrError

Pcm = NDArray[np.int16]
"""Mono samples, 16 bit."""

LINE_RATE = 8000
"""Samples a second on a telephone line."""

_BIAS = 0x84
_CLIP = 32635
_FLOOR = 6
"""Amplitude of the fixed noise floor, in units of the last bit (speech.md, dither)."""


def _decode_table() -> Pcm:
    """ITU-T G.711, mu-law to 14-bit linear, scaled to 16 bit."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = ((mantissa.astype(np.int32) << 3) + _BIAS << exponent) - _BIAS
    return cast(Pcm, np.where(code & 0x80, -magnitude, magnitude).astype(np.int16))


_FROM_MULAW = _decode_table()
_NOISE = np.random.default_rng(311).integers(-_FLOOR, _FLOOR + 1, 1 << 16).astype(np.int16)


def from_mulaw(data: bytes) -> Pcm:
    """mu-law bytes to samples."""
    return _FROM_MULAW[np.frombuffer(data, dtype=np.uint8)]


def to_mulaw(pcm: Pcm) -> bytes:
    """Samples to mu-law bytes (ITU-T G.711)."""
    wide = pcm.astype(np.int32)
    sign = np.where(wide < 0, 0x80, 0).astype(np.uint8)
    magnitude = np.minimum(np.abs(wide), _CLIP) + _BIAS
    exponent = (np.floor(np.log2(magnitude)).astype(np.int32) - 7).clip(0, 7)
    mantissa = (magnitude >> (exponent + 3)) & 15
    return bytes((~(sign | (exponent << 4) | mantissa).astype(np.uint8)).astype(np.uint8))


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


def read(path: Path) -> tuple[list[Pcm], int]:
    """The channels of a sound file and its sample rate. AsrError when it is none."""
    if not path.is_file():
        raise AsrError("there is no such file")
    try:
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError):
        return _read_by_pydub(path)
    if len(samples) == 0:
        raise AsrError("the file holds no sound; expected WAV, FLAC, Ogg or MP3")
    return [np.ascontiguousarray(samples[:, i]) for i in range(samples.shape[1])], int(rate)


def resampled(pcm: Pcm, rate: int, to_rate: int) -> Pcm:
    """The same sound at another sample rate."""
    if rate == to_rate:
        return pcm
    return cast(Pcm, soxr.resample(pcm, rate, to_rate, quality="HQ").astype(np.int16))


def mixed_at(pcm: Pcm, noise: Pcm, snr_db: float) -> Pcm:
    """Speech with noise so that their power ratio is `snr_db`; short noise is repeated."""
    noise = np.resize(noise, len(pcm)).astype(np.float64)
    gain = _rms(pcm) / max(_rms(noise), 1e-9) / 10 ** (snr_db / 20)
    return cast(Pcm, (pcm + gain * noise).clip(-32768, 32767).astype(np.int16))


def _rms(samples: NDArray[np.float64] | Pcm) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def _read_by_pydub(path: Path) -> tuple[list[Pcm], int]:
    """Odd WAV files that libsndfile refuses; pydub reads their headers more leniently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        from pydub import AudioSegment
    try:
        segment = AudioSegment.from_wav(path).set_sample_width(2)
    except Exception as error:
        raise AsrError(
            f"not a sound file that can be read ({type(error).__name__});"
            " expected WAV, FLAC, Ogg or MP3"
        ) from None
    if len(segment) == 0:
        raise AsrError("the file holds no sound; expected WAV, FLAC, Ogg or MP3")
    samples = np.array(segment.get_array_of_samples(), dtype=np.int16)
    count = segment.channels
    return [np.ascontiguousarray(samples[i::count]) for i in range(count)], segment.frame_rate
