"""Prompts: the same keys in every language, slots apart, clear errors."""

from __future__ import annotations

from datetime import datetime

import pytest

from config.language import languages
from voice.dates import spoken_deadline
from voice.prompts import PromptError, Prompts, missing_keys, spoken_number


def test_no_language_lacks_what_another_has() -> None:
    assert languages() == ("en", "ko")
    assert missing_keys(languages()) == ()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_slots_are_the_same_in_every_language(language: str) -> None:
    english, other = Prompts("en"), Prompts(language)
    for key in english.keys() | english.message_keys():
        assert english.slots(key) == other.slots(key), key
    for key in sorted(other.keys()):
        for phrase in other.text(key, **dict.fromkeys(other.slots(key), "x")):
            assert "{" not in phrase


def test_a_phrase_is_filled_and_other_values_are_ignored() -> None:
    said = Prompts("en").text("read_back", category="a fallen tree", place="9 Elm Street", key="1")
    assert said[:2] == ("I have: a fallen tree.", "At 9 Elm Street.")


def test_what_is_missing_is_named_with_key_and_language() -> None:
    with pytest.raises(PromptError, match=r"no prompt greetin in .*languages/ko/prompts\.toml"):
        Prompts("ko").text("greetin")
    with pytest.raises(PromptError, match="read_back \\(en\\) needs a value for 'category'"):
        Prompts("en").text("read_back", place="here")
    with pytest.raises(PromptError, match="no language 'tlh'"):
        Prompts("tlh")


def test_a_fixed_phrase_knows_where_it_stands() -> None:
    english = Prompts("en")
    assert english.places_of("What is the problem?") == (("ask_problem", 1),)
    assert english.places_of("Where is it?") == (("ask_place", 1),)
    assert english.places_of("What is the matter?") == ()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("10000012", "1 0 0, 0 0 0, 1 2"),
        ("1234567", "1 2 3, 4 5, 6 7"),
        ("123", "1 2 3"),
        ("26-000123", "2 6 0, 0 0 1, 2 3"),
        ("", ""),
    ],
)
def test_a_number_is_said_digit_by_digit_in_groups(number: str, said: str) -> None:
    assert spoken_number(number) == said


@pytest.mark.parametrize(
    ("due", "en", "ko"),
    [
        (datetime(2026, 5, 4, 18), "today at 6 p m", "오늘 오후 6시"),
        (datetime(2026, 5, 5, 12), "tomorrow at noon", "내일 정오"),
        (
            datetime(2026, 5, 7, 9, 5),
            "Thursday, May 7, at 9 05 a m",
            "5월 7일 목요일 오전 9시 05분",
        ),
    ],
)
def test_a_deadline_is_said_as_people_say_it(due: datetime, en: str, ko: str) -> None:
    now = datetime(2026, 5, 4, 10)
    assert spoken_deadline(due, now, "en") == en
    assert spoken_deadline(due, now, "ko") == ko
