"""Levels and edges of the prompts, so that phrases can follow one another. Pure numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sound.mulaw import to_mulaw
from sound.resampling import resampled
from sound.samples import LINE_RATE, Samples, pcm_of

_LEVEL = 10 ** (-20 / 20)
"""Root mean square of speech in the prompts, -20 dBFS."""
_CEILING = 10 ** (-1.5 / 20)
_FADE_S = 0.04
_EDGE_S = 0.06
_PAUSE_S = 0.18
_FRAME = 80


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
    start = loud[0] * _FRAME - round(_EDGE_S * LINE_RATE)
    end = (loud[-1] + 1) * _FRAME + round(tail_s * LINE_RATE)
    before, after = max(0, -start), max(0, end - len(samples))
    return np.pad(samples[max(0, start) : end], (before, after))


def _limit(samples: Samples) -> Samples:
    """Turn the sound down around peaks, 5 ms ahead, so that nothing is clipped."""
    reach = LINE_RATE // 200
    peaks = np.abs(np.pad(samples, reach))
    around = np.lib.stride_tricks.sliding_window_view(peaks, 2 * reach + 1).max(axis=1)
    wanted = np.minimum(1.0, _CEILING / np.maximum(around, 1e-9))
    smooth = np.lib.stride_tricks.sliding_window_view(np.pad(wanted, reach, "edge"), 2 * reach + 1)
    gains = np.minimum(smooth.mean(axis=1), _CEILING / np.maximum(np.abs(samples), 1e-9))
    return np.asarray(samples * gains, np.float32)


def _fade(samples: Samples) -> Samples:
    length = min(round(_FADE_S * LINE_RATE), len(samples) // 2)
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    faded = samples.copy()
    faded[:length] *= ramp
    if length:
        faded[-length:] *= ramp[::-1]
    return faded


def phone_sound(samples: Samples, rate: int, *, ends_sentence: bool) -> bytes:
    """A phrase of any rate as finished 8 kHz mu-law."""
    phone = resampled(samples, rate, LINE_RATE)
    return to_mulaw(pcm_of(finish(phone, ends_sentence=ends_sentence)))
