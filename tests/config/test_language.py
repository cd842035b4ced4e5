"""Languages: each whole and alike, wrong files named with key, and none named in code."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.language import FOLDER, languages, lexicon, load_language, read_language
from config.toml_models import ConfigError
from tests.config.copies import Change, changed_copy, swaps

ROOT = FOLDER.parents[1]
WHERE_A_DEFAULT_NAMES_ONE = {
    "calls/models.py",
    "ops/cli.py",
    "tickets/models.py",
}
"""A default of a column or an option, as that of a setting."""
MAY_NAME_ONE = ("config/", "tests/", "simulator/", "bench/", "migrations/")


@pytest.mark.parametrize("language", languages())
def test_a_language_expects_phrases_wherever_another_does(language: str) -> None:
    for other in languages():
        assert lexicon(language).expected.keys() == lexicon(other).expected.keys()
        assert lexicon(language).choices.keys() == lexicon(other).choices.keys()


def test_an_unknown_language_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no language 'tlh'.*there is en, ko"):
        load_language("tlh")


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (
            "lexicon.toml",
            swaps("[yes_no]", "[yes_nope]"),
            r"en/lexicon.toml: yes_no: expected a",
        ),
        (
            "lexicon.toml",
            swaps("longest = 9", 'longest = "x"'),
            "longest: expected a whole number",
        ),
        ("lexicon.toml", swaps("spaced = true", ""), "writing.spaced: expected true or false"),
        (
            "lexicon.toml",
            swaps(r"\bnot sure\b", "(not sure"),
            "yes_no.unsure.2: expected a reg",
        ),
        (
            "lexicon.toml",
            swaps("longest = 9", "longst = 9"),
            "yes_no.longst: expected no such",
        ),
        ("prompts.toml", swaps("{number}.", "{number."), "say.filed.2: expected whole slots"),
        ("lexicon.toml", swaps("seven = 7, ", ""), "numbers: expected units for 0, 1, 2, 3, 4"),
        ("lexicon.toml", swaps('zeros = ["oh", "o"]', ""), "numbers: expected words for hundr"),
        ("lexicon.toml", swaps("third = 3", 'third = "x"'), "third: expected a whole number"),
        (
            "lexicon.toml",
            swaps("{number} {street}", "{number} {road}"),
            "streets.address: expected a text like `{number} {street}`",
        ),
        (
            "lexicon.toml",
            swaps('articles = ["the"]', "articles = 1"),
            "streets.articles: expected a list",
        ),
        (
            "prompts.toml",
            swaps('"One moment, please."', '" "'),
            "expected a phrase that is",
        ),
        ("speech.toml", swaps("[model]", "[model"), "speech.toml: not readable as TOML"),
        (
            "speech.toml",
            swaps("known_word", "word"),
            "model.known_word: expected a text",
        ),
    ],
)
def test_a_wrong_file_is_named_with_key_and_what_was_expected(
    tmp_path: Path, file: str, change: Change, message: str
) -> None:
    home = changed_copy(FOLDER / "en", tmp_path, file, change)
    with pytest.raises(ConfigError, match=message):
        read_language(home)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "ko", tmp_path / "ko")
    (tmp_path / "ko" / "lexicon.toml").unlink()
    with pytest.raises(ConfigError, match=r"ko/lexicon\.toml: expected this file"):
        read_language(tmp_path / "ko")


def _sources() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if not name.startswith(MAY_NAME_ONE) and (ROOT / name).exists():
            yield name, (ROOT / name).read_text()


def names_of_languages(source: str) -> list[int]:
    """Lines where a language is named, or written in letters that English does not have."""
    names = set(languages())
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (node.value in names or any("\uac00" <= letter <= "\ud7a3" for letter in node.value))
    ]


def test_no_code_names_a_language() -> None:
    found = {name: lines for name, source in _sources() if (lines := names_of_languages(source))}
    for name in WHERE_A_DEFAULT_NAMES_ONE:
        assert len(found.pop(name, [])) == 1, f"{name} names no language any more, or several"
    assert found == {}, "these lines belong into config/languages/"


@pytest.mark.parametrize(
    "source", ['x == "en"', 'TABLE = {"ko": 1}', 'f(language="en")', 'WORDS = ("네",)']
)
def test_a_language_that_is_named_is_found(source: str) -> None:
    assert names_of_languages(source) == [1]


def _numbers_and_directions() -> set[str]:
    words: set[str] = set()
    for spoken in map(lexicon, languages()):
        numbers = spoken.numbers
        words |= {*numbers.units, *numbers.teens, *numbers.tens, *numbers.ordinals}
        words |= {numbers.hundred, numbers.thousand} - {""}
        words |= set(spoken.digits)
    return words | _street_words("directions")


def _street_words(table: str) -> set[str]:
    known = [spoken.streets for spoken in map(lexicon, languages()) if spoken.streets]
    return {word.lower() for streets in known for word in getattr(streets, table).values()}


WORDS_OF_NUMBERS = _numbers_and_directions()
WORDS_OF_STREETS = WORDS_OF_NUMBERS | _street_words("kinds")
"""Kinds of street are everyday words ("place"), so that only several together tell."""


def words_of_numbers_and_streets(source: str) -> list[int]:
    """Lines with a number or direction in words, or with several words of streets together."""
    found = []
    for node in ast.walk(ast.parse(source)):
        texts = _texts(node)
        words = [word for text in texts for word in re.split(r"[\s|()]+", text.lower()) if word]
        alone = len(texts) == 1 and words and set(words) <= WORDS_OF_NUMBERS
        choices = [set(each.split("|")) for text in texts for each in re.findall(r"[\w|]+", text)]
        listed = len(texts) > 1 and len(set(texts) & WORDS_OF_STREETS) > 1
        if alone or listed or any(len(each & WORDS_OF_STREETS) > 1 for each in choices):
            found.append(node.lineno)  # type: ignore[attr-defined]
    return found


def _texts(node: ast.AST) -> list[str]:
    """The texts that stand side by side in a node, or that it is."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Dict():
            inside = [*node.keys, *node.values]
        case ast.Tuple() | ast.List() | ast.Set():
            inside = list(node.elts)
        case _:
            return []
    return [
        each.value.lower()
        for each in inside
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]


def test_no_code_lists_numbers_or_streets_in_words() -> None:
    found = {
        name: lines
        for name, source in _sources()
        if (lines := words_of_numbers_and_streets(source))
    }
    assert found == {}, "these lines belong into config/languages/"


@pytest.mark.parametrize(
    "source",
    [
        'UNITS = "one two three".split()',
        'if word == "hundred": pass',
        'GROWN = "(north|south|east|west)([a-z]{3,})"',
        'KINDS = {"ST": "Street", "PL": "Place"}',
        'ORDINALS = {"first": 1, "second": 2}',
    ],
)
def test_a_list_of_numbers_or_streets_is_found(source: str) -> None:
    assert set(words_of_numbers_and_streets(source)) == {1}


@pytest.mark.parametrize(
    "source", ['draft["place"]', 'say("expected one of two")', '{"place": 1, "problem": 2}']
)
def test_words_that_are_no_such_list_are_not(source: str) -> None:
    assert words_of_numbers_and_streets(source) == []
