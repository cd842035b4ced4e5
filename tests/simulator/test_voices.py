"""Speaking in a process of its own: what it answers, and what becomes of it when it dies."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from simulator.sound.audio import is_audible
from simulator.speech.synthesiser import CannotSpeak, VoiceProcess


@pytest.fixture
def voices() -> Iterator[VoiceProcess]:
    process = VoiceProcess()
    yield process
    process.stop()


def test_what_cannot_be_spoken_is_named_and_the_next_sentence_still_comes() -> None:
    answered = _serve(
        {"voice": "espeak", "text": "a", "language": "xx"},
        {"voice": "espeak", "text": "Guten Tag", "language": "de"},
    )
    assert "'xx'" in json.loads(answered.readline())["error"]
    size = json.loads(answered.readline())["bytes"]
    sound = answered.read()
    assert len(sound) == size > 0
    assert is_audible(sound)


def test_what_is_no_request_is_answered_with_an_error() -> None:
    assert json.loads(_serve("not JSON").readline())["error"]


def _serve(*requests: object) -> io.BytesIO:
    """What the process answers to these requests; the speech library is one for a process."""
    lines = [one if isinstance(one, str) else json.dumps(one) for one in requests]
    done = subprocess.run(
        [sys.executable, "-m", "simulator.speech.voices"],
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        check=True,
    )
    return io.BytesIO(done.stdout)


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
