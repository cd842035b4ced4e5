"""What is imported is declared, and what is declared is imported."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.imports import packages_imported_by

ROOT = Path(__file__).resolve().parents[1]
OURS = {found.parent.name for found in ROOT.glob("*/__init__.py")} | {"app", "wsgi"}
FOR_DEVELOPERS = {"bench", "tests"}
NOT_IMPORTED = {
    "audioop-lts": "pydub needs it where Python has no audioop any more",
    "gunicorn": "a program; its settings are ops/gunicorn.py",
    "psycopg": "SQLAlchemy imports it by the address of the database",
}
OPTIONAL = {"matplotlib": "draws pictures of a load test where it is installed"}


def name_of(distribution: str) -> str:
    """A distribution's name as packaging compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def imported() -> set[str]:
    """Distributions that the line and the simulator import, at whatever place."""
    owners = packages_distributions()
    found = set()
    for package in (OURS - FOR_DEVELOPERS) - {"app", "wsgi"}:
        for module in (ROOT / package).rglob("*.py"):
            for name in packages_imported_by(module) - set(sys.stdlib_module_names) - OURS:
                found |= {name_of(owner) for owner in owners.get(name, [name])}
    return found


def declared() -> set[str]:
    """Distributions in requirements.in."""
    lines = (ROOT / "requirements.in").read_text().splitlines()
    names = (re.split(r"[\[=<>! ;]", line)[0] for line in lines if not line.startswith("#"))
    return {name_of(name) for name in names if name}


def test_what_is_imported_is_declared() -> None:
    assert imported() - declared() - set(OPTIONAL) == set()


def test_what_is_declared_is_imported() -> None:
    assert declared() - imported() - set(NOT_IMPORTED) == set()
