"""What the real speech model can and cannot write of the city's words."""

from __future__ import annotations

import pytest
from rich.console import Console

from asr.model import Models, ensure_model
from config.city import load_city
from config.settings import load_settings
from ivr.understanding.vocabulary import unknown_words
from places.in_words import place

CITY = load_city("chicago")


@pytest.fixture(scope="module")
def models() -> Models:
    """The English model of the checkout's var/, fetched if need be."""
    settings = load_settings()
    ensure_model(settings, "en", Console(stderr=True))
    return Models(settings)


@pytest.mark.speech
@pytest.mark.slow
def test_every_sound_alike_is_made_of_words_that_the_model_can_write(models: Models) -> None:
    knows = models.model("en").knows
    tables = (CITY.street_sounds, CITY.sounds["en"])
    phrases = [heard for table in tables for heard in table]
    never = [heard for heard in phrases if not all(knows(word) for word in heard.split())]
    assert never == []


@pytest.mark.speech
@pytest.mark.slow
def test_the_large_streets_that_the_model_cannot_write_have_sound_alikes(models: Models) -> None:
    missing = unknown_words(CITY, models.model("en").knows)
    assert len(missing) < 200
    for word in ("kedzie", "touhy", "clybourn", "kimbark", "thorndale"):
        assert missing[word], word
    assert "pothole" not in missing and "western" not in missing


@pytest.mark.parametrize("heard", sorted(CITY.street_sounds))
def test_a_sound_alike_leads_to_a_street(heard: str) -> None:
    for said in (heard, CITY.street_sounds[heard]):
        assert place(CITY, f"on {said}").street is not None
