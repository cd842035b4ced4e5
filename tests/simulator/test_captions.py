"""Captions: sentences are known from their bytes."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from simulator.sound.audio import (
    AUDIBLE,
    RATE,
    decoded,
    encoded,
    frames,
    is_audible,
    read_sound,
    resampled,
    wav_file,
)
from simulator.speech.captions import Caption, CaptionIndex, CaptionRecogniser

REST = b"\xff" * 4000


def speech(seed: int, seconds: float = 1.0) -> bytes:
    """Something as irregular as speech, with rests at both ends and inside."""
    random = np.random.default_rng(seed)
    loud = random.normal(0, 3000, int(seconds * RATE))
    loud[len(loud) // 2 : len(loud) // 2 + 400] = 0
    return b"\xff" * 800 + encoded(loud) + b"\xff" * 900


def listened(index: CaptionIndex, sound: bytes) -> list[Caption]:
    """What a recogniser tells of a sound that comes in frames."""
    told: list[Caption] = []
    recogniser = CaptionRecogniser(index, told.append)
    for frame in frames(sound):
        recogniser.hear(frame)
    recogniser.close()
    return told


def ended(captions: list[Caption]) -> list[tuple[str, bool]]:
    return [(one.text, one.cut) for one in captions if one.end is not None]


@pytest.fixture
def index() -> CaptionIndex:
    known = CaptionIndex()
    for seed, text in enumerate(("one two", "three four five", "six")):
        known.add(text, "en", speech(seed))
    return known


def test_a_sentence_is_known_from_its_first_bytes_to_its_last(index: CaptionIndex) -> None:
    sound = b"\xff" * 1234 + speech(1) + REST
    begun, done = listened(index, sound)
    assert (begun.text, begun.end, done.cut) == ("three four five", None, False)
    assert (done.start, done.end) == (1234, 1234 + len(speech(1)))


def test_sentences_may_follow_each_other_without_a_gap(index: CaptionIndex) -> None:
    sound = speech(0) + speech(2) + speech(0) + speech(1)
    assert ended(listened(index, sound)) == [
        ("one two", False),
        ("six", False),
        ("one two", False),
        ("three four five", False),
    ]


def test_a_sentence_that_is_cut_off_was_heard_in_part(index: CaptionIndex) -> None:
    sound = speech(1)[:5600] + REST + speech(2) + REST
    captions = [one for one in listened(index, sound) if one.end is not None]
    assert [(one.text, one.cut) for one in captions] == [("three four five", True), ("six", False)]
    assert captions[0].spoken == "three four"
    assert captions[0].end == 5600


def test_a_sentence_cut_off_by_another_one_is_told_from_it(index: CaptionIndex) -> None:
    sound = speech(1)[:5601] + speech(2) + REST
    assert ended(listened(index, sound)) == [("three four five", True), ("six", False)]


def test_a_late_packet_leaves_a_gap_that_does_not_end_the_sentence(index: CaptionIndex) -> None:
    whole = speech(1)
    sound = whole[:3000] + b"\xff" * 700 + whole[3000:] + REST
    assert ended(listened(index, sound)) == [("three four five", False)]


def test_sentences_that_begin_alike_are_told_apart() -> None:
    known = CaptionIndex()
    short, long = speech(1), speech(1)[:-900] + encoded(np.full(500, 9000.0)) + speech(2)
    known.add("yes", "en", short)
    known.add("yes indeed", "en", long)
    assert ended(listened(known, short + REST)) == [("yes", False)]
    assert ended(listened(known, long + REST)) == [("yes indeed", False)]


def test_silence_and_tones_are_no_sentence(index: CaptionIndex) -> None:
    tone = encoded(8000 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE))
    index.add("a beep", "en", tone)
    index.add("nothing", "en", REST * 4)
    assert listened(index, REST + tone + REST) == []


def test_a_sentence_written_while_it_is_spoken_is_found(tmp_path: Path) -> None:
    index = CaptionIndex(tmp_path)
    index.refresh()
    told: list[Caption] = []
    recogniser = CaptionRecogniser(index, told.append)
    for place, frame in enumerate(frames(speech(1, seconds=2.0) + REST)):
        if place == 10:
            (tmp_path / "a.ulaw").write_bytes(speech(1, seconds=2.0))
            (tmp_path / "a.json").write_text(json.dumps({"text": "fresh words", "language": "en"}))
            os.utime(tmp_path, ns=(1, place))
        recogniser.hear(frame)
    assert ended(told) == [("fresh words", False)]


def test_sentences_written_in_one_tick_of_the_kernel_are_all_found(tmp_path: Path) -> None:
    index = CaptionIndex(tmp_path)
    tick = time.time_ns() + 10_000_000_000
    for seed, name in enumerate("ab"):
        (tmp_path / f"{name}.ulaw").write_bytes(speech(seed))
        (tmp_path / f"{name}.json").write_text(json.dumps({"text": name, "language": "en"}))
        os.utime(tmp_path, ns=(tick, tick))
        index.refresh()
    assert ended(listened(index, speech(0) + REST + speech(1) + REST)) == [
        ("a", False),
        ("b", False),
    ]


def test_negative_zero_is_silence_too(index: CaptionIndex) -> None:
    sound = speech(1).replace(b"\xff", b"\x7f")
    assert ended(listened(index, sound + REST)) == [("three four five", False)]


def test_a_wav_made_from_mu_law_maps_back_to_its_bytes() -> None:
    every = bytes(range(256)) * 4
    back = read_sound(wav_file(every))
    assert back == every.replace(b"\x7f", b"\xff")


def test_other_rates_keep_their_pitch() -> None:
    at = np.arange(16000) / 16000
    slow = resampled(np.sin(2 * np.pi * 440 * at), 16000)
    assert len(slow) == 8000
    assert int(np.argmax(np.abs(np.fft.rfft(slow)))) == 440


def test_loudness_needs_no_decoding() -> None:
    loud = [is_audible(bytes([code])) for code in range(256)]
    amplitudes = np.abs(decoded(bytes(range(256))).astype(int))
    threshold = min(amplitudes[np.array(loud)])
    assert all((amplitudes >= threshold) == np.array(loud))
    assert 200 < threshold < 400 and AUDIBLE == 24
