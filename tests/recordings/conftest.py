"""A carrier that has what a test puts into it, and a worker to do the work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from asr.models.pool import Models
from asr.words import Heard, Word
from carriers.base import Carrier, CarrierError, NotThereYet
from carriers.messages import CarrierRecording
from config.settings import Settings
from infra.clock import now
from infra.db import Database
from infra.outbox.rows import Outbox
from infra.outbox.work import work
from infra.services import Services
from infra.storage.base import Storage
from infra.storage.local import LocalStorage

SID = "RE" + "1" * 32
CALL_SID = "CA" + "1" * 32
TOLD: dict[str, Any] = {
    "carrier_sid": SID,
    "call_sid": CALL_SID,
    "purpose": "call",
    "status": "completed",
    "channels": 2,
    "duration_s": 4,
}
"""What the carrier says of a recording of the call."""


@dataclass
class FakeCarrier:
    """Holds recordings by id: bytes, a stream of pieces, or an error to raise."""

    bodies: dict[str, bytes | Iterable[bytes] | CarrierError] = field(default_factory=dict)
    records: list[CarrierRecording] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    """Calls whose recordings it does not tell just now."""

    def download_recording(self, sid: str) -> Iterator[bytes]:
        self.asked.append(sid)
        body = self.bodies.get(sid, NotThereYet("not there yet"))
        if isinstance(body, CarrierError):
            raise body
        if isinstance(body, bytes):
            yield from (body[at : at + 4096] for at in range(0, len(body), 4096))
        else:
            yield from body

    def recordings(self, *, since: datetime) -> list[CarrierRecording]:
        return [r for r in self.records if r.started_at is None or r.started_at >= since]

    def recordings_of(self, call_sid: str) -> list[CarrierRecording]:
        self.asked.append(call_sid)
        if call_sid in self.refuses:
            raise CarrierError("the carrier answered 500", permanent=False)
        return [recording for recording in self.records if recording.call_sid == call_sid]


class FakeRecogniser:
    """Hears one word for each second of sound: which one depends on the speaker's pitch."""

    rate = 8000

    def __init__(self) -> None:
        self._heard: list[np.ndarray] = []

    def begin(self, grammar: tuple[str, ...] = ()) -> None:
        self._heard = []

    def feed(self, pcm: np.ndarray) -> None:
        self._heard.append(pcm)

    def end(self) -> Heard:
        pcm = np.concatenate(self._heard).astype(float)
        pitch = np.abs(np.fft.rfft(pcm))[: len(pcm) // 20].argmax() * self.rate / len(pcm)
        name = "pothole" if pitch < 155 else "address"
        seconds = np.arange(int(len(pcm) / self.rate))
        words = tuple(
            Word(f"{name}{int(s)}", s + 0.3, s + 0.8, 0.95 if s % 2 else 0.4) for s in seconds
        )
        return Heard(" ".join(word.word for word in words), words)


class FakeModels:
    """The models of a test: every language is heard by the same ear."""

    def model(self, language: str) -> FakeModels:
        return self

    def take(self, rate: int) -> FakeRecogniser:
        return FakeRecogniser()

    def release(self, recogniser: FakeRecogniser) -> None:
        return None

    def knows(self, word: str) -> bool:
        return True


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier()


@pytest.fixture
def services(settings: Settings, database: Database, carrier: FakeCarrier) -> Services:
    services = Services(settings, database)
    services.add(Carrier, carrier)
    services.add(Storage, LocalStorage(settings.storage))
    services.add(Models, FakeModels())
    return services


def do(services: Services, queue: str) -> int:
    """Work what is due and what was put off, once."""
    with services.database.transaction() as session:
        waiting = session.scalars(
            select(Outbox).where(Outbox.queue == queue, Outbox.state == "waiting")
        )
        for row in waiting:
            row.next_at = now() - timedelta(seconds=1)
    return work(services, queue, limit=1)


_numbers = count(1)


def new_sid(prefix: str = "RE") -> str:
    """A carrier id that no other test uses."""
    return f"{prefix}{next(_numbers):032x}"
