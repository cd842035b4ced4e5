"""Real human speech, fed as a telephone would: 20 ms of mu-law at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr.live import LiveRecogniser, Partial, RecognitionEvent, SpeechStarted, Utterance
from asr.models.pool import SpeechModel
from asr.noise import with_floor
from sound.files import read_sound
from sound.mulaw import to_mulaw
from sound.resampling import resampled
from sound.samples import LINE_RATE
from tests.asr.conftest import CLIPS, references

pytestmark = [pytest.mark.speech, pytest.mark.slow]


def on_the_line(name: str, before_s: float = 0.5, after_s: float = 1.5) -> bytes:
    channels, rate = read_sound(CLIPS / name)
    silence = [np.zeros(int(LINE_RATE * s), dtype=np.int16) for s in (before_s, after_s)]
    pcm = np.concatenate([silence[0], resampled(channels[0], rate, LINE_RATE), silence[1]])
    return to_mulaw(with_floor(pcm, 0))


def feed(recogniser: LiveRecogniser, sound: bytes) -> list[RecognitionEvent]:
    events = [e for at in range(0, len(sound), 160) for e in recogniser.feed(sound[at : at + 160])]
    return events + recogniser.flush()


def utterances(events: list[RecognitionEvent]) -> list[Utterance]:
    return [event for event in events if isinstance(event, Utterance)]


def test_a_spoken_sentence_becomes_its_words(model: SpeechModel) -> None:
    recogniser = LiveRecogniser(model)
    recogniser.listen(end_silence_ms=800, unfinished_silence_ms=800)
    events = feed(recogniser, on_the_line("misc/whats-the-weather.flac"))
    (heard,) = utterances(events)
    assert heard.heard.text == "what's the weather like"
    assert isinstance(events[0], SpeechStarted)
    assert any(isinstance(event, Partial) for event in events)


def test_times_of_words_lie_within_their_utterance_and_rise(model: SpeechModel) -> None:
    recogniser = LiveRecogniser(model)
    feed(recogniser, on_the_line("misc/whats-the-weather.flac"))
    (second,) = utterances(feed(recogniser, on_the_line("misc/whats-the-weather.flac")))[-1:]
    starts = [word.start_s for word in second.heard.words]
    assert starts == sorted(starts)
    assert second.start_s - 0.5 < starts[0] < second.end_s
    assert all(0 < word.confidence <= 1 for word in second.heard.words)


def test_two_runs_over_the_same_sound_are_equal(model: SpeechModel) -> None:
    sound = on_the_line("misc/jfk.flac")
    texts = []
    for _ in range(2):
        recogniser = LiveRecogniser(SpeechModel(model.path, model.language))
        recogniser.listen(end_silence_ms=700, unfinished_silence_ms=700)
        texts.append([u.heard.text for u in utterances(feed(recogniser, sound))])
    assert texts[0] == texts[1]


def test_a_grammar_mends_digits(model: SpeechModel) -> None:
    digits = "zero oh one two three four five six seven eight nine"
    recogniser = LiveRecogniser(model)
    recogniser.listen(end_silence_ms=900, unfinished_silence_ms=900, grammar=tuple(digits.split()))
    heard = " ".join(
        u.heard.text for u in utterances(feed(recogniser, on_the_line("misc/zip-codes-8k.flac")))
    )
    assert heard == "one zero zero zero one nine oh two one oh zero one eight zero three"


def test_an_unfinished_answer_gets_a_longer_silence(model: SpeechModel) -> None:
    sound = on_the_line("misc/whats-the-weather.flac")
    quick, patient = LiveRecogniser(model), LiveRecogniser(model)
    quick.listen(
        end_silence_ms=300, unfinished_silence_ms=1400, is_complete=lambda text: "weather" in text
    )
    patient.listen(end_silence_ms=300, unfinished_silence_ms=1400, is_complete=lambda text: False)
    until = {}
    for name, recogniser in (("quick", quick), ("patient", patient)):
        for at in range(0, len(sound), 160):
            if any(isinstance(event, Utterance) for event in recogniser.feed(sound[at : at + 160])):
                until[name] = at
                break
    assert until["quick"] < until["patient"]


@pytest.mark.parametrize("kind", ["silence", "keys"])
def test_nothing_is_heard_where_nothing_is_said(model: SpeechModel, kind: str) -> None:
    at = np.arange(LINE_RATE * 2) / LINE_RATE
    keys = 6000 * (np.sin(2 * np.pi * 770 * at) + np.sin(2 * np.pi * 1336 * at))
    sounds = {"silence": np.zeros(LINE_RATE * 4), "keys": keys}
    assert feed(LiveRecogniser(model), to_mulaw(sounds[kind].astype(np.int16))) == []


def test_yes_and_no_of_different_people_are_told_apart(model: SpeechModel) -> None:
    clips = {name: text for name, text in references().items() if text in ("yes", "no")}
    said = {}
    for name in clips:
        recogniser = LiveRecogniser(model)
        recogniser.listen(grammar=("yes", "no", "yeah"))
        said[name] = " ".join(u.heard.text for u in utterances(feed(recogniser, on_the_line(name))))
    assert {name: text.replace("yeah", "yes") for name, text in said.items()} == clips
    assert set(clips.values()) == {"yes", "no"}


def test_a_narrow_question_leaves_the_recogniser_for_open_ones_warm(model: SpeechModel) -> None:
    open_one = model.take(LINE_RATE)
    model.release(open_one)
    narrow = model.take(LINE_RATE, ("yes", "no"))
    model.release(narrow)
    assert narrow is not open_one
    assert model.take(LINE_RATE) is open_one
    assert model.take(LINE_RATE, ("yes", "no")) is narrow
    model.release(open_one)


def test_phrases_that_cannot_be_heard_are_left_out(model: SpeechModel) -> None:
    phrases = ("pothole", "xyzzyplugh street", "graffiti")
    assert model.unknown_words(phrases) == ("xyzzyplugh",)
    assert model.take(LINE_RATE, phrases).grammar == ("pothole", "graffiti", "[unk]")
    assert model.take(LINE_RATE, ("xyzzyplugh",)).grammar == ()


def test_an_unknown_word_is_known_to_be_unknown(model: SpeechModel) -> None:
    assert model.knows("pothole")
    assert not model.knows("xyzzyplugh")


def test_clips_exist() -> None:
    assert (Path(CLIPS) / "LICENCE.md").exists()
