"""What `make test` runs, and what it ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.__main__ import main

pytestmark = pytest.mark.slow

QUICK = """
import pytest

def test_that_is_quick():
    pass

@pytest.mark.slow
def test_that_is_slow():
    pass

@pytest.mark.slow
@pytest.mark.alone
def test_that_is_alone():
    pass
"""
RED = "def test_that_is_red():\n    assert False\n"


def test_a_piece_is_run_quick_slow_and_alone_without_the_proof(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([_file(tmp_path, QUICK)]) == 0
    said = capfd.readouterr().out
    for name in ("quick", "slow", "alone"):
        assert said.count(f"test_that_is_{name}") == 1
    stages = [line.split()[-1] for line in said.splitlines()[-4:]]
    assert stages == ["quick", "slow", "alone", "all"]


def test_a_red_stage_is_the_last_and_its_status_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([_file(tmp_path, RED)]) == 1
    said = capfd.readouterr().out
    assert [line.split()[-1] for line in said.splitlines()[-2:]] == ["quick", "all"]


def _file(folder: Path, text: str) -> str:
    file = folder / "test_it.py"
    file.write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow: of a test\n    alone: too\n")
    return str(file)
