"""Files are whole or not there, and what a killed writer left is cleared away."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import failpoints
from infra.files import clear_left_over, write_whole

STEPS = ("file.fsync", "file.rename")


@pytest.fixture(autouse=True)
def unarmed() -> Iterator[None]:
    yield
    failpoints.disarm()


@pytest.mark.parametrize("step", STEPS)
def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, step: str) -> None:
    target = tmp_path / "kept"
    write_whole(target, (b"old",), name="file")
    failpoints.arm(step, failpoints.disk_full)
    with pytest.raises(OSError, match="No space"):
        write_whole(target, (b"new",), name="file")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"kept": b"old"}


def test_a_source_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("no more")

    write_whole(tmp_path / "kept", (b"old",), name="file")
    with pytest.raises(ValueError, match="no more"):
        write_whole(tmp_path / "kept", broken(), name="file")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize("step", STEPS)
def test_what_a_killed_writer_left_is_cleared_once_it_is_old(tmp_path: Path, step: str) -> None:
    (tmp_path / "2026").mkdir()
    pid = os.fork()
    if not pid:
        failpoints.arm(step, failpoints.kill)
        write_whole(tmp_path / "2026" / "kept", (b"half",), name="file")
        os._exit(0)
    os.waitpid(pid, 0)
    (left,) = (tmp_path / "2026").iterdir()
    assert clear_left_over(tmp_path, older_than_s=3600) == 0, "its writer may still be at work"
    long_ago = time.time() - 7200
    os.utime(left, (long_ago, long_ago))
    (tmp_path / "2026" / "other").write_bytes(b"kept")
    os.utime(tmp_path / "2026" / "other", (long_ago, long_ago))
    assert clear_left_over(tmp_path, older_than_s=3600) == 1
    assert [path.name for path in (tmp_path / "2026").iterdir()] == ["other"]
