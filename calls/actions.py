"""What may be changed about calls. Actions take a session and never commit."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from calls import legs
from calls.models import Call, Utterance
from carriers.messages import ENDED
from infra.clock import now
from infra.db import find_or_add
from infra.events import publish

_TOKEN_S = 60
_MOST_IN_A_QUERY = 500
_LONGEST_ADDRESS = 40
"""Enough for every number; of an address of another kind the rest is left out."""


def call_arrived(
    session: Session,
    *,
    carrier_sid: str,
    from_number: str,
    to_number: str,
    direction: str,
    language: str,
) -> Call:
    """The call of that carrier id, made if it is new; also when two hear of it at once."""
    known = find_call(session, carrier_sid)
    if known is not None:
        return known
    arrived = {
        "carrier_sid": carrier_sid,
        "from_number": from_number[:_LONGEST_ADDRESS],
        "to_number": to_number[:_LONGEST_ADDRESS],
        "direction": direction,
        "language": language,
        "status": "in-progress",
        "draft": {},
    }
    call = find_or_add(session, Call, arrived, find=lambda: find_call(session, carrier_sid))
    legs.join(
        session,
        call_id=call.id,
        carrier_sid=carrier_sid,
        party=legs.Party.CALLER,
        number=call.caller_number,
        answered_at=call.started_at if direction == "inbound" else None,
    )
    return call


def find_call(session: Session, carrier_sid: str) -> Call | None:
    """The call of that carrier id."""
    return session.scalar(select(Call).where(Call.carrier_sid == carrier_sid))


def ended_by_sid(session: Session, carrier_sids: Sequence[str]) -> dict[str, bool]:
    """Of those calls the ones in our records, and whether each is over there."""
    found: dict[str, bool] = {}
    for begin in range(0, len(carrier_sids), _MOST_IN_A_QUERY):
        some = carrier_sids[begin : begin + _MOST_IN_A_QUERY]
        rows = session.execute(
            select(Call.carrier_sid, Call.ended_at).where(Call.carrier_sid.in_(some))
        )
        found.update((sid, ended_at is not None) for sid, ended_at in rows)
    return found


def locked_call(session: Session, carrier_sid: str) -> Call:
    """The call, held by this transaction until its end; LookupError when unknown."""
    call = session.scalar(select(Call).where(Call.carrier_sid == carrier_sid).with_for_update())
    if call is None:
        raise LookupError("no such call in our records")
    return call


def new_stream_token(call: Call) -> str:
    """A one-time token with which a media socket may speak for this call."""
    call.stream_token = f"{int(now().timestamp())}.{secrets.token_urlsafe(24)}"
    return call.stream_token


def use_stream_token(session: Session, carrier_sid: str, token: str) -> bool:
    """Whether a media socket may speak for the call: once, and within a minute."""
    call = session.scalar(select(Call).where(Call.carrier_sid == carrier_sid).with_for_update())
    if call is None or not call.stream_token or not token:
        return False
    if not hmac.compare_digest(call.stream_token.encode(), token.encode()):
        return False
    issued = int(call.stream_token.partition(".")[0])
    call.stream_token = None
    return now().timestamp() - issued <= _TOKEN_S


def say(
    session: Session,
    *,
    call_id: int,
    speaker: str,
    text: str,
    keys: str = "",
    confidence: float | None = None,
) -> None:
    """Add one utterance to the call's live transcript."""
    if not text and not keys:
        return
    session.add(
        Utterance(call_id=call_id, speaker=speaker, text=text, keys=keys, confidence=confidence)
    )
    publish(session, "call", call_id)


def end_call(
    session: Session, call: Call, *, status: str, duration_s: int | None, at: datetime | None = None
) -> bool:
    """Note that a call is over; False when that was known. States only move forward."""
    if status not in ENDED or call.ended_at is not None:
        return False
    call.status = status
    call.duration_s = duration_s
    call.ended_at = at or now()
    call.stream_token = None
    legs.leave_all(session, call.id, at=call.ended_at)
    publish(session, "call", call.id)
    return True
