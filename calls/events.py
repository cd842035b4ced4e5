"""The carrier's messages, each kept once with the answer it got (EV and RP)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from calls.models import CallEvent
from carriers.base import Document
from infra.db import Database, add_once

_LONGEST_FIELD = 2000


def answer_once(
    database: Database,
    *,
    carrier_sid: str,
    key: str,
    route: str,
    fields: Mapping[str, str],
    answer: Callable[[Session], Document],
) -> Document:
    """The answer to a carrier's message: made once, in the transaction that keeps it.

    The same message again, also at the same moment, gets the first answer byte for byte.
    """
    kept = {
        "carrier_sid": carrier_sid,
        "event_key": _short(key),
        "route": route,
        "fields": {name: text[:_LONGEST_FIELD] for name, text in fields.items()},
    }
    with database.transaction(f"webhooks{route.replace('/', '.')}") as session:
        known = _known(session, carrier_sid, key)
        if known is not None:
            return known
        event = add_once(session, CallEvent, kept)
        if event is None:
            return _answered_meanwhile(session, carrier_sid, key)
        document = answer(session)
        event.answer, event.answer_type = document.text.encode(), document.content_type
        return document


def has_event(session: Session, carrier_sid: str, key: str) -> bool:
    """Whether a message of that key has been answered."""
    return _known(session, carrier_sid, key) is not None


def _known(session: Session, carrier_sid: str, key: str) -> Document | None:
    stored = session.execute(
        select(CallEvent.answer, CallEvent.answer_type).where(
            CallEvent.carrier_sid == carrier_sid, CallEvent.event_key == _short(key)
        )
    ).one_or_none()
    if stored is None or stored.answer is None:
        return None
    return Document(stored.answer.decode(), stored.answer_type)


def _answered_meanwhile(session: Session, carrier_sid: str, key: str) -> Document:
    """What another transaction answered: to keep the event, this one waited for its end."""
    known = _known(session, carrier_sid, key)
    if known is None:
        raise LookupError(f"message {key} is kept without an answer")
    return known


def _short(key: str) -> str:
    """A key that fits its column and stays unique."""
    if len(key) <= 200:
        return key
    return key[:130] + ":" + hashlib.sha256(key.encode()).hexdigest()
