"""Levels and edges of the prompts."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from sound.samples import Samples
from voice import levels


def _tone(hertz: float, rate: int, seconds: float = 1.0) -> Samples:
    at = np.arange(round(rate * seconds)) / rate
    return np.sin(2 * np.pi * hertz * at).astype(np.float32)


def test_a_finished_phrase_has_the_level_and_the_edges_of_all_others() -> None:
    quiet = np.zeros(4000, np.float32)
    phrase = np.concatenate([quiet, _tone(440, 8000) * 0.02, quiet])
    for ends_sentence, tail in ((False, 0.06), (True, 0.18)):
        finished = levels.finish(phrase, ends_sentence=ends_sentence)
        assert len(finished) / 8000 == pytest.approx(1 + 0.06 + tail, abs=0.02)
        assert 20 * np.log10(levels.speech_level(finished)) == pytest.approx(-20, abs=0.5)
        assert not finished[0] and not finished[-1]


def test_a_loud_click_is_turned_down_and_not_clipped() -> None:
    phrase = _tone(440, 8000) * 0.1
    phrase[4000] = 1.0
    assert np.abs(levels.finish(phrase, ends_sentence=True)).max() <= 10 ** (-1.5 / 20) + 1e-6


def test_silence_stays_silence() -> None:
    assert not levels.finish(np.zeros(800, np.float32), ends_sentence=True).any()


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
