"""Patterns of words, as the files of a language write them."""

from __future__ import annotations

import pytest

from ivr.understanding.phrases import BARRIER, PatternError, PatternIndex, grammar, line

GRAMMAR = grammar(
    {"age": ["old", "very old"], "who": ["he", "my {age}? neighbor"]},
    ["but"],
)


def finds(pattern: str, text: str) -> bool:
    return GRAMMAR.pattern(pattern).expression.search(line(text, {"n't": "not"})) is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("collaps*", "it collapsed"),
        ("stopped|quit moving", "he quit moving"),
        ("{who} fell", "my old neighbor fell"),
        ("{who} fell", "My neighbor fell!"),
        ("[came down|fell] on", "it came down on us"),
        ("fell .. stairs", "fell down the stairs"),
        ("please? help", "help"),
        ("not breathing", "isn't breathing"),
    ],
)
def test_a_pattern_finds_what_it_says(pattern: str, text: str) -> None:
    assert finds(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("collapse", "it collapsed"),
        ("fell .. stairs", "fell down all of the stairs"),
        ("fell ... up", "he fell but got up"),
        ("{who} fell", "she fell"),
        ("fell", "befell"),
    ],
)
def test_it_finds_nothing_else(pattern: str, text: str) -> None:
    assert not finds(pattern, text)


def test_an_index_names_only_what_may_match_and_in_order() -> None:
    texts = ["{who} fell", "collaps*", "[came down|fell] .. us", "please? help"]
    index = PatternIndex(GRAMMAR.pattern(text) for text in texts)

    def may_match(text: str) -> list[str]:
        return [pattern.text for _, pattern in index.may_match(line(text, {}))]

    assert may_match("he fell and it collapsed on us") == texts[:3]
    assert may_match("please") == []
    assert may_match("help me") == ["please? help"]


def test_no_gap_reaches_over_what_was_taken_out() -> None:
    assert not GRAMMAR.pattern("fell ... up").expression.search(f"fell {BARRIER} up ")


@pytest.mark.parametrize("pattern", ["", "..", ".. fell", "{nobody} fell", "fell!"])
def test_a_pattern_that_cannot_be_read_is_quoted(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"must|neither"):
        GRAMMAR.pattern(pattern)
