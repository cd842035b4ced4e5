"""The rows of the carrier's tables, read from `rows/*.toml`.

A file holds tables; each row is `id = "what it says"`, or, where nobody could check it against the
carrier's own pages or packages, `id = { says = "what it says", guess = true }`.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROWS = Path(__file__).parent / "rows"


class BadCatalogue(Exception):
    """A file of rows cannot be used; the text says where and what was expected."""


@dataclass(frozen=True)
class Row:
    """One thing that the carrier does."""

    id: str
    table: str
    says: str
    is_guess: bool = False


def load_rows(folder: Path = ROWS) -> dict[str, Row]:
    """Every row by its id, in the order of the files. Raises BadCatalogue."""
    rows = [row for file in sorted(folder.glob("*.toml")) for row in _rows_of(file)]
    twice = [name for name, times in Counter(row.id for row in rows).items() if times > 1]
    if twice:
        raise BadCatalogue(f"more than one row is called {', '.join(sorted(twice))}")
    return {row.id: row for row in rows}


def _rows_of(file: Path) -> list[Row]:
    try:
        tables = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise BadCatalogue(f"{file.name}: {error}") from error
    found = []
    for table, entries in tables.items():
        if not isinstance(entries, dict):
            raise BadCatalogue(f"{file.name}: {table} stands outside a table")
        found += [_row(f"{file.name}: {name}", name, table, it) for name, it in entries.items()]
    return found


def _row(where: str, name: str, table: str, entry: Any) -> Row:
    if isinstance(entry, str):
        return Row(name, table, entry)
    match entry:
        case {"says": str(says), "guess": bool(guess), **rest} if not rest:
            return Row(name, table, says, guess)
        case {"says": str(says), **rest} if not rest:
            return Row(name, table, says)
    raise BadCatalogue(f'{where}: expected "text" or {{ says = "text", guess = true }}')
