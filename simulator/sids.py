"""Identifiers as Twilio makes them: two letters and 32 hex digits."""

from __future__ import annotations

import random
import secrets
import uuid

ACCOUNT, CALL, RECORDING, STREAM, QUEUE, MESSAGE = "AC", "CA", "RE", "MZ", "QU", "SM"
CONFERENCE, NUMBER, APPLICATION, TRANSCRIPTION = "CF", "PN", "AP", "TR"
MULTIMEDIA, MEDIA, SESSION, LIVE_TRANSCRIPTION = "MM", "ME", "VX", "GT"

_seeded: list[random.Random] = []


def draw_from(seed: int | None) -> None:
    """Let the whole process draw its identifiers from a seed; None: from the system again."""
    _seeded[:] = [] if seed is None else [random.Random(seed)]


def new_sid(prefix: str) -> str:
    """A new identifier: AC account, CA call, RE recording, MZ stream, QU queue, SM message, ..."""
    return prefix + _bits().to_bytes(16).hex()


def new_token() -> str:
    """A new idempotency token: a UUID."""
    return str(uuid.UUID(int=_bits(), version=4))


def _bits() -> int:
    return _seeded[0].getrandbits(128) if _seeded else secrets.randbits(128)
