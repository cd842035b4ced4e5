"""Nothing of a city stands outside its folder, but the default of the setting that names one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.city import FOLDER, load_city, own_prompts

ROOT = Path(__file__).resolve().parents[2]
CODE = (".py", ".html", ".js", ".css", ".toml", ".yaml", ".ini", "Makefile", "Procfile")
WHERE_A_DEFAULT_NAMES_ONE = "config/settings.py"


def sources() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        is_code = name.endswith(CODE) and "/vendor/" not in name
        elsewhere = not name.startswith(("config/city/", "tests/", "docs/"))
        if is_code and elsewhere and (ROOT / name).exists():
            yield name, (ROOT / name).read_text(encoding="utf-8")


def names_of_cities() -> set[str]:
    """The folders' names, and how each city calls itself."""
    folders = [file.parent.name for file in FOLDER.glob("*/city.toml")]
    cities = [load_city(name) for name in folders]
    titles = [
        own_prompts(city.name, language).title for city in cities for language in city.languages
    ]
    return {name.lower() for name in (*folders, *titles, *(city.title for city in cities))}


def lines_that_name(source: str, names: set[str]) -> list[int]:
    return [
        number
        for number, line in enumerate(source.splitlines(), start=1)
        if any(name in line.lower() for name in names)
    ]


def test_no_code_names_a_city() -> None:
    names = names_of_cities()
    found = {name: lines for name, text in sources() if (lines := lines_that_name(text, names))}
    assert len(found.pop(WHERE_A_DEFAULT_NAMES_ONE, [])) == 1
    assert found == {}, "these lines belong into config/city/"


@pytest.mark.parametrize(
    "line", ['GREETING = "City of Chicago"', "zone = America/Chicago", "시카고 시"]
)
def test_a_city_that_is_named_is_found(line: str) -> None:
    assert lines_that_name(line, names_of_cities()) == [1]
