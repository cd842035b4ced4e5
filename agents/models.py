"""Tables of the desk: who is there, which caller waits for a person, who was asked."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, TextClause, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from agents import presence
from agents.handovers.life import OPEN, OfferState, State
from infra.clock import now
from infra.db import Base, UtcDateTime


def _in_state(*states: StrEnum) -> TextClause:
    """The rows that a partial index is about."""
    if len(states) == 1:
        return text(f"state = '{states[0]}'")
    return text(f"state IN ({', '.join(repr(str(state)) for state in states)})")


class Presence(Base):
    """An agent's state: see `agents.presence`."""

    __tablename__ = "presence"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), default=presence.State.AWAY)
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    """Last sign of life of the desk page."""
    missed: Mapped[int] = mapped_column(default=0)
    """Offers missed in a row; two make the agent away."""
    after: Mapped[str] = mapped_column(String(20), default=presence.State.READY)
    """State to return to once the wrap-up after a call is over: `ready` or `away`."""
    extended: Mapped[bool] = mapped_column(default=False)
    """The wrap-up time was lengthened once already."""
    away_because: Mapped[str] = mapped_column(String(20), default="")
    """Why the line, not the agent, made them away: `missed`, `silent` or `cut_off`."""


class Handover(Base):
    """One round of a caller with people: the wait for an agent, the conversation, its end.

    A caller who has to wait again, for whatever reason, begins the next round, a row of its own;
    rounds that are over stay as they ended.
    """

    __tablename__ = "handover"
    __table_args__ = (
        UniqueConstraint("call_id", "round"),
        Index(
            "ux_handover_one_open_per_call",
            "call_id",
            unique=True,
            sqlite_where=_in_state(*OPEN),
            postgresql_where=_in_state(*OPEN),
        ),
        Index(
            "ux_handover_one_per_agent",
            "staff_id",
            unique=True,
            sqlite_where=_in_state(State.IN_CONVERSATION),
            postgresql_where=_in_state(State.IN_CONVERSATION),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"))
    round: Mapped[int] = mapped_column(default=1)
    """Counts the times this caller began to wait, from 1."""
    queue: Mapped[str] = mapped_column(String(40), default="general")
    reason: Mapped[str] = mapped_column(String(40), default="asked")
    """`asked`, `not_understood`, `emergency` or `trouble`."""
    priority: Mapped[int] = mapped_column(default=0)
    """Higher is sooner: an emergency, a caller whose agent was lost."""
    state: Mapped[str] = mapped_column(String(20), default=State.WAITING)
    """See `agents.handovers.life.State`."""
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who talks or talked; while the caller waits, who was cut off from them and may reconnect."""
    leg_sid: Mapped[str | None] = mapped_column(String(40))
    """The agent's own leg at the carrier."""
    draft: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """The agent's ticket draft, kept while they type; the next round begins with it."""
    waiting_since: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the agent took the caller."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(10))
    """`agent` or `caller`; none while it is open, and where neither hung up."""
    report_number: Mapped[str | None] = mapped_column(String(20))
    """Number of the report that an agent filed from the draft, in this round or before."""


class Offer(Base):
    """A waiting caller ringing at one agent."""

    __tablename__ = "offer"
    __table_args__ = (
        Index(
            "ux_offer_one_open_per_handover",
            "handover_id",
            unique=True,
            sqlite_where=_in_state(OfferState.RINGING),
            postgresql_where=_in_state(OfferState.RINGING),
        ),
        Index(
            "ux_offer_one_open_per_agent",
            "staff_id",
            unique=True,
            sqlite_where=_in_state(OfferState.RINGING),
            postgresql_where=_in_state(OfferState.RINGING),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default=OfferState.RINGING)
    """See `agents.handovers.life.OfferState`."""
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
