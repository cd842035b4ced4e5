"""One small installation: real application, real database, a carrier that remembers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from agents.models import Handover, Offer, Presence
from app import create_app
from asr.models.pool import Models
from calls.models import Call, CallEvent, TurnSound
from carriers.base import Carrier
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
from ops.queues import QUEUES
from ops.services import attach_signals
from recordings.models import Recording
from tests.faults.points.desk import Desk
from tests.recordings.conftest import FakeModels
from tickets.models import Report, Ticket
from voice.cache import VoiceCache
from web.access.models import SignIn, Staff
from web.access.staff import COOKIE, sign_in
from web.spooling import replay_kept

CALL = "CA" + "1" * 32
CALLER, LINE = "+13125550101", "+13125550100"
ACCOUNT = "AC" + "0" * 32
_ROUNDS = 12


class World:
    """The web process, the worker and the people of one installation."""

    def __init__(
        self,
        folder: Path,
        desk: Desk,
        city: City,
        *,
        database_url: str = "",
        database: Database | None = None,
        app: Flask | None = None,
    ) -> None:
        """Without an address the database is SQLite in the folder.

        Connections to the same address, and an application, that served another installation may
        serve this one from now on.
        """
        self.folder, self.desk = folder, desk
        self.settings = Settings(
            _env_file=None,
            var_dir=folder,
            database_url=database_url,
            redis_url=f"unix://{folder / 'nobody.sock'}",
            carrier_api_url=desk.url,
            voice_en="espeak",
            secret_key="test-secret-key",
            twilio_account_sid=ACCOUNT,
            twilio_auth_token="test-token",
        )
        self.database = database or Database(self.settings.database)
        self.services = Services(self.settings, self.database)
        self.services.add(City, city)
        self.services.add(Carrier, TwilioCarrier(self.settings))
        self.services.add(Storage, LocalStorage(self.settings.storage))
        self.services.add(VoiceCache, VoiceCache(self.settings))
        self.services.add(Models, FakeModels())
        attach_signals(self.database, self.settings.redis)
        self.app: Flask = app or create_app(self.settings, self.services)
        self.app.extensions["swiftline"] = self.services

    @property
    def env(self) -> dict[str, str]:
        """What a command of this installation finds in the environment."""
        return {
            "SWIFTLINE_VAR_DIR": str(self.folder),
            "DATABASE_URL": self.settings.database_url,
            "SECRET_KEY": "x",
        }

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def posts(self, path: str, *, sid: str = CALL, **fields: str) -> TestResponse:
        """The carrier tells or asks something about a call."""
        form = {
            "CallSid": sid,
            "AccountSid": ACCOUNT,
            "From": CALLER,
            "To": LINE,
            "Direction": "inbound",
            "CallStatus": "in-progress",
            **fields,
        }
        url = self.settings.public_url + path
        signed = RequestValidator("test-token").compute_signature(url, form)
        return self.app.test_client().post(path, data=form, headers={"X-Twilio-Signature": signed})

    def works(self, queue: str, *, limit: int = 20) -> int:
        """A worker works what is due."""
        return work(self.services, queue, limit=limit)

    def asks(self, queue: str, job: str, *args: object, key: str = "") -> None:
        """Ask for a job, as a commit or the schedule does."""
        with self.database.transaction() as session:
            enqueue(session, queue=queue, job=job, key=key or f"{job}:asked", args=args)

    def person(self, name: str, *roles: str, department: str | None = None) -> int:
        """Somebody who is signed in; their token is kept for `clicks`."""
        with self.database.transaction() as session:
            staff = Staff(
                username=name,
                name=name.title(),
                password_hash="",
                roles=list(roles),
                department=department,
            )
            session.add(staff)
            session.flush()
            (self.folder / f"{name}.token").write_text(sign_in(session, staff.id))
            return staff.id

    def clicks(
        self, name: str, path: str, *, json: Any = None, form: dict[str, str] | None = None
    ) -> TestResponse:
        """A signed-in person's page sends a change."""
        client = self.app.test_client()
        client.set_cookie(COOKIE, (self.folder / f"{name}.token").read_text())
        with self.database.read() as session:
            csrf = session.scalar(
                select(SignIn.csrf_token)
                .join(Staff, Staff.id == SignIn.staff_id)
                .where(Staff.username == name)
            )
        headers = {"X-CSRF-Token": csrf or ""}
        if json is not None:
            return client.post(path, json=json, headers=headers)
        return client.post(path, data=form or {}, headers=headers)

    def awakes(self) -> None:
        """Nobody fell silent and nothing rang out since this installation was prepared."""
        moment = now()
        with self.database.engine.begin() as connection:
            connection.execute(update(Presence).values(seen_at=moment, since=moment))
            connection.execute(update(Handover).values(waiting_since=moment))
            connection.execute(update(TurnSound).values(asked_at=moment))
            connection.execute(update(Offer).values(expires_at=moment + timedelta(seconds=20)))

    def settles(self) -> None:
        """Time passes: leases run out, pauses end, whatever waits is worked."""
        for number in range(_ROUNDS):
            replay_kept(self.app)
            if not self._makes_due() and number:
                return
            for queue in QUEUES:
                self.works(queue)
        raise AssertionError(f"still waiting after {_ROUNDS} rounds: {self.waiting()}")

    def _makes_due(self) -> int:
        """Let every pause and lease run out; how much waits that must not wait for long."""
        past = now() - timedelta(seconds=1)
        waiting = update(Outbox).where(Outbox.state == "waiting")
        with self.database.engine.begin() as connection:
            connection.execute(waiting.values(next_at=past, lease_until=None))
        return len(self.waiting())

    def waiting(self) -> list[tuple[str, str | None]]:
        """Rows that wait; the end of an agent's notes may, as long as the agent writes."""
        return [row for row in self.outbox("waiting") if not row[0].startswith("end_wrap_up:")]

    def outbox(self, state: str) -> list[tuple[str, str | None]]:
        """Key and last error of the rows in a state."""
        with self.database.read() as session:
            rows = session.execute(
                select(Outbox.key, Outbox.last_error).where(Outbox.state == state)
            )
            return [(key, error) for key, error in rows]

    def count(self, table: type[Any], *where: Any) -> int:
        """How many rows of a table are so."""
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0

    def tells_of_recording(self, sid: str) -> None:
        """The carrier says that the call's recording is whole."""
        self.posts(
            "/recordings/status",
            RecordingSid=sid,
            RecordingStatus="completed",
            RecordingDuration="2",
            RecordingChannels="2",
        )

    def one(self, table: type[Any], *where: Any) -> Any:
        """The only row that is so."""
        with self.database.read() as session:
            return session.scalars(select(table).where(*where)).one()

    def rounds(self) -> list[str]:
        """What became of each time that the only caller waited for a person, in their order."""
        with self.database.read() as session:
            rounds = session.scalars(select(Handover).order_by(Handover.round)).all()
        assert [each.round for each in rounds] == list(range(1, len(rounds) + 1))
        return [each.state for each in rounds]

    def checks_records(self, *, dead: int = 0) -> None:
        """What holds of every installation at rest (reliability 3.2, I1 to I10)."""
        assert self.waiting() == []
        at_rest = self.outbox("dead")
        assert len(at_rest) <= dead, at_rest
        assert all(error for _key, error in at_rest), at_rest
        assert self.count(CallEvent, CallEvent.answer.is_(None)) == 0
        sent = [(message["to"], message["body"]) for message in self.desk.records.messages]
        assert len(sent) == len(set(sent)), "a text message was sent twice"
        self._checks_reports()
        self._checks_archive()

    def _checks_reports(self) -> None:
        with self.database.read() as session:
            filed = list(session.scalars(select(Report.id)))
            opened = list(session.scalars(select(Ticket.report_id)))
            over = session.scalars(select(Call).where(Call.ended_at.is_not(None))).all()
        assert sorted(opened) == filed, "each report has one ticket"
        assert all(call.settled_at for call in over), "each call that is over is settled"

    def _checks_archive(self) -> None:
        with self.database.read() as session:
            kept = session.scalars(select(Recording).where(Recording.storage_key.is_not(None)))
            named = {str(row.storage_key): row for row in kept}
        root = self.settings.storage
        files = {str(file.relative_to(root)): file for file in root.rglob("*") if file.is_file()}
        for key, row in named.items():
            found = hashlib.sha256(files[key].read_bytes()).hexdigest()
            assert found == row.sha256, "our copy is what its row says"
            theirs = hashlib.sha256(self.desk.records.sounds[row.carrier_sid]).hexdigest()
            assert row.source_sha256 == theirs, "and came from the carrier bit for bit"


def _nothing(_world: World) -> None:
    return None


@dataclass(frozen=True)
class Drive:
    """The smallest real thing that passes some places.

    `prepare` brings a new installation to its beginning, once; `before` does what must be done
    at each trial. `act` is what may fail, `again` what carrier, worker or person do after a
    failure (the same, if not given), `check` what must hold in the end.
    """

    name: str
    act: Callable[[World], object]
    check: Callable[[World], object]
    prepare: Callable[[World], object] = _nothing
    before: Callable[[World], object] = _nothing
    again: Callable[[World], object] | None = None
    dead: int = 0
    own_voice: bool = False
    takes: frozenset[str] = frozenset()
    """Places that the drive itself has armed, so that they cannot be tried with it."""

    def repeats(self, world: World) -> object:
        """What is done again after a failure."""
        return (self.again or self.act)(world)


def handover_is(*rounds: str) -> Callable[[World], None]:
    """Checks that the rounds of the only caller who wanted a person are in those states."""

    def check(world: World) -> None:
        assert world.rounds() == list(rounds)

    return check


def presence_is(state: str) -> Callable[[World], None]:
    """Checks that the only agent is in that state."""

    def check(world: World) -> None:
        assert world.one(Presence).state == state

    return check
