"""Files that are there whole or not at all, through a crash and through a cut of the power."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from infra.failpoints import failpoint

_UNFINISHED = ".part-"


def write_whole(target: Path, chunks: Iterable[bytes], *, name: str) -> None:
    """Put a file in place, readable by its owner: write beside it, fsync, rename, fsync the folder.

    `name` is the place for failpoints. Raises OSError when the disk does not take it, and
    whatever `chunks` raises; then an older file of that name stays as it was.
    """
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=_UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            failpoint(f"{name}.fsync")
            os.fsync(file.fileno())
        failpoint(f"{name}.rename")
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    failpoint(f"{name}.fsync_folder")
    sync_folder(target.parent)
    failpoint(f"{name}.kept")


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_left_over(folder: Path, *, older_than_s: float) -> int:
    """Delete what killed writers left below a folder; returns how many files.

    A file younger than `older_than_s` may still be written and stays.
    """
    oldest, cleared = time.time() - older_than_s, 0
    for left in folder.rglob(f"{_UNFINISHED}*"):
        if left.is_file() and left.stat().st_mtime < oldest:
            failpoint("files.clear_left_over.unlink")
            left.unlink(missing_ok=True)
            cleared += 1
    return cleared
