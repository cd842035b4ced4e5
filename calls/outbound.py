"""Calls that we place: wanted in a transaction, placed by a job, never twice. Nothing commits.

The carrier takes no key of ours that would make a repeated request the same. So an intent is
marked as asked before the carrier is, and one that was asked before is first looked for among the
carrier's calls to that number. Only one call to a number is asked for at a time, so that what is
found there is ours: it began after we asked, and belongs to no other intent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from calls.actions import call_arrived
from calls.life import OutboundState
from calls.models import Call, OutboundCall
from carriers.base import CarrierCall
from carriers.messages import AnsweredBy
from infra.clock import now
from infra.db import find_or_add
from infra.outbox.rows import enqueue

OPEN = (OutboundState.WANTED, OutboundState.ASKED)


def want_call(
    session: Session,
    *,
    key: str,
    to_number: str,
    dialogue: str,
    language: str,
    draft: Mapping[str, Any] | None = None,
) -> OutboundCall:
    """Ask that a call is placed and runs that dialogue; the same key again is the same call."""
    wanted = {
        "key": key,
        "to_number": to_number,
        "dialogue": dialogue,
        "language": language,
        "draft": dict(draft or {}),
    }
    outbound = find_or_add(session, OutboundCall, wanted, find=lambda: _with_key(session, key))
    enqueue(
        session,
        queue="live",
        job="calls.jobs.place_call",
        key=f"place_call:{outbound.id}",
        args=[outbound.id],
    )
    return outbound


def begin_asking(session: Session, outbound: OutboundCall) -> bool:
    """Mark a held intent as asked; False while another call to that number is."""
    if outbound.state == OutboundState.ASKED:
        return True
    try:
        with session.begin_nested():
            outbound.state, outbound.asked_at = OutboundState.ASKED, now()
    except IntegrityError:
        session.refresh(outbound)
        return False
    return True


def is_ours(session: Session, outbound: OutboundCall, theirs: CarrierCall) -> bool:
    """Whether a call to that number, begun since it was asked for, can only be this one."""
    others = select(OutboundCall.id).where(
        OutboundCall.carrier_sid == theirs.sid, OutboundCall.id != outbound.id
    )
    return theirs.direction.startswith("outbound") and session.scalar(others) is None


def placed(session: Session, outbound: OutboundCall, *, carrier_sid: str, our_number: str) -> Call:
    """The carrier has taken a held intent. May be repeated, by a webhook and by the job."""
    outbound.state, outbound.carrier_sid = OutboundState.PLACED, carrier_sid
    call = call_arrived(
        session,
        carrier_sid=carrier_sid,
        from_number=our_number,
        to_number=outbound.to_number,
        direction="outbound-api",
        language=outbound.language,
    )
    if call.turn_count == 0:
        call.dialogue, call.language = outbound.dialogue, outbound.language
        call.draft = call.draft or dict(outbound.draft)
    return call


def answered(outbound: OutboundCall, by: AnsweredBy | None) -> None:
    """Somebody, or something, has taken the call; None: not judged yet."""
    if by is not None:
        outbound.answered_by = by.value


def refused(outbound: OutboundCall) -> None:
    """The carrier will never place a held intent: another number is needed."""
    outbound.state = OutboundState.REFUSED


def locked_outbound(session: Session, outbound_id: int) -> OutboundCall:
    """The intent, fresh and held. Raises LookupError for one that does not exist."""
    found = session.get(OutboundCall, outbound_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise LookupError("no such outbound call in our records")
    return found


def _with_key(session: Session, key: str) -> OutboundCall | None:
    return session.scalar(select(OutboundCall).where(OutboundCall.key == key))
