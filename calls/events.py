"""The carrier's messages, each kept once with the answer it got (EV and RP)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from calls.models import CallEvent
from infra.db import Database

_SID = re.compile(r"^[A-Z]{2}[0-9a-f]{32}$")
_LONGEST_FIELD = 2000


class NotASid(ValueError):
    """A field that must be a carrier id has another shape."""


def checked_sid(value: str, prefix: str = "CA") -> str:
    """`value` if it is a carrier id of that kind; NotASid otherwise."""
    if not _SID.match(value) or not value.startswith(prefix):
        raise NotASid(f"expected {prefix} and 32 hexadecimal digits")
    return value


def answer_once(
    database: Database,
    *,
    carrier_sid: str,
    key: str,
    route: str,
    fields: Mapping[str, str],
    answer: Callable[[Session], str],
) -> str:
    """The answer to a carrier's message: made once, in the transaction that keeps it.

    The same message again, also at the same moment, gets the first answer byte for byte.
    """
    try:
        with database.transaction(f"webhooks{route.replace('/', '.')}") as session:
            known = _known(session, carrier_sid, key)
            if known is not None:
                return known
            event = CallEvent(
                carrier_sid=carrier_sid,
                event_key=_short(key),
                route=route,
                fields={name: text[:_LONGEST_FIELD] for name, text in fields.items()},
            )
            session.add(event)
            session.flush()
            document = answer(session)
            event.answer = document.encode()
            return document
    except IntegrityError:
        with database.read() as session:
            known = _known(session, carrier_sid, key)
        if known is None:
            raise
        return known


def has_event(session: Session, carrier_sid: str, key: str) -> bool:
    """Whether a message of that key has been answered."""
    return _known(session, carrier_sid, key) is not None


def _known(session: Session, carrier_sid: str, key: str) -> str | None:
    stored = session.scalar(
        select(CallEvent.answer).where(
            CallEvent.carrier_sid == carrier_sid, CallEvent.event_key == _short(key)
        )
    )
    return stored.decode() if stored is not None else None


def _short(key: str) -> str:
    """A key that fits its column and stays unique."""
    if len(key) <= 200:
        return key
    return key[:130] + ":" + hashlib.sha256(key.encode()).hexdigest()
