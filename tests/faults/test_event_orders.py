"""R16: whatever the order in which a call's events come, and however often, one end state.

The events go through the real routes and jobs into a real database: what the carrier posts, and
what reconciling reads in its records. Questions that steer a call have their own order (each
waits for the last one's answer), so only the first of them is among the orders.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from app import create_app
from calls.models import Call, CallEvent
from carriers.base import Carrier, CarrierCall, NotThereYet
from carriers.messages import CarrierRecording, RecordedBy
from carriers.twilio.carrier import TwilioCarrier
from config.city import City
from config.settings import Settings
from infra.clock import now
from infra.db import Database
from infra.outbox.rows import Outbox, enqueue
from infra.outbox.work import work
from infra.services import Services
from infra.storage.base import Storage
from infra.storage.local import LocalStorage
from recordings.models import Recording
from tests import cities
from voice.cache import VoiceCache

pytestmark = pytest.mark.slow

ROOT = "https://hotline.swiftline.example"
EVENTS = ("voice", "status", "recording", "message", "reconcile calls", "reconcile recordings")
DURATION_S = 12


class TheirBooks(TwilioCarrier):
    """The carrier's lists; sound is never there, so that fetching stays asked for."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.listed_calls: list[CarrierCall] = []
        self.listed_recordings: list[CarrierRecording] = []

    def calls(self, *, since: datetime) -> list[CarrierCall]:
        return self.listed_calls

    def recordings(self, *, since: datetime) -> list[CarrierRecording]:
        return self.listed_recordings

    def download_recording(self, sid: str) -> Iterator[bytes]:
        raise NotThereYet("not there yet")


@dataclass
class Installation:
    """The web process and the worker of one database, and the carrier they believe in."""

    services: Services
    client: FlaskClient
    carrier: TheirBooks
    rounds: int = 0

    def post(self, path: str, **fields: str) -> None:
        settings = self.services.settings
        form = {"AccountSid": settings.twilio_account_sid, **fields}
        signed = RequestValidator(settings.twilio_auth_token).compute_signature(ROOT + path, form)
        answer = self.client.post(path, data=form, headers={"X-Twilio-Signature": signed})
        assert answer.status_code == 200
        assert b"trouble" not in answer.data

    def run(self, queue: str, job: str) -> None:
        self.rounds += 1
        with self.services.database.transaction() as session:
            enqueue(session, queue=queue, job=job, key=f"{job}:{self.rounds}")
        work(self.services, queue)


@pytest.fixture(scope="module")
def chicago() -> City:
    return cities.chicago()


@pytest.fixture
def installation(settings: Settings, database: Database, chicago: City) -> Iterator[Installation]:
    carrier = TheirBooks(settings)
    services = Services(settings, database)
    services.add(City, chicago)
    services.add(Carrier, carrier)
    services.add(Storage, LocalStorage(settings.storage))
    services.add(VoiceCache, VoiceCache(settings))
    yield Installation(services, create_app(settings, services).test_client(), carrier)


