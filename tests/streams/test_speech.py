"""The real recogniser and the real voice on a media socket, at the pace of a telephone line."""

from __future__ import annotations

import pytest

from asr.live import LiveRecogniser
from asr.models.pool import SpeechModel
from config.settings import Settings, load_settings
from infra.db import Database
from tests.asr.conftest import model
from tests.conftest import eventually
from tests.streams.conftest import TOKEN, ScriptGateway, asks, running
from tests.streams.phone import QUIET
from voice.cache import VoiceCache

__all__ = ["model"]

pytestmark = [pytest.mark.slow, pytest.mark.speech]


def test_a_spoken_sentence_is_heard_and_answered_aloud(
    bare: Settings, model: SpeechModel, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = VoiceCache(load_settings())
    model.warm(1)
    gateway = ScriptGateway(
        [asks(1, "What is the problem?", question="ask_problem"), asks(2, "Where is it?")]
    )
    sentence = voice.spoken("there is a big pothole in the road", "en").mulaw
    question, answer = (
        voice.spoken(text, "en").mulaw for text in ("What is the problem?", "Where is it?")
    )
    database = Database(bare.database)
    with running(
        bare, database, gateway, voice=voice, recogniser_for=lambda _: LiveRecogniser(model)
    ) as line:
        phone = line.dials().starts(token=TOKEN)
        eventually(lambda: phone.sound == question)
        phone.sounds(QUIET, 0.5, paced=True)
        phone.plays_in(sentence, paced=True)
        phone.sounds(QUIET, 2.0, paced=True)
        eventually(lambda: phone.sound == question + answer)
        times = line.streams.media.answer_times()
        phone.leaves()
    database.close()
    assert gateway.answers[0].startswith("speech there") and gateway.answers[0].endswith("road")
    assert times["count"] == 1
    with capsys.disabled():
        print(f" end of speech to first sound: {times['p50_ms']} ms")
