"""One design system: a package's stylesheet adds to web/ui's and takes nothing of it anew."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ROOT / "web/ui/static/app.css"
PACKAGES = [
    sheet
    for sheet in sorted(ROOT.glob("*/static/**/*.css"))
    if sheet.relative_to(ROOT).parts[0] != "simulator"
]


def names(sheet: Path) -> set[str]:
    """Classes that a stylesheet gives a look by themselves, outside of `@media`."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    outside = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", text)
    selectors = ",".join(re.findall(r"([^{}]+)\{", outside)).split(",")
    return {one.strip() for one in selectors if re.fullmatch(r"\s*\.[\w-]+\s*", one)}


def test_every_stylesheet_is_looked_at() -> None:
    found = {sheet.name for sheet in PACKAGES}
    assert found >= {"desk.css", "tickets.css", "recordings.css"}
    assert {".card", ".badge", ".notice", ".pager", ".choose-list"} <= names(OURS)


@pytest.mark.parametrize("sheet", PACKAGES, ids=lambda sheet: sheet.name)
def test_a_package_makes_no_component_of_ours_anew(sheet: Path) -> None:
    assert not names(sheet) & names(OURS)


@pytest.mark.parametrize(
    ("one", "other"), list(combinations(PACKAGES, 2)), ids=lambda sheet: sheet.name
)
def test_what_two_packages_show_is_a_component(one: Path, other: Path) -> None:
    assert not names(one) & names(other)
