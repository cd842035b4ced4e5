"""The way from the carrier's file to words, with the real model and a real person's voice."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from asr.models.pool import Models, SpeechModel
from infra.services import Services
from recordings.models import Recording, TranscriptWord
from recordings.spoken import words_of
from recordings.transcript import in_turns
from sound.files import read_sound
from sound.resampling import resampled
from sound.samples import LINE_RATE
from tests.asr.conftest import CLIPS, model
from tests.recordings.conftest import SID, FakeCarrier, do
from tests.recordings.sounds import wav
from tests.recordings.test_jobs import announce

__all__ = ["model"]


class OneModel:
    """The loaded model for every language."""

    def __init__(self, model: SpeechModel) -> None:
        self._model = model

    def model(self, language: str) -> SpeechModel:
        return self._model


def clip(name: str) -> np.ndarray:
    channels, rate = read_sound(CLIPS / name)
    return resampled(channels[0], rate, LINE_RATE) / 32768


@pytest.mark.speech
@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_human_conversation_is_written_down_in_turns(
    model: SpeechModel, services: Services, carrier: FakeCarrier
) -> None:
    asks, answers = clip("misc/whats-the-weather.flac"), clip("misc/jfk.flac")
    gap = np.zeros(LINE_RATE)
    line = np.concatenate([asks, gap, np.zeros(len(answers)), gap, asks])
    caller = np.concatenate([np.zeros(len(asks)), gap, answers, gap, np.zeros(len(asks))])
    seconds = len(line) / LINE_RATE
    services.add(Models, OneModel(model))
    announce(services, duration_s=round(seconds))
    carrier.bodies[SID] = wav(caller, line)
    do(services, "carrier")
    do(services, "asr")
    with services.database.read() as session:
        recording = session.scalars(select(Recording)).one()
        said = words_of(session, recording)
        assert session.scalars(select(TranscriptWord)).first() is not None
    assert recording.state == "transcribed"
    turns = in_turns(said)
    assert [turn.speaker for turn in turns if turn.speaker == "line"] == ["line", "line"]
    assert (turns[0].speaker, turns[-1].speaker) == ("line", "line")
    assert "what your country can do for you" in recording.text
    assert recording.text.count("weather") == 2
    assert all(0 <= word.start_s < word.end_s <= seconds + 0.1 for word in said)
    assert [word.start_s for word in said] == sorted(word.start_s for word in said)
    assert recording.size is not None and recording.size < seconds * 8000
