"""The carrier's messages about calls: signed, answered once, in TwiML that it can run."""

from __future__ import annotations

import re
import threading
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from agents.models import Handover
from app import create_app
from asr.models.pool import Models
from calls.legs import Party
from calls.models import Call, CallEvent, Leg, TurnSound
from carriers.base import Carrier
from carriers.messages import Speech
from carriers.twilio.carrier import TwilioCarrier
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.outbox.work import work
from infra.services import Services
from infra.spool import Spool
from infra.storage.base import Storage
from infra.storage.local import LocalStorage
from infra.timeouts import Timeout
from ivr import turns
from recordings.models import Recording
from tests import cities
from tests.recordings.conftest import FakeCarrier, FakeModels
from tests.recordings.sounds import call_wav
from tickets.models import Report, TicketEvent
from voice.cache import VoiceCache
from web.spooling import replay_kept

SID = "CA" + "a" * 32
ANSWER = "RE" + "b" * 32
ROOT = "https://hotline.swiftline.example"


class Phone:
    """A carrier that signs what it posts."""

    def __init__(self, client: FlaskClient, settings: Settings) -> None:
        self.client, self.settings = client, settings

    def posts(self, path: str, *, token: str | None = None, **fields: str) -> TestResponse:
        form = {
            "CallSid": SID,
            "AccountSid": self.settings.twilio_account_sid,
            "From": "+13125550101",
            "To": "+13125550100",
            "Direction": "inbound",
            "CallStatus": "in-progress",
            **fields,
        }
        key = token or self.settings.twilio_auth_token
        made = RequestValidator(key).compute_signature(ROOT + path, form)
        return self.client.post(path, data=form, headers={"X-Twilio-Signature": made})


@pytest.fixture(scope="module")
def chicago() -> City:
    return cities.chicago()


@pytest.fixture
def phone(settings: Settings, database: Database, chicago: City) -> Phone:
    return phone_on(settings, database, chicago)


def phone_on(settings: Settings, database: Database, chicago: City) -> Phone:
    """A carrier before an application on that database."""
    settings = settings.model_copy(update={"voice_en": "espeak"})
    services = Services(settings, database)
    services.add(City, chicago)
    services.add(Carrier, TwilioCarrier(settings))
    services.add(Storage, LocalStorage(settings.storage))
    services.add(VoiceCache, VoiceCache(settings))
    app: Flask = create_app(settings, services)
    return Phone(app.test_client(), settings)


