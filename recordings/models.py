"""Tables of the archive: recordings, their transcripts, who listened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from infra.clock import now
from infra.db import Base, UtcDateTime
from recordings.life import State

WAV = "audio/wav"
"""Type of the carrier's own file, which we keep until its words are known."""


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
    state: Mapped[str] = mapped_column(String(20), default=State.ANNOUNCED)
    channels: Mapped[int] = mapped_column(default=1)
    """Two: the caller first, the line and the agent second."""
    announced_s: Mapped[float | None] = mapped_column()
    duration_s: Mapped[float | None] = mapped_column()
    storage_key: Mapped[str | None] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(40), default=WAV)
    size: Mapped[int | None] = mapped_column()
    sha256: Mapped[str | None] = mapped_column(String(64))
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the carrier's own file, before compression."""
    peaks: Mapped[list[Any] | None] = mapped_column(JSON)
    """Waveform per channel for the player: the loudest of each slice, 0..1."""
    text: Mapped[str] = mapped_column(Text, default="")
    """Everything understood, in the order it was said: what a search looks through."""
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    """Since when we try to fetch it; a person who asks again starts this anew."""
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
    """`caller`, `line` (the machine) or `agent` (a person on the line's side)."""
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
    sign_in_id: Mapped[int | None] = mapped_column()
    """The browser that may have the sound; not a key, sign-ins are forgotten sooner."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    open_until: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    """The link to the sound works until then; the open page moves it on."""
