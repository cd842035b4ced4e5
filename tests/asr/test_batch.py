"""Whole recordings: two channels, odd files, nothing invented on silence."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import soundfile

from asr.batch import transcribe, transcribe_file
from asr.models.pool import SpeechModel
from asr.words import AsrError
from sound.files import read_sound
from sound.resampling import resampled
from sound.samples import LINE_RATE
from tests.asr.conftest import CLIPS

NO_MODEL = cast(SpeechModel, None)


@pytest.mark.speech
@pytest.mark.slow
def test_both_channels_are_heard_with_their_seconds(model: SpeechModel, tmp_path: Path) -> None:
    channels, rate = read_sound(CLIPS / "misc/whats-the-weather.flac")
    clip = resampled(channels[0], rate, LINE_RATE)
    silence = np.zeros(len(clip), dtype=np.int16)
    caller, line = np.concatenate([clip, silence]), np.concatenate([silence, clip])
    soundfile.write(tmp_path / "call.wav", np.stack([caller, line], axis=1), LINE_RATE)
    heard = transcribe(model, tmp_path / "call.wav")
    first, second = heard.channels
    assert " ".join(w.word for w in first) == "what's the weather like"
    assert " ".join(w.word for w in second) == "what's the weather like"
    assert first[-1].end_s < second[0].start_s
    assert heard.duration_s == pytest.approx(2 * len(clip) / LINE_RATE, abs=0.01)


@pytest.mark.speech
@pytest.mark.slow
def test_a_file_line_has_what_scripts_expect(model: SpeechModel) -> None:
    line = transcribe_file(model, CLIPS / "misc/jfk.flac")
    assert set(line) == {"file", "text", "duration_s", "words"}
    assert set(line["words"][0]) == {"word", "start_s", "end_s", "confidence"}
    assert "your country" in line["text"]


@pytest.mark.speech
@pytest.mark.slow
def test_silence_has_no_words(model: SpeechModel, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(LINE_RATE * 5, dtype=np.int16), LINE_RATE)
    assert transcribe(model, tmp_path / "silence.wav").channels == ((),)


@pytest.mark.parametrize("body", [b"", b"<html>not found</html>", b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_sound_is_refused_in_a_sentence(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "odd.wav"
    file.write_bytes(body)
    with pytest.raises(AsrError, match="sound"):
        transcribe(NO_MODEL, file)


def test_a_missing_file_is_named_as_missing(tmp_path: Path) -> None:
    with pytest.raises(AsrError, match="no such file"):
        transcribe(NO_MODEL, tmp_path / "nowhere.wav")
