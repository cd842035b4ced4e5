"""Files in a folder of this machine."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from infra.failpoints import failpoint
from infra.files import clear_left_over, write_whole
from infra.storage.base import StorageError, Stored

_CHUNK = 64 * 1024
_KEY = re.compile(r"^[a-z0-9][a-z0-9._/-]{0,200}$")


class LocalStorage:
    """Files in a folder, named by their keys."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """Write it whole and count what is written (reliability 3.1, CA)."""
        target = self._path(key)
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
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise StorageError(f"no file under {key} in {self.root}; fetch it again") from None

    def size(self, key: str) -> int:
        """Its size in bytes; StorageError if there is none."""
        with self.open(key) as file:
            return file.seek(0, io.SEEK_END)

    def sha256(self, key: str) -> str:
        """The SHA-256 of what is kept now, hexadecimal; StorageError if there is none."""
        digest = hashlib.sha256()
        with self.open(key) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    def delete(self, key: str) -> None:
        """Forget a file; a missing one is no error."""
        failpoint("storage.delete.unlink")
        self._path(key).unlink(missing_ok=True)

    def clear_left_over(self, *, older_than_s: float) -> int:
        """Delete what killed writers left half done; returns how many files."""
        return clear_left_over(self.root, older_than_s=older_than_s)

    def _path(self, key: str) -> Path:
        """The file's place, inside the root whatever the key says."""
        if not _KEY.match(key) or ".." in key:
            raise StorageError("expected a key of lower-case letters, digits, '.', '_', '-', '/'")
        return self.root / key
