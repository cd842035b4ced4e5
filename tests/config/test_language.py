"""Languages: each whole and alike, wrong files named with key, and none named in code."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.language import FOLDER, languages, lexicon, load_language, read_language
from config.toml_models import ConfigError

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


def _replace(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (
            "lexicon.toml",
            _replace("[yes_no]", "[yes_nope]"),
            r"en/lexicon.toml: yes_no: expected a",
        ),
        (
            "lexicon.toml",
            _replace("longest = 9", 'longest = "x"'),
            "longest: expected a whole number",
        ),
        ("lexicon.toml", _replace("spaced = true", ""), "writing.spaced: expected true or false"),
        ("lexicon.toml", _replace(r"\bnot sure\b", "(not sure"), "yes_no.unsure.2: expected a reg"),
        (
            "lexicon.toml",
            _replace("longest = 9", "longst = 9"),
            "yes_no.longst: expected no such",
        ),
        ("prompts.toml", _replace("{number}.", "{number."), "say.filed.2: expected whole slots"),
        (
            "prompts.toml",
            _replace('"One moment, please."', '" "'),
            "expected a phrase that is",
        ),
        ("speech.toml", _replace("[model]", "[model"), "speech.toml: not readable as TOML"),
        (
            "speech.toml",
            _replace("known_word", "word"),
            "model.known_word: expected a text",
        ),
    ],
)
def test_a_wrong_file_is_named_with_key_and_what_was_expected(
    tmp_path: Path, file: str, change: Callable[[str], str], message: str
) -> None:
    home = tmp_path / "en"
    shutil.copytree(FOLDER / "en", home)
    text = (home / file).read_text()
    assert change(text) != text
    (home / file).write_text(change(text))
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
