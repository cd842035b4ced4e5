"""A city's or a language's folder with one wrong thing in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

Change = Callable[[str], str]


def swaps(old: str, new: str) -> Change:
    """Change a text in its first `old`."""
    return lambda text: text.replace(old, new, 1)


def changed_copy(folder: Path, to: Path, file: str, change: Change) -> Path:
    """A copy of `folder` below `to` in which one file is changed."""
    home = to / folder.name
    shutil.copytree(folder, home)
    text = (home / file).read_text()
    assert change(text) != text
    (home / file).write_text(change(text))
    return home
