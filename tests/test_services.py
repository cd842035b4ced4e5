"""Every process knows every table, whichever pages or jobs it loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SORTED = "from infra.db import Base; print(len(Base.metadata.sorted_tables))"


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["ops.worker", "ops.streams", "app"])
def test_an_entry_point_can_resolve_every_foreign_key(entry: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", f"import {entry}; {SORTED}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-800:]
    assert int(ran.stdout) >= 20
