"""Files by key. The local folder is the default; others keep the same four verbs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from infra.failpoints import failpoint
from infra.files import clear_left_over, write_whole

_KEY = re.compile(r"^[a-z0-9][a-z0-9._/-]{0,200}$")


class StorageError(Exception):
    """A file could not be kept or found; the text says which key and why."""


@dataclass(frozen=True)
class Stored:
    """What was written: its size in bytes and its SHA-256, hexadecimal."""

    key: str
    size: int
    sha256: str


class Storage(Protocol):
    """Where recordings are kept."""

    def put(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """Keep a file whole or not at all; an older file of that key is replaced."""

    def open(self, key: str) -> BinaryIO:
        """Open a kept file for reading."""

    def path(self, key: str) -> Path:
        """A local path to the file, for libraries that want one."""

    def delete(self, key: str) -> None:
        """Forget a file; a missing one is no error."""

    def clear_left_over(self, *, older_than_s: float) -> int:
        """Delete what killed writers left half done; returns how many files."""


class LocalStorage:
    """Files in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """Write it whole and count what is written (reliability 3.1, CA)."""
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                yield chunk

        write_whole(target, counted(), name="storage.put")
        return Stored(key, size, digest.hexdigest())

    def open(self, key: str) -> BinaryIO:
        """Open a kept file for reading; StorageError if there is none."""
        try:
            return self.path(key).open("rb")
        except FileNotFoundError:
            raise StorageError(f"no file under {key} in {self.root}; fetch it again") from None

    def path(self, key: str) -> Path:
        """The file's place, inside the root whatever the key says."""
        if not _KEY.match(key) or ".." in key:
            raise StorageError("expected a key of lower-case letters, digits, '.', '_', '-', '/'")
        return self.root / key

    def delete(self, key: str) -> None:
        """Forget a file; a missing one is no error."""
        failpoint("storage.delete.unlink")
        self.path(key).unlink(missing_ok=True)

    def clear_left_over(self, *, older_than_s: float) -> int:
        """Delete what killed writers left half done; returns how many files."""
        return clear_left_over(self.root, older_than_s=older_than_s)
