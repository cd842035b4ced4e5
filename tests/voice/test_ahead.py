"""Speaking ahead: everything that can be known, once, with progress."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import load_settings
from tests import cities
from voice.ahead import known_phrases, speak_all
from voice.cache import VoiceCache
from voice.prompts import Prompts

CITY = cities.chicago()


def test_what_a_call_surely_says_is_known() -> None:
    known = known_phrases(Prompts("en", CITY.name), CITY)
    assert len(known) == len(set(known))
    assert "What is the problem?" in known
    assert "press 8." in known
    for category in CITY.categories:
        assert f"I have: {category.spoken_name('en')}." in known
    for department in CITY.departments:
        assert f"It goes to {department.spoken_name('en')}." in known
    assert not [phrase for phrase in known if "{" in phrase]


@pytest.mark.slow
def test_everything_known_is_in_the_cache_afterwards_and_spoken_once(tmp_path: Path) -> None:
    settings = load_settings(var_dir=tmp_path, voice_en="espeak")
    prompts, steps = Prompts("en", CITY.name), list[tuple[int, int]]()
    keys = speak_all(settings, prompts, CITY, lambda done, total: steps.append((done, total)))
    cache = VoiceCache(settings)
    known = known_phrases(prompts, CITY)
    assert all(cache.has(phrase, "en") for phrase in known)
    assert steps[-1] == (len(known), len(known)) and len(keys) == len(known)
    made = {file.name: file.stat().st_mtime_ns for file in settings.voice_dir.glob("*.ulaw")}
    assert speak_all(settings, prompts, CITY) == keys
    again = {file.name: file.stat().st_mtime_ns for file in settings.voice_dir.glob("*.ulaw")}
    assert made == again
    assert cache.forget_older(0, keep=keys) == 0
