"""Files by key. A storage has no paths: what it keeps may be encrypted, or on another machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Protocol


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
        """Open a kept file for reading and seeking; StorageError if there is none."""

    def size(self, key: str) -> int:
        """Its size in bytes; StorageError if there is none."""

    def sha256(self, key: str) -> str:
        """The SHA-256 of what is kept now, hexadecimal; StorageError if there is none."""

    def delete(self, key: str) -> None:
        """Forget a file; a missing one is no error."""

    def clear_left_over(self, *, older_than_s: float) -> int:
        """Delete what killed writers left half done; returns how many files."""
