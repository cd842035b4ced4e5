"""The time. Every reader of the wall clock in Swiftline goes through `now()`."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, UTC."""
    return datetime.now(UTC)
