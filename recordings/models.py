"""Tables of the archive: recordings, their transcripts, who listened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from infra.clock import now
from infra.db import Base, UtcDateTime


class Recording(Base):
    """One recording at the carrier and our copy of it: see `recordings.life`."""

    __tablename__ = "recording"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    """Random id for addresses of pages and sound."""
    carrier_sid: Mapped[str] = mapped_column(String(40), unique=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"), index=True)
    call_sid: Mapped[str] = mapped_column(String(40), default="")
    purpose: Mapped[str] = mapped_column(String(20), default="call")
    """`call` (the whole call), `message` (left after the tone) or `turn` (one answer)."""
    state: Mapped[str] = mapped_column(String(20), default="announced")
    channels: Mapped[int] = mapped_column(default=1)
    """Two: the caller first, the line and the agent second."""
    announced_s: Mapped[float | None] = mapped_column()
    duration_s: Mapped[float | None] = mapped_column()
    storage_key: Mapped[str | None] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(40), default="audio/wav")
    size: Mapped[int | None] = mapped_column()
    sha256: Mapped[str | None] = mapped_column(String(64))
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the carrier's own file, before compression."""
    peaks: Mapped[list[Any] | None] = mapped_column(JSON)
    """Waveform per channel for the player: values in -1..1."""
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    stored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    transcribed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TranscriptWord(Base):
    """One recognised word of a recording."""

    __tablename__ = "transcript_word"
    __table_args__ = (Index("ix_word_recording", "recording_id", "start_s"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recording.id"))
    channel: Mapped[int] = mapped_column()
    speaker: Mapped[str] = mapped_column(String(10))
    """`caller` or `line` (the machine, or the agent once one talks)."""
    word: Mapped[str] = mapped_column(String(80))
    start_s: Mapped[float] = mapped_column()
    end_s: Mapped[float] = mapped_column()
    confidence: Mapped[float] = mapped_column()


class Listening(Base):
    """Who opened which recording, and when: append only."""

    __tablename__ = "listening"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recording.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
