"""Callers who tell of somebody in danger, and their harmless neighbours."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.language import FOLDER
from ivr.understanding.emergencies import Certainty, emergency
from tests import cities

HERE = Path(__file__).parent
CITY = cities.chicago()


def texts(kind: str) -> list[str]:
    """What the patterns were written beside."""
    file = FOLDER / "en" / "examples" / "emergencies" / "written-beside-patterns.tsv"
    rows = (line.split("\t") for line in file.read_text().splitlines())
    return [text for of, text in rows if of == kind]


def requests(name: str) -> list[dict[str, str]]:
    with (HERE / "requests" / name).open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def certainty(text: str, language: str = "en") -> Certainty:
    return emergency(CITY, text, language).certainty


@pytest.mark.slow
def test_who_is_in_danger_is_heard() -> None:
    assert [text for text in texts("emergency") if certainty(text) is not Certainty.YES] == []


@pytest.mark.slow
def test_who_only_sounds_like_it_is_not_sent_away() -> None:
    assert [text for text in texts("harmless") if certainty(text) is not Certainty.NO] == []


@pytest.mark.slow
def test_the_citys_ordinary_requests_are_no_emergencies() -> None:
    for row in (*requests("spoken_requests.tsv"), *requests("nola311_notes.tsv")):
        wanted = Certainty.YES if row["category"] == "emergency" else Certainty.NO
        assert certainty(row["text"]) is wanted, row["text"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("he stopped breathing", "breathing"),
        ("my neighbor collapsed", "collapse"),
        ("the garage is in flames", "fire"),
        ("i smell gas in the hallway", "gas"),
        ("a boy fell into the river", "drowning"),
        ("he has a gun", "weapon"),
        ("i want to kill myself", "suicide"),
        ("my daughter is missing", "missing_child"),
        ("people are trapped in the elevator", "trapped"),
        ("the power line is down and sparking", "wires_down"),
        ("a car hit a pedestrian", "crash"),
        ("my son drank bleach", "poisoning"),
    ],
)
def test_the_kind_is_told_with_the_words_that_tell_it(text: str, kind: str) -> None:
    found = emergency(CITY, text, "en")
    assert found.kind == kind
    assert found.why
    assert all(word in text.replace("'", " ") for word in found.why[0].split())


@pytest.mark.parametrize(
    "text",
    [
        "nobody is bleeding",
        "no one was stabbed",
        "there is no fire",
        "last year there was a fire",
        "years ago a man drowned here",
        "somebody is going to get hit by a car",
        "what if the house catches fire",
        "this is not an emergency",
    ],
)
def test_what_is_denied_over_or_only_feared_is_none(text: str) -> None:
    assert certainty(text) is Certainty.NO


@pytest.mark.parametrize(
    "text",
    [
        "no he is choking",
        "please do not hang up she is bleeding",
        "he might be having a heart attack",
        "i am worried she is not breathing",
        "he is going to kill me",
        "she has been missing since yesterday my little girl",
    ],
)
def test_a_no_or_a_might_of_something_else_takes_nothing_away(text: str) -> None:
    assert certainty(text) is Certainty.YES


@pytest.mark.parametrize("text", ["there is smoke", "there was an accident", "something exploded"])
def test_what_may_be_one_is_at_least_asked_about(text: str) -> None:
    assert certainty(text) is not Certainty.NO


def test_a_language_without_patterns_has_the_citys_words() -> None:
    assert certainty("가스 냄새가 나요", "ko") is Certainty.YES
    assert certainty("소화전", "ko") is Certainty.NO
    assert certainty("fire", "xx") is Certainty.NO


@given(st.text(max_size=300), st.sampled_from(["en", "ko", "xx"]))
def test_no_text_breaks_it(text: str, language: str) -> None:
    emergency(CITY, text, language)
