"""Sound of the prompts: rate, level, edges, and bytes that survive."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from voice import sound


def _tone(hertz: float, rate: int, seconds: float = 1.0) -> sound.Samples:
    at = np.arange(round(rate * seconds)) / rate
    return np.sin(2 * np.pi * hertz * at).astype(np.float32)


def _decibels(samples: sound.Samples) -> float:
    return float(20 * np.log10(np.sqrt((samples**2).mean()) * np.sqrt(2) + 1e-12))


@pytest.mark.parametrize("rate", [11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("hertz", [300, 1000, 3400])
def test_a_tone_of_the_telephone_band_passes_unchanged(rate: int, hertz: float) -> None:
    passed = sound.resample(_tone(hertz, rate), rate)
    assert len(passed) == 8000
    assert abs(_decibels(passed[400:-400])) < 0.1


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("hertz", [4300, 5000, 7000])
def test_a_tone_above_the_band_does_not_come_back_as_another(rate: int, hertz: float) -> None:
    assert _decibels(sound.resample(_tone(hertz, rate), rate)[400:-400]) < -75


def test_a_finished_phrase_has_the_level_and_the_edges_of_all_others() -> None:
    quiet = np.zeros(4000, np.float32)
    phrase = np.concatenate([quiet, _tone(440, 8000) * 0.02, quiet])
    for ends_sentence, tail in ((False, 0.06), (True, 0.18)):
        finished = sound.finish(phrase, ends_sentence=ends_sentence)
        assert len(finished) / 8000 == pytest.approx(1 + 0.06 + tail, abs=0.02)
        assert 20 * np.log10(sound.speech_level(finished)) == pytest.approx(-20, abs=0.5)
        assert not finished[0] and not finished[-1]


def test_a_loud_click_is_turned_down_and_not_clipped() -> None:
    phrase = _tone(440, 8000) * 0.1
    phrase[4000] = 1.0
    assert np.abs(sound.finish(phrase, ends_sentence=True)).max() <= 10 ** (-1.5 / 20) + 1e-6


def test_silence_stays_silence() -> None:
    assert not sound.finish(np.zeros(800, np.float32), ends_sentence=True).any()


def test_mu_law_comes_back_as_the_same_bytes() -> None:
    every = bytes(range(256))
    again = sound.to_mulaw(sound.from_mulaw(every) * np.float32(32768 / 32767))
    assert [byte for byte in again if byte != 0xFF] == [b for b in every if b not in (0x7F, 0xFF)]


def test_mu_law_agrees_with_another_decoder() -> None:
    every = bytes(range(256))
    decoded, rate = soundfile.read(io.BytesIO(sound.mulaw_wav(every)), dtype="float32")
    assert rate == 8000
    assert np.array_equal(decoded, sound.from_mulaw(every))


def test_the_wav_holds_the_sound_bit_for_bit_also_when_its_length_is_odd() -> None:
    for mulaw in (b"\x01\x02\x03", b"\x01\x02"):
        wav = sound.mulaw_wav(mulaw)
        assert mulaw in wav and len(wav) % 2 == 0
        assert int.from_bytes(wav[4:8], "little") == len(wav) - 8
        assert soundfile.info(io.BytesIO(wav)).frames == len(mulaw)


@pytest.mark.slow
def test_the_library_of_espeak_is_loaded_by_one_thread() -> None:
    code = (
        "import threading\n"
        "from voice import espeak\n"
        "made = []\n"
        "speak = lambda: made.append(len(espeak.speak('One.', 'en')[0]))\n"
        "threads = [threading.Thread(target=speak) for _ in range(8)]\n"
        "[one.start() for one in threads]\n"
        "[one.join() for one in threads]\n"
        "assert len(made) == 8 and min(made) > 1000\n"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
