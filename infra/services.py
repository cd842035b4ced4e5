"""What one process was built with: settings, database, and one object per kind of service."""

from __future__ import annotations

from typing import Any, TypeVar

from config.settings import Settings
from infra.db import Database

T = TypeVar("T")


class Services:
    """The parts an entry point put together, found by type."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self._parts: dict[type[Any], Any] = {}

    def add(self, kind: type[T], part: T) -> None:
        """Make `part` the answer to `get(kind)`."""
        self._parts[kind] = part

    def get(self, kind: type[T]) -> T:
        """The part of that kind; LookupError names the kind that this process lacks."""
        if kind not in self._parts:
            raise LookupError(f"this process was started without a {kind.__name__}")
        part: T = self._parts[kind]
        return part

    def has(self, kind: type[Any]) -> bool:
        """Whether this process has a part of that kind."""
        return kind in self._parts