def verbs(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200
    assert answer.mimetype == "text/xml"
    return [element.tag for element in ElementTree.fromstring(answer.data)]  # noqa: S314


def count(database: Database, table: type) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_call_is_recorded_and_given_a_media_socket(phone: Phone) -> None:
    answer = phone.posts("/ivr/voice")
    assert verbs(answer) == ["Start", "Connect", "Redirect"]
    assert b'url="wss://hotline.swiftline.example/media"' in answer.data


def test_the_same_message_again_gets_the_same_bytes(phone: Phone, database: Database) -> None:
    first = phone.posts("/ivr/voice").data
    assert phone.posts("/ivr/voice").data == first
    assert (count(database, Call), count(database, CallEvent)) == (1, 1)


def test_after_the_socket_the_call_goes_on_in_turns_where_it_was(
    phone: Phone, database: Database
) -> None:
    phone.posts("/ivr/voice")
    answer = phone.posts("/ivr/continue?after=stream")
    assert verbs(answer) == ["Gather", "Record", "Redirect"]
    with database.read() as session:
        assert session.scalars(select(Call)).one().mode == "turn"


def test_a_whole_report_by_keys_in_turns(phone: Phone, database: Database) -> None:
    phone.posts("/ivr/voice")
    phone.posts("/ivr/continue?after=stream")
    for turn, keys in enumerate(("1", "1", "1", "1200", "25275", "1"), start=1):
        assert verbs(phone.posts(f"/ivr/turn?n={turn}", Digits=keys))[0] == "Gather"
    last = phone.posts("/ivr/turn?n=7", Digits="1")
    assert verbs(last)[-1] == "Hangup"
    assert phone.posts("/ivr/turn?n=7", Digits="1").data == last.data
    assert count(database, Report) == 1


def test_a_spoken_answer_is_heard_by_a_job_while_the_caller_holds_the_line(
    phone: Phone, database: Database
) -> None:
    phone.posts("/ivr/voice")
    phone.posts("/ivr/continue?after=stream")
    held = phone.posts("/ivr/turn?n=1", RecordingSid="RE" + "b" * 32, RecordingDuration="2")
    assert verbs(held) == ["Play", "Redirect"]
    assert verbs(phone.posts("/ivr/recognised?n=1&look=1")) == ["Pause", "Redirect"]
    with database.transaction() as session:
        sound = session.scalars(select(TurnSound)).one()
        sound.state, sound.text, sound.confidence = "heard", "there is a pothole", 0.9
    assert verbs(phone.posts("/ivr/recognised?n=1&look=2")) == ["Gather", "Record", "Redirect"]
    with database.read() as session:
        assert session.scalars(select(Call)).one().place == "ask_place"


def leads_to(answer: TestResponse) -> str:
    """Where a document goes on when nothing was recorded: its last verb."""
    last = ElementTree.fromstring(answer.data)[-1]  # noqa: S314
    assert last.tag == "Redirect" and last.text
    return last.text.removeprefix(ROOT).partition("#")[0]


def test_a_caller_who_stays_silent_after_the_tone_is_asked_again_and_in_the_end_gets_a_person(
    phone: Phone, database: Database
) -> None:
    """An empty recording asks no action: the document itself must lead on."""
    phone.posts("/ivr/voice")
    answer = phone.posts("/ivr/continue?after=stream")
    for _ in range(2):
        answer = phone.posts(leads_to(answer))
        assert verbs(answer) == ["Gather", "Record", "Redirect"]
    assert verbs(phone.posts(leads_to(answer)))[-1] == "Enqueue"
    assert count(database, TurnSound) == 0


def test_a_caller_whose_message_is_empty_is_asked_for_it_again(
    phone: Phone, database: Database
) -> None:
    phone.posts("/ivr/voice")
    phone.posts("/ivr/continue?after=stream")
    phone.posts("/ivr/turn?n=1", Digits="0")
    with database.transaction() as session:
        session.scalars(select(Handover)).one().state = "to_message"
    asked = phone.posts("/ivr/continue?after=queue")
    assert verbs(asked)[-2:] == ["Record", "Redirect"]
    again = phone.posts(leads_to(asked))
    assert verbs(again)[-2:] == ["Record", "Redirect"]
    assert count(database, Report) == 0
    kept = phone.posts(leads_to(again), RecordingSid=ANSWER, RecordingDuration="4")
    assert verbs(kept)[-1] == "Hangup"
    assert count(database, Report) == 1


def hangs_up_after_the_tone(phone: Phone) -> Services:
    """A caller speaks after the tone and puts the receiver down."""
    phone.posts("/ivr/voice")
    phone.posts("/ivr/continue?after=stream")
    over = {"CallStatus": "completed", "CallDuration": "9"}
    phone.posts("/ivr/turn?n=1", RecordingSid=ANSWER, Digits="hangup", **over)
    phone.posts("/ivr/status", **over)
    services: Services = phone.client.application.extensions["swiftline"]
    services.add(Carrier, FakeCarrier({ANSWER: call_wav(2.0)}))
    services.add(Models, FakeModels())
    return services


@pytest.mark.parametrize("queues", [("live", "tickets"), ("tickets", "live")])
def test_who_hangs_up_after_an_answer_has_a_report_whatever_is_worked_first(
    phone: Phone, database: Database, queues: tuple[str, str]
) -> None:
    services = hangs_up_after_the_tone(phone)
    for queue in queues:
        work(services, queue)
    with database.read() as session:
        report = session.scalars(select(Report)).one()
    assert report.source == "cut_off"
    assert report.problem_text.startswith("pothole0")


@pytest.mark.parametrize("path", ["/ivr/voice", "/ivr/turn?n=1", "/ivr/status", "/ivr/continue"])
def test_a_wrong_signature_is_refused_and_leaves_nothing(
    phone: Phone, database: Database, path: str
) -> None:
    assert phone.posts(path, token="another-token").status_code == 403
    assert phone.client.post(path, data={"CallSid": SID}).status_code == 403
    assert phone.posts(path, AccountSid="AC" + "9" * 32).status_code == 403
    assert count(database, CallEvent) == 0


def test_the_previous_token_is_good_while_tokens_are_rotated(
    settings: Settings, phone: Phone
) -> None:
    services = phone.client.application.extensions["swiftline"]
    services.settings = services.settings.model_copy(
        update={"twilio_previous_auth_token": "yesterdays-token"}
    )
    services.add(Carrier, TwilioCarrier(services.settings))
    assert phone.posts("/ivr/voice", token="yesterdays-token").status_code == 200


def test_an_error_is_an_apology_and_another_try_then_a_message_at_the_carrier(
    phone: Phone,
) -> None:
    answer = phone.posts("/ivr/turn?n=1", Digits="1")
    assert verbs(answer) == ["Say", "Pause", "Redirect"]
    assert b"trouble=1&amp;at=" in answer.data
    assert b"LookupError" not in answer.data
    last = phone.posts("/ivr/turn?n=1&trouble=3", Digits="1")
    assert verbs(last) == ["Say", "Record", "Hangup"]


def test_each_failure_of_a_call_has_its_own_way_back(phone: Phone) -> None:
    """An answer is kept under its address: one way back would lead to where an earlier one led."""
    ways = {phone.posts(f"/ivr/turn?n={n}", Digits="1").text for n in (1, 2)}
    assert len(ways) == 2
    again = phone.posts("/ivr/turn?n=1", Digits="1").text
    assert again in ways, "the same request again: the same way"


def away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing can be committed."""

    def refuse(*_name: str) -> None:
        raise OperationalError("BEGIN", {}, Exception("the database is away"))

    monkeypatch.setattr(database, "transaction", refuse)
    monkeypatch.setattr(database, "read", refuse)


def test_callbacks_are_kept_while_the_database_is_away_and_taken_when_it_is_back(
    phone: Phone, database: Database
) -> None:
    phone.posts("/ivr/voice")
    recording = "RE" + "b" * 32
    with pytest.MonkeyPatch.context() as patch:
        away(database, patch)
        for _ in range(2):
            ended = phone.posts("/ivr/status", CallStatus="completed", CallDuration="31")
            assert (ended.status_code, ended.text) == (200, "")
        phone.posts("/recordings/status", RecordingSid=recording, RecordingStatus="completed")
        app = phone.client.application
        assert replay_kept(app) == 0
    assert replay_kept(app) == 3
    assert replay_kept(app) == 0
    with database.read() as session:
        call = session.scalars(select(Call)).one()
        assert session.scalars(select(Recording.carrier_sid)).all() == [recording]
    assert (call.status, call.duration_s) == ("completed", 31)


def test_a_kept_callback_waits_while_the_database_holds_everybody_up(
    phone: Phone, database: Database, settings: Settings
) -> None:
    """A lock that somebody holds is no fault of the message: it is not given up."""
    phone.posts("/ivr/voice")
    app, over = phone.client.application, threading.Event()

    def hold_up(*_name: str) -> None:
        over.wait(60)
        raise OperationalError("BEGIN", {}, Exception("the database is locked"))

    with pytest.MonkeyPatch.context() as patch:
        away(database, patch)
        phone.posts("/ivr/status", CallStatus="completed", CallDuration="31")
        patch.setattr(database, "transaction", hold_up)
        patch.setattr("calls.webhooks._in_time", Timeout(0.05, most=2))
        assert replay_kept(app) == 0
        over.set()
    assert Spool(settings.spool).dead_letters() == 0
    assert replay_kept(app) == 1


def test_a_callback_that_cannot_even_be_kept_is_asked_for_again(
    phone: Phone, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.var_dir.mkdir(parents=True)
    settings.spool.write_text("a file where the folder should be")
    away(database, monkeypatch)
    assert phone.posts("/ivr/status", CallStatus="completed").status_code == 503


def test_a_callback_that_means_nothing_is_refused_not_kept(
    phone: Phone, settings: Settings
) -> None:
    answer = phone.posts("/recordings/status", RecordingSid="RE<script>")
    assert answer.status_code == 400
    assert not settings.spool.exists()


def test_a_caller_is_never_told_that_a_question_was_kept(
    phone: Phone, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(database, monkeypatch)
    assert verbs(phone.posts("/ivr/voice")) == ["Say", "Pause", "Redirect"]


@pytest.mark.parametrize("path", ["/ivr/voice", "/ivr/turn?n=1"])
def test_whoever_holds_the_line_is_not_kept_waiting_for_an_answer(phone: Phone, path: str) -> None:
    """Every address that a caller waits for says so in its fragment, and so does every sound."""
    document = phone.posts(path).data.decode()
    sounds = re.findall(ROOT + r"(/say/[^\"<]*)", document)
    assert all(sound.endswith(".wav#ct=1000&amp;rt=3000&amp;rc=1&amp;rp=ct") for sound in sounds)
    asked = re.findall(ROOT + r"(/(?:ivr|agents|recordings)/[^\"<]*)", document)
    assert asked
    for address in asked:
        told = address.startswith("/recordings/status")
        assert address.endswith("#rc=3&amp;rp=all" if told else "rp=ct,rt"), address


def test_an_id_of_another_shape_is_not_taken(phone: Phone, database: Database) -> None:
    phone.posts("/ivr/voice", CallSid="CA<script>")
    assert count(database, Call) == 0


def test_the_end_of_a_call_is_noted_once_whatever_comes_after(
    phone: Phone, database: Database
) -> None:
    phone.posts("/ivr/voice")
    phone.posts("/ivr/status", CallStatus="completed", CallDuration="31", SequenceNumber="3")
    phone.posts("/ivr/status", CallStatus="busy", SequenceNumber="2")
    phone.posts("/ivr/status", CallStatus="in-progress", SequenceNumber="1")
    with database.read() as session:
        call = session.scalars(select(Call)).one()
    assert (call.status, call.duration_s) == ("completed", 31)


def test_a_status_of_a_call_we_never_saw_makes_the_call(phone: Phone, database: Database) -> None:
    phone.posts("/ivr/status", CallStatus="completed", CallDuration="5")
    assert count(database, Call) == 1


def test_an_unknown_sound_is_not_found(phone: Phone) -> None:
    assert phone.client.get("/say/" + "0" * 32 + ".wav").status_code == 404
    assert phone.client.get("/say/..%2f..%2fsecret.wav").status_code == 404


def in_danger(phone: Phone) -> None:
    """A caller who said that somebody collapsed; the line asks whether to connect them."""
    phone.posts("/ivr/voice")
    services: Services = phone.client.application.extensions["swiftline"]
    turns.take_turn(services, SID, 1, Speech("my neighbor collapsed"))
    phone.posts("/ivr/continue?after=stream")


def test_a_caller_in_danger_is_joined_to_the_number_of_the_city_by_a_key(
    phone: Phone, database: Database, chicago: City
) -> None:
    in_danger(phone)
    document = ElementTree.fromstring(  # noqa: S314
        phone.posts("/ivr/turn?n=2", Digits="1").data
    )
    dial = document.find("Dial")
    assert dial is not None
    assert dial.findtext("Number") == chicago.emergency_number
    assert (dial.get("action") or "").startswith(f"{ROOT}/ivr/connected?n=3")
    over = {"DialCallStatus": "completed", "DialCallSid": "CA" + "e" * 32, "DialCallDuration": "40"}
    assert verbs(phone.posts("/ivr/connected?n=3", **over)) == ["Hangup"]
    with database.read() as session:
        outside = session.scalars(select(Leg).where(Leg.party == Party.OUTSIDE)).one()
        happened = session.scalars(select(TicketEvent.action).order_by(TicketEvent.id)).all()
        assert session.scalar(select(func.count()).select_from(Handover)) == 0
    assert (outside.number, outside.ended_at is None) == (chicago.emergency_number, False)
    assert happened == ["opened", "connected"]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed"])
def test_where_the_emergency_number_is_not_reached_the_caller_waits_for_a_person(
    phone: Phone, database: Database, status: str
) -> None:
    in_danger(phone)
    phone.posts("/ivr/turn?n=2", Digits="1")
    answer = phone.posts("/ivr/connected?n=3", DialCallStatus=status)
    assert verbs(answer)[-1] == "Enqueue"
    with database.read() as session:
        assert session.scalars(select(Handover)).one().reason == "emergency"
        assert session.scalars(select(TicketEvent.action)).all() == ["opened"]


def test_who_hangs_up_while_the_emergency_number_rings_waits_for_nobody(
    phone: Phone, database: Database
) -> None:
    in_danger(phone)
    phone.posts("/ivr/turn?n=2", Digits="1")
    phone.posts("/ivr/connected?n=3", DialCallStatus="canceled", CallStatus="completed")
    assert count(database, Handover) == 0
