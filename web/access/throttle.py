"""Slows down guessing: each failed sign-in makes the next one from there wait longer.

Counted by name and address together, so a stranger cannot lock somebody out, and by
address alone, so that trying many names is slow too. A try is counted before its password
is looked at, so many at once do not slip through.
"""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

from sqlalchemy.orm import Session

from infra.clock import now
from web.access.models import FailedSignIn

FREE_TRIES = 3
FREE_TRIES_OF_ADDRESS = 20
FIRST_WAIT_S = 15
LONGEST_WAIT_S = 900
_FORGET_AFTER = timedelta(hours=1)


def begin_try(session: Session, *, username: str, address: str) -> int:
    """Count a try and return 0, or return the seconds until the next one is allowed."""
    rows = [(_row(session, key), free) for key, free in _keys(username, address)]
    left = max((row.next_at - now()).total_seconds() for row, _free in rows)
    if left > 0:
        return math.ceil(left)
    for row, free in rows:
        row.failures += 1
        row.last_at = now()
        row.next_at = now() + timedelta(seconds=_pause_s(row.failures - free))
    return 0


def succeeded(session: Session, *, username: str, address: str) -> None:
    """The right password came: forget this name's tries here, take back the address's one."""
    (own, _), (shared, _) = _keys(username, address)
    row = _row(session, own)
    row.failures, row.next_at = 0, now()
    row = _row(session, shared)
    row.failures, row.next_at = max(0, row.failures - 1), now()


def _row(session: Session, key: str) -> FailedSignIn:
    row = session.get(FailedSignIn, key, with_for_update=True)
    if row is None:
        row = FailedSignIn(key_hash=key, failures=0, last_at=now(), next_at=now())
        session.add(row)
    elif now() - row.last_at > _FORGET_AFTER:
        row.failures = 0
    return row


def _pause_s(over: int) -> int:
    """Nothing for the free tries, then 15 s, and four times as long each time after."""
    return 0 if over <= 0 else min(FIRST_WAIT_S * 4 ** min(over - 1, 8), LONGEST_WAIT_S)


def _keys(username: str, address: str) -> tuple[tuple[str, int], ...]:
    name = username.strip().lower()
    return (
        (_hash(f"{name}\n{address}"), FREE_TRIES),
        (_hash(f"\n{address}"), FREE_TRIES_OF_ADDRESS),
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
