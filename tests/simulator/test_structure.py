"""The simulator's modules import downwards only: no circle, not even for types alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def name_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.AST, known: set[str]) -> Iterator[str]:
    """The modules that are imported anywhere in a module: in functions and for types too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in known else str(node.module)


def circle_in(package: Path) -> list[str]:
    """One circle of imports, first module again last; empty when there is none."""
    root = package.parent
    modules = {name_of(path, root): path for path in package.rglob("*.py")}
    known = set(modules)
    graph = {
        name: {one for one in imported(ast.parse(path.read_text()), known) if one in known}
        for name, path in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_of_imports_in_the_simulator() -> None:
    assert circle_in(ROOT / "simulator") == []


@pytest.mark.parametrize(
    "upward",
    [
        "from toy.high import High",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from toy.high import High",
        "def late():\n    import toy.high",
        "from toy import high",
    ],
)
def test_a_circle_is_found_wherever_its_import_stands(tmp_path: Path, upward: str) -> None:
    package = tmp_path / "toy"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "high.py").write_text("from toy.low import Low\n")
    (package / "low.py").write_text(upward + "\n")
    assert set(circle_in(package)) == {"toy.high", "toy.low"}
