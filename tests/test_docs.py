"""The docs say what the code does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from config.settings import Settings
from ops.docs import DOCS, PAGES

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\[[^\]]+\]\(([^)#:]+)(?:#[^)]*)?\)")
FOLDERS = "|".join(sorted(one.name for one in ROOT.glob("[a-z]*") if one.is_dir()))
PATH = re.compile(rf"(?<![\w/.])(?:{FOLDERS})/[\w/.-]*\w\.(?:py|md|js|toml)\b")
PAGES_WITH_LINKS = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_drawn_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES_WITH_LINKS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_file_that_a_comment_or_text_of_the_code_names_exists() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.js", "*.html", "*.css", "*.toml", "Makefile"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert named_by("see `tickets/gone.py`, not a/tickets/gone.py") == {"tickets/gone.py"}
    missing = {
        (source, name)
        for source in listed.stdout.splitlines()
        if (ROOT / source).exists() and source != "tests/test_docs.py"
        for name in named_by((ROOT / source).read_text())
        if not (ROOT / name).exists()
    }
    assert missing == set()


def named_by(text: str) -> set[str]:
    """Files of this repository that a text names by their whole path."""
    return set(PATH.findall(text))


def test_every_package_is_named_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")} - {
        "tests",
        "migrations",
        "bench",
    }
    for package in sorted(packages):
        assert f"`{package}/`" in text, package


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(
        r"`?make ([a-z-]+)(?: [A-Z]+=|`|$)", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert set(named) <= targets


def test_every_shipped_scenario_is_run_by_a_journey() -> None:
    shipped = {file.stem for file in (ROOT / "scenarios").glob("*.yaml")}
    journeys = "".join(file.read_text() for file in (ROOT / "tests/journeys").glob("*.py"))
    assert shipped
    assert {name for name in shipped if f'scenario("{name}")' not in journeys} == set()


def test_every_setting_has_help() -> None:
    for name, info in Settings.model_fields.items():
        assert info.description and info.description.endswith("."), name
