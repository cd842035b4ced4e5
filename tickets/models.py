"""Tables of what the city owes the caller: reports, tickets, their history, receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from infra.clock import now
from infra.db import Base, UtcDateTime
from tickets.life import ReceiptState, State


class TicketNumber(Base):
    """The counter behind ticket numbers: one row is one number taken, never given again."""

    __tablename__ = "ticket_number"

    id: Mapped[int] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Report(Base):
    """What a caller said is wrong, committed in the turn of "yes, that is right"."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    """Reserved when filed, so that it can be spoken: digits with a check digit."""
    source_key: Mapped[str] = mapped_column(String(80), unique=True)
    """What makes it the same report again: `call:7`, `call:7:message`, `desk:12`."""
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"), index=True)
    source: Mapped[str] = mapped_column(String(20))
    """`voice`, `keys`, `message`, `cut_off` or `agent`."""
    language: Mapped[str] = mapped_column(String(10), default="en")
    caller_number: Mapped[str] = mapped_column(String(40), default="")
    problem_text: Mapped[str] = mapped_column(Text, default="")
    """The caller's own words about what is wrong."""
    category: Mapped[str | None] = mapped_column(String(40))
    category_score: Mapped[float | None] = mapped_column()
    place: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """address, house_number, street, district, lat, lon, score (`places.in_words`)."""
    place_text: Mapped[str] = mapped_column(Text, default="")
    confirmed: Mapped[bool] = mapped_column(default=False)
    """The caller said that the read-back is right."""
    recording_sid: Mapped[str | None] = mapped_column(String(40))
    """A message left after the tone, when that is the report."""
    emergency: Mapped[str | None] = mapped_column(String(40))
    """Kind of danger the caller told of (`tickets.emergencies.kinds`); none in ordinary matters."""
    looked_into: Mapped[bool] = mapped_column(default=False)
    """The words of a message were searched for an emergency."""
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Ticket(Base):
    """A piece of work that one department must do by a deadline."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_inbox", "department", "state", "deadline_at"),
        Index("ix_ticket_emergency", "emergency", "alarm_taken_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), unique=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default=State.TRIAGE)
    """See `tickets.life`."""
    category: Mapped[str | None] = mapped_column(String(40))
    department: Mapped[str | None] = mapped_column(String(40))
    district: Mapped[str | None] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(200), default="")
    lat: Mapped[float | None] = mapped_column()
    lon: Mapped[float | None] = mapped_column()
    summary: Mapped[str] = mapped_column(Text, default="")
    triage_reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Why a person must look: `no_category`, `no_place`, `uncertain_place`, ..."""
    priority: Mapped[str] = mapped_column(String(20), default="ordinary")
    deadline_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    emergency: Mapped[str | None] = mapped_column(String(40))
    """As its report's."""
    alarm_taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When somebody acknowledged the emergency; its history says who."""
    called_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When somebody had called back the person in danger."""
    version: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class TicketEvent(Base):
    """One thing that happened to a ticket: append only."""

    __tablename__ = "ticket_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    action: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(60))
    """`line`, `staff:7` or `job`."""
    note: Mapped[str] = mapped_column(Text, default="")
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Receipt(Base):
    """The text message that tells a caller the number: an intent first, then what became of it."""

    __tablename__ = "receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), unique=True)
    to_number: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), default=ReceiptState.SENDING)
    carrier_sid: Mapped[str | None] = mapped_column(String(40))
    error_code: Mapped[str | None] = mapped_column(String(20))
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
