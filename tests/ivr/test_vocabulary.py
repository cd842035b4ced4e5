"""What the real speech model can and cannot write of the city's words."""

from __future__ import annotations

import pytest
from rich.console import Console

from asr.models.derived import ensure_model
from asr.models.pool import Models
from config.language import lexicon
from config.settings import load_settings
from ivr.understanding.vocabulary import unknown_words
from places.geocoder import geocoder_of
from tests import cities

CITY = cities.chicago()
PLACES = geocoder_of(CITY)


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
    tables = (PLACES.aliases, lexicon("en").sounds, lexicon("en").homophones)
    phrases = [heard for table in tables for heard in table]
    never = [heard for heard in phrases if not all(knows(word) for word in heard.split())]
    assert never == []


@pytest.mark.speech
@pytest.mark.slow
def test_the_large_streets_that_the_model_cannot_write_have_sound_alikes(models: Models) -> None:
    missing = unknown_words(CITY, models.model("en").knows, "en")
    assert len(missing) < 200
    for word in ("kedzie", "touhy", "clybourn", "kimbark", "thorndale"):
        assert missing[word], word
    assert "pothole" not in missing and "western" not in missing


@pytest.mark.parametrize("heard", sorted(PLACES.aliases))
def test_a_sound_alike_leads_to_a_street(heard: str) -> None:
    for said in (heard, PLACES.aliases[heard]):
        assert PLACES.find(f"on {said}", "en").street is not None
