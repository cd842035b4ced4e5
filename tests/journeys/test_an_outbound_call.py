"""A call that we place, on the phone network: from the intent to goodbye, with a death between."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import create_app
from calls import outbound
from calls.legs import Party, legs_of
from calls.models import Call, OutboundCall, Turn
from carriers.base import Carrier
from carriers.twilio.carrier import TwilioCarrier
from config.city import City
from config.settings import Settings
from infra import failpoints
from infra.clock import now
from infra.db import Database
from infra.outbox.rows import Outbox
from infra.outbox.work import work
from infra.services import Services
from infra.storage.base import Storage
from infra.storage.local import LocalStorage
from ivr.dialogues.dialogue import Dialogue
from ivr.dialogues.slot_filling import is_yes
from ivr.dialogues.vocabulary import Confirm, Goodbye
from ivr.effects import COMMON
from ivr.registry import Dialogues, Entry
from recordings.models import Recording
from recordings.spoken import voices
from simulator.webhooks.origins import OriginMap
from tests import cities
from tests.conftest import eventually
from tests.ports import free_ports
from tests.serving import serving
from tests.simulator.app import ACCOUNT, TOKEN
from tests.simulator.rest_driver import Served, describe
from voice.cache import VoiceCache

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

ROOT = "https://hotline.swiftline.example"
CITIZEN = "+13125550123"
RIGHT = Dialogue(
    name="is_it_right",
    start="ask",
    give_up="bye",
    emergency="bye",
    states=(
        Confirm(
            "ask",
            say="read_back_keys",
            say_keys="read_back_keys",
            yes="bye",
            no="bye",
            understand=is_yes,
        ),
        Goodbye("bye", say="goodbye"),
    ),
)
KNOWN: dict[str, Any] = {
    "category": "pothole",
    "place": {"address": "5 Elm Street", "house_number": None},
}


@dataclass
class Line:
    """The web process of an installation, its worker, and the network that it calls through."""

    services: Services
    network: Served

    @property
    def database(self) -> Database:
        return self.services.database

    def wants(self, key: str) -> int:
        """Ask for a call to the citizen."""
        with self.database.transaction() as session:
            return outbound.want_call(
                session,
                key=key,
                to_number=CITIZEN,
                dialogue=RIGHT.name,
                language="en",
                draft=KNOWN,
            ).id

    def dies_once_the_carrier_took_it(self) -> None:
        """A worker that is killed between the carrier's answer and its own commit."""
        pid = os.fork()
        if not pid:
            failpoints.arm("carrier.place_call.answered", failpoints.kill)
            work(self.services, "live")
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        with self.database.engine.begin() as connection:
            past = now() - timedelta(seconds=1)
            connection.execute(update(Outbox).values(lease_until=None, next_at=past))

    def intent(self, outbound_id: int) -> OutboundCall:
        with self.database.read() as session:
            return session.get_one(OutboundCall, outbound_id)

    def recording(self) -> Recording | None:
        """The only recording, once the carrier has announced it."""
        with self.database.read() as session:
            return session.scalar(select(Recording).where(Recording.announced_s.is_not(None)))

    def loudness(self, sid: str) -> npt.NDArray[np.bool_]:
        """Of a recording at the carrier, by channel: whether each second is loud."""
        sound = b"".join(self.services.get(Carrier).download_recording(sid))
        pcm, rate = soundfile.read(io.BytesIO(sound), always_2d=True)
        whole = pcm[: len(pcm) // rate * rate].reshape(-1, rate, pcm.shape[1])
        loud: npt.NDArray[np.bool_] = np.abs(whole).max(axis=1) > 0.02
        return loud.T

    def call(self) -> Call:
        """The only call, once it is over."""

        def over() -> Call | None:
            with self.database.read() as session:
                return session.scalar(select(Call).where(Call.ended_at.is_not(None)))

        found = eventually(over)
        assert found is not None
        return found


@pytest.fixture
def line(settings: Settings, database: Database, tmp_path: Path) -> Iterator[Line]:
    (port,) = free_ports(1)
    origins = OriginMap.of((f"{ROOT}=http://127.0.0.1:{port}",))
    facts: dict[str, Any] = {
        "origins": origins,
        "status_callback": "",
        "captions_dir": settings.voice_dir,
        "pace": 5.0,
    }
    with Served(tmp_path / "network", **facts) as network:
        settings = settings.model_copy(
            update={
                "voice_en": "espeak",
                "speech_on": False,
                "carrier_api_url": network.root,
                "twilio_account_sid": ACCOUNT,
                "twilio_auth_token": TOKEN,
            }
        )
        services = Services(settings, database)
        services.add(City, cities.chicago())
        services.add(Carrier, TwilioCarrier(settings))
        services.add(Storage, LocalStorage(settings.storage))
        services.add(VoiceCache, VoiceCache(settings))
        services.add(Dialogues, Dialogues(Entry(RIGHT, COMMON)))
        with serving(create_app(settings, services), port):
            yield Line(services, network)


def heard_on(session: Session, call: Call) -> list[dict[str, Any]]:
    return [
        turn.heard
        for turn in session.scalars(
            select(Turn).where(Turn.call_id == call.id).order_by(Turn.number)
        )
    ]


def test_a_call_survives_the_death_of_who_placed_it_and_runs_its_dialogue_once(line: Line) -> None:
    steps = [{"hears": "a pothole in the road"}, {"presses": "1"}, {"is_hung_up_on": True}]
    describe(line.network, CITIZEN, greeting="Hello?", steps=steps)
    wanted = line.wants("is_it_right:7")
    line.dies_once_the_carrier_took_it()
    work(line.services, "live")
    call = line.call()
    assert (call.direction, call.status, call.dialogue) == ("outbound-api", "completed", RIGHT.name)
    assert (call.place, call.caller_number) == ("bye", CITIZEN)
    intent = line.intent(wanted)
    assert (intent.state, intent.carrier_sid, intent.answered_by) == (
        "placed",
        call.carrier_sid,
        "human",
    )
    carrier = line.services.get(Carrier)
    assert [one.sid for one in carrier.calls_to(CITIZEN, since=intent.wanted_at)] == [
        call.carrier_sid
    ]
    with line.database.read() as session:
        assert heard_on(session, call)[-1] == {"heard": "Keys", "digits": "1"}
        (leg,) = legs_of(session, call.id)
        assert (leg.party, leg.number) == (Party.CALLER, CITIZEN)
        assert leg.answered_at is not None
        assert leg.ended_at is not None
        assert leg.rang_at <= leg.answered_at <= leg.ended_at


def test_whom_we_call_is_on_the_first_channel_of_the_recording_by_their_leg(line: Line) -> None:
    steps = [{"hears": "a pothole in the road"}, {"presses": "1"}, {"is_hung_up_on": True}]
    describe(line.network, CITIZEN, greeting="Hello?", steps=steps)
    line.wants("is_it_right:10")
    work(line.services, "live")
    line.call()
    recording = eventually(line.recording)
    assert recording is not None
    with line.database.read() as session:
        (voice,) = voices(session, recording)
    assert (voice.channel, voice.speaker, voice.staff_id) == (0, "caller", None)
    theirs, ours = line.loudness(recording.carrier_sid)
    assert (bool(theirs.any()), bool(ours.any())) == (False, True), "they only pressed a key"


def test_an_answering_machine_is_reported_and_told_nothing(line: Line) -> None:
    describe(line.network, CITIZEN, behaviour="machine")
    wanted = line.wants("is_it_right:8")
    work(line.services, "live")
    call = line.call()
    assert line.intent(wanted).answered_by == "machine"
    assert call.turn_count == 0


def test_nobody_there_ends_the_call_and_no_dialogue_begins(line: Line) -> None:
    describe(line.network, CITIZEN, behaviour="busy")
    wanted = line.wants("is_it_right:9")
    work(line.services, "live")
    call = line.call()
    assert (call.status, call.turn_count, line.intent(wanted).answered_by) == ("busy", 0, "")
    with line.database.read() as session:
        (leg,) = legs_of(session, call.id)
        assert leg.answered_at is None
