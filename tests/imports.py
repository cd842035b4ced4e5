"""What a module imports, read from its text."""

from __future__ import annotations

import ast
from pathlib import Path


def packages_imported_by(module: Path) -> set[str]:
    """The top-level packages that a module imports, at whatever place in it."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
