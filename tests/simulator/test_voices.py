"""Speaking in a process of its own: what it answers, and what becomes of it when it dies."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from simulator.audio import is_audible
from simulator.speech import CannotSpeak, VoiceProcess
from simulator.voices import serve


@pytest.fixture
def voices() -> Iterator[VoiceProcess]:
    process = VoiceProcess()
    yield process
    process.stop()


def test_what_cannot_be_spoken_is_named_and_the_next_sentence_still_comes() -> None:
    lines = [
        {"voice": "espeak", "text": "a", "language": "xx"},
        {"voice": "espeak", "text": "Guten Tag", "language": "de"},
    ]
    answered = io.BytesIO()
    serve(io.BytesIO(b"".join(json.dumps(one).encode() + b"\n" for one in lines)), answered)
    answered.seek(0)
    assert "'xx'" in json.loads(answered.readline())["error"]
    size = json.loads(answered.readline())["bytes"]
    sound = answered.read()
    assert len(sound) == size > 0
    assert is_audible(sound)


def test_what_is_no_request_is_answered_with_an_error() -> None:
    answered = io.BytesIO()
    serve(io.BytesIO(b"not JSON\n"), answered)
    assert json.loads(answered.getvalue())["error"]


@pytest.mark.slow
def test_a_sentence_of_several_lines_is_spoken_whole(voices: VoiceProcess) -> None:
    one = voices.speak("espeak", "Guten Tag", "de")
    both = voices.speak("espeak", "Guten Tag\n\nGuten Tag", "de")
    assert len(both) > len(one)


@pytest.mark.slow
def test_a_process_that_died_is_started_anew(voices: VoiceProcess) -> None:
    before = voices.speak("espeak", "Guten Tag", "de")
    assert voices._running is not None
    voices._running.kill()
    voices._running.wait()
    assert voices.speak("espeak", "Guten Tag", "de") == before


@pytest.mark.slow
def test_a_language_without_a_voice_is_refused_by_name(voices: VoiceProcess) -> None:
    with pytest.raises(CannotSpeak, match="'xx'"):
        voices.speak("espeak", "a", "xx")
