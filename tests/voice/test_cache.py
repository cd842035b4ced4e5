"""The voice cache: spoken once, the same bytes for everyone."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from config.settings import Settings, load_settings
from sound.mulaw import from_mulaw
from sound.samples import samples_of
from tests.races import race
from voice.cache import UnknownSound, VoiceCache
from voice.levels import speech_level
from voice.speaker import Spoken, VoiceError, voice_for

TEXT = "What is the problem?"


@pytest.fixture
def quick(tmp_path: Path) -> Settings:
    return load_settings(var_dir=tmp_path, voice_en="espeak")


def test_a_phrase_is_spoken_once_and_then_read(quick: Settings) -> None:
    spoken = VoiceCache(quick).spoken(TEXT, "en")
    again = VoiceCache(quick).spoken(TEXT, "en")
    assert spoken == again
    assert spoken.duration_s == len(spoken.mulaw) / 8000 > 0.5
    assert (quick.voice_dir / f"{spoken.key}.ulaw").read_bytes() == spoken.mulaw
    facts = json.loads((quick.voice_dir / f"{spoken.key}.json").read_text())
    assert facts == {"text": TEXT, "language": "en", "voice": "espeak:en/1"}


def test_another_text_or_language_is_another_sound(quick: Settings) -> None:
    cache = VoiceCache(quick)
    keys = {cache.spoken(*phrase).key for phrase in ((TEXT, "en"), ("예", "ko"), ("Yes.", "en"))}
    assert len(keys) == 3


def test_korean_is_spoken_in_korean_letters(quick: Settings) -> None:
    assert VoiceCache(quick).spoken("무엇이 문제입니까?", "ko").duration_s > 0.7


def test_what_was_not_spoken_is_not_there(quick: Settings) -> None:
    cache = VoiceCache(quick)
    spoken = cache.spoken(TEXT, "en")
    assert cache.has(TEXT, "en") and not cache.has("Where is it?", "en")
    assert cache.wav(spoken.key).endswith(spoken.mulaw)
    with pytest.raises(UnknownSound):
        cache.wav("0" * 32)
    for wrong in ("", "../../etc/passwd", spoken.key.upper() + "x"):
        with pytest.raises(UnknownSound):
            cache.wav(wrong)


def test_a_sound_without_its_description_is_made_again(quick: Settings) -> None:
    spoken = VoiceCache(quick).spoken(TEXT, "en")
    (quick.voice_dir / f"{spoken.key}.json").unlink()
    assert VoiceCache(quick).spoken(TEXT, "en") == spoken


def _speak_many(var_dir: str, gate: object, answers: object) -> None:
    settings = load_settings(var_dir=Path(var_dir), voice_en="espeak")
    cache = VoiceCache(settings)
    cache._voices["en"] = _Changing()  # type: ignore[assignment]
    gate.wait()  # type: ignore[attr-defined]
    answers.put([cache.spoken(f"Phrase {n}.", "en").mulaw for n in range(20)])  # type: ignore[attr-defined]


class _Changing:
    """A voice that, like Piper, never says the same thing twice in the same way."""

    name = "changing"

    def speak(self, text: str, language: str) -> bytes:
        return os.urandom(200_000)


@pytest.mark.slow
def test_two_processes_that_speak_the_same_phrases_get_the_same_bytes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(2), context.Queue()
    both = [
        context.Process(target=_speak_many, args=(str(tmp_path), gate, answers)) for _ in range(2)
    ]
    for process in both:
        process.start()
    first, second = answers.get(timeout=60), answers.get(timeout=60)
    for process in both:
        process.join(60)
    assert first == second
    assert not [file for file in (tmp_path / "voice").iterdir() if file.name.startswith(".tmp")]


def test_threads_that_ask_for_one_phrase_wait_for_one_speaking(quick: Settings) -> None:
    cache = VoiceCache(quick)
    voice = _Changing()
    cache._voices["en"] = voice  # type: ignore[assignment]
    heard = race(*[lambda: cache.spoken(TEXT, "en")] * 8)
    spoken = [one for one in heard if isinstance(one, Spoken)]
    assert len(spoken) == 8 and len({one.mulaw for one in spoken}) == 1


def test_an_operators_recording_takes_the_place_of_the_voice(quick: Settings) -> None:
    spoken = VoiceCache(quick).spoken(TEXT, "en")
    folder = quick.var_dir / "prompts" / "en"
    folder.mkdir(parents=True)
    tone = np.sin(np.arange(44100) / 44100 * 2 * np.pi * 300)
    soundfile.write(folder / "ask_problem.wav", tone * 0.1, 44100)
    recorded, other = VoiceCache(quick).spoken(TEXT, "en"), VoiceCache(quick).spoken("Yes.", "en")
    assert recorded.mulaw != spoken.mulaw and recorded.key != spoken.key
    assert recorded.duration_s == pytest.approx(1.24, abs=0.03)
    assert other.mulaw != recorded.mulaw


def test_a_broken_recording_is_named(quick: Settings) -> None:
    folder = quick.var_dir / "prompts" / "en"
    folder.mkdir(parents=True)
    (folder / "ask_problem.1.wav").write_bytes(b"no sound")
    with pytest.raises(VoiceError, match=r"ask_problem\.1\.wav is no sound file"):
        VoiceCache(quick).spoken(TEXT, "en")


def test_old_phrases_are_forgotten_but_for_those_to_keep(quick: Settings) -> None:
    cache = VoiceCache(quick)
    keep, drop = cache.spoken(TEXT, "en"), cache.spoken("At nine Elm Street.", "en")
    fresh = cache.spoken("Yes.", "en")
    for spoken in (keep, drop):
        os.utime(quick.voice_dir / f"{spoken.key}.json", (0, 0))
    assert cache.forget_older(3600, keep=frozenset({keep.key})) == 1
    left = {file.stem for file in quick.voice_dir.glob("*.ulaw")}
    assert left == {keep.key, fresh.key}


def test_an_old_sound_whose_description_was_never_written_is_forgotten(quick: Settings) -> None:
    cache = VoiceCache(quick)
    alone = cache.spoken("At nine Elm Street.", "en")
    (quick.voice_dir / f"{alone.key}.json").unlink()
    assert cache.forget_older(3600) == 0
    os.utime(quick.voice_dir / f"{alone.key}.ulaw", (0, 0))
    assert cache.forget_older(3600) == 1
    assert not list(quick.voice_dir.glob("*.ulaw"))


def test_an_unknown_voice_or_language_is_said(quick: Settings) -> None:
    with pytest.raises(VoiceError, match="expected piper:joe or espeak"):
        voice_for("piper:jane", "en")
    with pytest.raises(VoiceError, match="no voice for language zz"):
        VoiceCache(quick).spoken("hello", "zz")


@pytest.mark.slow
def test_piper_speaks_at_the_level_of_the_line(tmp_path: Path) -> None:
    spoken = VoiceCache(load_settings(var_dir=tmp_path)).spoken(TEXT, "en")
    heard = samples_of(from_mulaw(spoken.mulaw))
    assert 0.6 < spoken.duration_s < 3
    assert 20 * np.log10(speech_level(heard)) == pytest.approx(-20, abs=1)


def test_a_deferred_phrase_is_spoken_by_whoever_is_asked_for_it(quick: Settings) -> None:
    deferring, asked = VoiceCache(quick), VoiceCache(quick)
    key = deferring.deferred(TEXT, "en")
    assert asked.by_key(key).text == TEXT
    assert deferring.spoken(TEXT, "en").key == key
    assert deferring.by_key(key).mulaw == asked.by_key(key).mulaw


def test_a_deferred_phrase_waits_for_no_speech(quick: Settings) -> None:
    cache = VoiceCache(quick)
    quick.voice_dir.mkdir(parents=True)
    with (quick.voice_dir / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        key = cache.deferred(TEXT, "en")
        assert not cache.has(TEXT, "en")
    assert cache.by_key(key).text == TEXT


def test_old_deferred_phrases_are_forgotten(quick: Settings) -> None:
    cache = VoiceCache(quick)
    key = cache.deferred(TEXT, "en")
    cache.by_key(key)
    wanted = quick.voice_dir / f"{key}.wanted"
    assert wanted.exists() and cache.forget_older(-1) == 1
    assert not wanted.exists()
    with pytest.raises(UnknownSound):
        cache.by_key(key)


def test_what_is_spoken_already_is_not_deferred_again(quick: Settings) -> None:
    spoken = VoiceCache(quick).spoken(TEXT, "en")
    assert VoiceCache(quick).deferred(TEXT, "en") == spoken.key
    assert not list(quick.voice_dir.glob("*.wanted"))


def test_a_phrase_that_was_forgotten_is_deferred_anew(quick: Settings) -> None:
    deferring, asked = VoiceCache(quick), VoiceCache(quick)
    deferring.spoken(TEXT, "en")
    assert asked.forget_older(-1) == 1
    assert asked.by_key(deferring.deferred(TEXT, "en")).text == TEXT
