"""Where speech begins and ends: tones, silence and hiss are not speech."""

from __future__ import annotations

import numpy as np
import pytest

from asr.endpoint import Endpoint, is_tone
from asr.noise import floor_only, mixed_at
from sound.samples import LINE_RATE, Pcm


def begins(pcm: Pcm) -> bool:
    endpoint = Endpoint()
    return any(
        endpoint.feed(pcm[at : at + endpoint.frame])
        for at in range(0, len(pcm) - endpoint.frame, endpoint.frame)
    )


def tone(*hertz: float, seconds: float = 1.0, level: int = 8000) -> Pcm:
    at = np.arange(round(LINE_RATE * seconds)) / LINE_RATE
    wave = sum(np.sin(2 * np.pi * f * at) for f in hertz) / len(hertz)
    return np.asarray(level * wave, dtype=np.int16)


@pytest.mark.parametrize(
    "hertz", [(697, 1209), (941, 1477), (770, 1336), (1000,), (440, 480), (350, 440), (1100,)]
)
def test_keys_beeps_and_ringing_are_not_speech(hertz: tuple[float, ...]) -> None:
    assert not begins(tone(*hertz))


def test_digital_silence_and_the_noise_floor_are_not_speech() -> None:
    assert not begins(np.zeros(LINE_RATE * 2, dtype=np.int16))
    assert not begins(floor_only(LINE_RATE * 2))


def test_steady_hiss_is_not_speech() -> None:
    hiss = np.random.default_rng(1).normal(0, 200, LINE_RATE * 3).astype(np.int16)
    assert not begins(hiss)


def test_clicks_and_knocks_are_not_speech() -> None:
    line = floor_only(LINE_RATE * 4).copy()
    knock = np.random.default_rng(2).normal(0, 6000, 400) * np.exp(-np.arange(400) / 80)
    for at in range(4000, len(line) - 400, 6000):
        line[at : at + 400] += knock.astype(np.int16)
    assert not begins(line)


def test_a_buzz_with_many_harmonics_is_no_tone() -> None:
    at = np.arange(160)
    buzz = np.asarray(
        sum(3000 / n * np.sin(2 * np.pi * 120 * n * at / LINE_RATE) for n in range(1, 20)),
        dtype=np.int16,
    )
    assert not is_tone(buzz)
    assert is_tone(tone(697, 1209)[:160])


def test_noise_is_mixed_at_the_asked_ratio() -> None:
    speech, noise = tone(500, seconds=2), tone(900, seconds=1, level=100)
    added = mixed_at(speech, noise, 10).astype(float) - speech
    ratio = 10 * np.log10(np.mean(speech.astype(float) ** 2) / np.mean(added**2))
    assert ratio == pytest.approx(10, abs=0.2)
