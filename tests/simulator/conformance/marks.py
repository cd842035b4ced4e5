"""Which rows have a test: the `row` marks as they stand in the source of the tests.

Read from the source, so that it does not matter which tests a run selects. Ids are therefore
written out: `@pytest.mark.row("code.11200")`, or `pytest.param(..., marks=pytest.mark.row("..."))`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[2]
FOLDERS = ("simulator", "simulator_phone", "browser")
"""Where tests of the simulator stand."""


class BadMark(Exception):
    """A mark whose ids cannot be read from the source."""


@dataclass(frozen=True)
class Mark:
    """One id of one mark, and where it stands."""

    row: str
    where: str


def marks_in(folder: Path | None = None) -> tuple[Mark, ...]:
    """Every mark below a folder, or below the simulator's. Raises BadMark."""
    if folder is None:
        return tuple(mark for name in FOLDERS for mark in marks_in(TESTS / name))
    found: list[Mark] = []
    for file in sorted(folder.rglob("*.py")):
        text = file.read_text()
        if "mark.row" not in text:
            continue
        found += _marks_of(str(file.relative_to(folder)), text)
    return tuple(found)


@cache
def _marks_of(where: str, text: str) -> tuple[Mark, ...]:
    """The marks of one file."""
    calls = (node for node in ast.walk(ast.parse(text, where)) if isinstance(node, ast.Call))
    return tuple(
        mark
        for call in calls
        if _is_row(call.func)
        for mark in _marks(call, f"{where}:{call.lineno}")
    )


def _is_row(function: ast.expr) -> bool:
    """Whether it is `pytest.mark.row`, `mark.row`, or plain `row`, a test module's name for it."""
    if isinstance(function, ast.Name):
        return function.id == "row"
    if not isinstance(function, ast.Attribute) or function.attr != "row":
        return False
    owner = function.value
    return isinstance(owner, ast.Name | ast.Attribute) and "mark" in (
        getattr(owner, "id", ""),
        getattr(owner, "attr", ""),
    )


def _marks(call: ast.Call, where: str) -> list[Mark]:
    found = []
    for argument in call.args:
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise BadMark(f"{where}: expected ids written out, got {ast.unparse(argument)}")
        found.append(Mark(argument.value, where))
    if not found:
        raise BadMark(f"{where}: expected at least one id")
    return found
