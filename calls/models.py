"""Tables of the line: calls, their legs, turns and utterances, and the carrier's events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from calls.life import OutboundState, TurnSoundState
from infra.clock import now
from infra.db import Base, UtcDateTime

_ASKED = text(f"state = '{OutboundState.ASKED}'")


class Call(Base):
    """One telephone call, from ring to hang-up; the dialogue's place and draft live here."""

    __tablename__ = "call"

    id: Mapped[int] = mapped_column(primary_key=True)
    carrier_sid: Mapped[str] = mapped_column(String(40), unique=True)
    from_number: Mapped[str] = mapped_column(String(40), default="")
    to_number: Mapped[str] = mapped_column(String(40), default="")
    direction: Mapped[str] = mapped_column(String(20), default="inbound")
    status: Mapped[str] = mapped_column(String(20), default="ringing")
    language: Mapped[str] = mapped_column(String(10), default="en")
    dialogue: Mapped[str] = mapped_column(String(40), default="hotline")
    """Name of the dialogue that the call runs (`ivr.registry`)."""
    mode: Mapped[str] = mapped_column(String(10), default="stream")
    """`stream` (media socket) or `turn` (a document for each turn)."""
    stream_token: Mapped[str | None] = mapped_column(String(64))
    """One-time token that lets a media socket speak for this call."""
    place: Mapped[str] = mapped_column(String(60), default="")
    """State of the dialogue that the caller is in."""
    failures: Mapped[int] = mapped_column(default=0)
    """Tries in a row that failed at the present question."""
    draft: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What is understood so far: see `ivr.dialogues.slot_filling`."""
    turn_count: Mapped[int] = mapped_column(default=0)
    spoken_turn: Mapped[int] = mapped_column(default=0)
    """Next turn after the last reply whose words the caller heard to their end."""
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When everything that follows from the end of the call had been set going."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    duration_s: Mapped[int | None] = mapped_column()
    reconciled: Mapped[bool] = mapped_column(default=False)
    """True when the carrier's list, not a webhook, told us of this call."""

    @property
    def caller_number(self) -> str:
        """The number of the one whom the call is about, whoever dialled."""
        return self.from_number if self.direction == "inbound" else self.to_number


class Leg(Base):
    """One telephone on a call, for as long as it was on it."""

    __tablename__ = "leg"
    __table_args__ = (Index("ix_leg_call", "call_id", "party"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"))
    carrier_sid: Mapped[str] = mapped_column(String(40), unique=True)
    party: Mapped[str] = mapped_column(String(12))
    """See `calls.legs.Party`."""
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who of ours it was: an agent, a supervisor."""
    number: Mapped[str] = mapped_column(String(40), default="")
    rang_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OutboundCall(Base):
    """A call that we are to place: the intent, committed before the carrier is asked."""

    __tablename__ = "outbound_call"
    __table_args__ = (
        Index(
            "ux_outbound_call_one_asked_per_number",
            "to_number",
            unique=True,
            sqlite_where=_ASKED,
            postgresql_where=_ASKED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    """What makes it the same call again for whoever wants it."""
    to_number: Mapped[str] = mapped_column(String(40))
    dialogue: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(10))
    draft: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the dialogue knows as it begins."""
    state: Mapped[str] = mapped_column(String(10), default=OutboundState.WANTED)
    carrier_sid: Mapped[str | None] = mapped_column(String(40), unique=True)
    answered_by: Mapped[str] = mapped_column(String(10), default="")
    """See `carriers.messages.AnsweredBy`; empty while that is not known."""
    wanted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Turn(Base):
    """One step of the dialogue: what was heard and the answer, stored for repetition."""

    __tablename__ = "turn"
    __table_args__ = (UniqueConstraint("call_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), index=True)
    number: Mapped[int] = mapped_column()
    place: Mapped[str] = mapped_column(String(60))
    """State in which the caller was asked."""
    heard: Mapped[dict[str, Any]] = mapped_column(JSON)
    reply: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Utterance(Base):
    """One thing said on a call, in order: the live transcript that an agent sees."""

    __tablename__ = "utterance"
    __table_args__ = (Index("ix_utterance_call", "call_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"))
    speaker: Mapped[str] = mapped_column(String(10))
    """`caller`, `line` (the machine) or `agent`."""
    text: Mapped[str] = mapped_column(Text)
    keys: Mapped[str] = mapped_column(String(40), default="")
    """Keys pressed instead of words."""
    confidence: Mapped[float | None] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class CallEvent(Base):
    """One message of the carrier, append only, with the answer it got (EV and RP)."""

    __tablename__ = "call_event"
    __table_args__ = (UniqueConstraint("carrier_sid", "event_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    carrier_sid: Mapped[str] = mapped_column(String(40))
    event_key: Mapped[str] = mapped_column(String(200))
    """Route and turn, sequence number or status: what makes the message the same again."""
    route: Mapped[str] = mapped_column(String(80))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    answer_type: Mapped[str] = mapped_column(String(60), default="text/xml; charset=utf-8")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class TurnSound(Base):
    """One spoken answer in turn mode: recorded by the carrier, recognised by a job."""

    __tablename__ = "turn_sound"
    __table_args__ = (UniqueConstraint("call_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"))
    number: Mapped[int] = mapped_column()
    recording_sid: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default=TurnSoundState.WAITING)
    text: Mapped[str] = mapped_column(Text, default="")
    confidence: Mapped[float] = mapped_column(default=0.0)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
