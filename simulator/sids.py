"""Identifiers as Twilio makes them: two letters and 32 hex digits."""

from __future__ import annotations

import secrets

ACCOUNT, CALL, RECORDING, STREAM, QUEUE, MESSAGE = "AC", "CA", "RE", "MZ", "QU", "SM"


def new_sid(prefix: str) -> str:
    """A new identifier: AC account, CA call, RE recording, MZ stream, QU queue, SM message, ..."""
    return prefix + secrets.token_hex(16)