class OneCall:
    """A call's events by name, each of which may happen any number of times."""

    def __init__(self, here: Installation, number: int) -> None:
        self.here = here
        self.sid, self.whole = f"CA{number:032x}", f"RE{number:032x}"
        self.left = f"RE{number + 2**64:032x}"
        call = {"CallSid": self.sid, "From": "+13125550101", "To": "+13125550100"}
        self.fields = {**call, "Direction": "inbound"}

    def happens(self, event: str) -> None:
        acts: dict[str, Callable[[], None]] = {
            "voice": lambda: self.here.post("/ivr/voice", **self.fields, CallStatus="ringing"),
            "status": lambda: self.here.post(
                "/ivr/status",
                **self.fields,
                CallStatus="completed",
                SequenceNumber="0",
                CallDuration=str(DURATION_S),
            ),
            "recording": lambda: self._recording(self.whole, "StartCallRecordingAPI", "2"),
            "message": lambda: self._recording(self.left, "RecordVerb", "1"),
            "reconcile calls": self._reconcile_calls,
            "reconcile recordings": self._reconcile_recordings,
        }
        acts[event]()

    def end_state(self) -> dict[str, Any]:
        """Everything about the call that is not a time or a row's number.

        Reconciling comes round once more, as it always does: it ties up a recording that came
        before its call.
        """
        self._reconcile_calls()
        self._reconcile_recordings()
        work(self.here.services, "tickets")
        with self.here.services.database.read() as session:
            call = session.scalars(select(Call).where(Call.carrier_sid == self.sid)).one()
            recordings = session.scalars(
                select(Recording)
                .where(Recording.call_sid == self.sid)
                .order_by(Recording.carrier_sid)
            ).all()
            keys = [f"settle:{call.id}", *(f"fetch_recording:{one.id}" for one in recordings)]
            asked = session.scalars(select(Outbox).where(Outbox.key.in_(keys))).all()
            events = session.scalars(select(CallEvent).where(CallEvent.carrier_sid == self.sid))
            return {
                "call": (call.status, call.duration_s, call.ended_at is not None),
                "settled": call.settled_at is not None,
                "recordings": [
                    (r.state, r.purpose, r.channels, r.announced_s, r.call_id == call.id)
                    for r in recordings
                ],
                "asked": sorted((one.job, one.state) for one in asked),
                "events": sorted(one.event_key.replace(self.whole, "W") for one in events),
            }

    def _recording(self, sid: str, source: str, channels: str) -> None:
        self.here.post(
            "/recordings/status",
            **self.fields,
            RecordingSid=sid,
            RecordingSource=source,
            RecordingStatus="completed",
            RecordingChannels=channels,
            RecordingDuration=str(DURATION_S),
        )

    def _reconcile_calls(self) -> None:
        self.here.carrier.listed_calls = [
            CarrierCall(
                sid=self.sid,
                from_number="+13125550101",
                to_number="+13125550100",
                direction="inbound",
                status="completed",
                started_at=now(),
                ended_at=now(),
                duration_s=DURATION_S,
            )
        ]
        self.here.run("reconcile", "ivr.jobs.reconcile")

    def _reconcile_recordings(self) -> None:
        self.here.carrier.listed_recordings = [
            CarrierRecording(
                sid=sid,
                call_sid=self.sid,
                status="completed",
                channels=channels,
                duration_s=DURATION_S,
                recorded_by=made_by,
                started_at=now(),
            )
            for sid, made_by, channels in (
                (self.whole, RecordedBy.CALL, 2),
                (self.left, RecordedBy.VERB, 1),
            )
        ]
        self.here.run("reconcile", "recordings.jobs.reconcile")


def orders(count: int, seed: int) -> list[tuple[str, ...]]:
    """That many of the 720 orders, each with some events once more at any later place."""
    draw = random.Random(seed)
    chosen = draw.sample(list(permutations(EVENTS)), count)
    found = []
    for order in chosen:
        events = list(order)
        for event in draw.sample(EVENTS, 2):
            events.insert(draw.randint(events.index(event) + 1, len(events)), event)
        found.append(tuple(events))
    return found


def end_states(here: Installation, chosen: list[tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Each end state that was reached, and the first order that led to it."""
    reached: dict[str, tuple[str, ...]] = {}
    for number, order in enumerate(chosen, start=1):
        call = OneCall(here, number)
        for event in order:
            call.happens(event)
        state = str(call.end_state()).replace(call.left, "M")
        reached.setdefault(state, order)
    return reached


def test_some_orders_end_in_one_state(installation: Installation) -> None:
    reached = end_states(installation, orders(12, seed=1))
    assert len(reached) == 1, reached
    assert "completed" in next(iter(reached))


@pytest.mark.slow
def test_many_orders_end_in_one_state(installation: Installation) -> None:
    reached = end_states(installation, orders(120, seed=2))
    assert len(reached) == 1, reached
