"""The folder of an instance's recordings, spoken sentences and, of the door, private keys.

By default it is the user's own (XDG Base Directory Specification, XDG_STATE_HOME). Where there is
no home to write to, it stands in the temporary folder, which everybody may write to: so whose it is
is looked at before anything is put there.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

_NAME = "phone-simulator"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class NotPrivate(Exception):
    """The folder may be read or written by others; the text says what to do."""


def default_folder() -> Path:
    """Where nothing else is said: a folder of the user's alone."""
    state = os.environ.get("XDG_STATE_HOME", "")
    home = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    if _may_write(home):
        return home / _NAME
    return Path(tempfile.gettempdir()) / f"{_NAME}-{os.getuid()}"


def make_private(folder: Path) -> None:
    """Make the default folder, for its owner alone. May be repeated. Raises NotPrivate."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise NotPrivate(f"{folder} cannot be made ({error.strerror}); give --data-dir") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise NotPrivate(f"{folder} belongs to somebody else; give --data-dir")
    if found.st_mode & _OTHERS:
        folder.chmod(0o700)


def _may_write(folder: Path) -> bool:
    """Whether a folder, or the nearest one above it that exists, may be written to."""
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    return os.access(there, os.W_OK)
