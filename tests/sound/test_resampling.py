"""Sound at another sample rate: what is in the telephone's band stays, what is above it goes."""

from __future__ import annotations

import numpy as np
import pytest

from sound.resampling import resampled
from sound.samples import LINE_RATE, Samples


def _tone(hertz: float, rate: int, seconds: float = 1.0) -> Samples:
    at = np.arange(round(rate * seconds)) / rate
    return np.sin(2 * np.pi * hertz * at).astype(np.float32)


def _decibels(samples: Samples) -> float:
    return float(20 * np.log10(np.sqrt((samples**2).mean()) * np.sqrt(2) + 1e-12))


@pytest.mark.parametrize("rate", [11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("hertz", [300, 1000, 3400])
def test_a_tone_of_the_telephone_band_passes_unchanged(rate: int, hertz: float) -> None:
    passed = resampled(_tone(hertz, rate), rate, LINE_RATE)
    assert len(passed) == 8000
    assert abs(_decibels(passed[400:-400])) < 0.1


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("hertz", [4300, 5000, 7000])
def test_a_tone_above_the_band_does_not_come_back_as_another(rate: int, hertz: float) -> None:
    assert _decibels(resampled(_tone(hertz, rate), rate, LINE_RATE)[400:-400]) < -75
