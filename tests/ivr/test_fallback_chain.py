"""Down the fallback chain by the carrier's messages: live speech, recorded speech, keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from calls import fallback
from calls.models import Call, TurnSound
from carriers.messages import Speech
from infra.db import Database
from infra.services import Services
from ivr.live.gateway import CallGateway
from tests.ivr.test_webhooks import Phone, chicago, phone, verbs

__all__ = ["chicago", "phone"]

RECORDING = "RE" + "b" * 32


def sid(number: int) -> str:
    return f"CA{number:032x}"


@pytest.fixture
def services(phone: Phone) -> Iterator[Services]:
    yield phone.client.application.extensions["swiftline"]


def loses_its_socket(phone: Phone, number: int) -> None:
    phone.posts("/ivr/voice", CallSid=sid(number))
    phone.posts("/ivr/continue?after=stream", CallSid=sid(number))


def answers_unheard(phone: Phone, database: Database, number: int) -> str:
    """A call whose recorded answer is not recognised in its budget; the document it ends with."""
    loses_its_socket(phone, number)
    phone.posts("/ivr/turn?n=1", CallSid=sid(number), RecordingSid=RECORDING)
    with database.transaction() as session:
        sounds = session.scalars(select(TurnSound).where(TurnSound.state == "waiting"))
        for sound in sounds:
            sound.asked_at -= timedelta(seconds=9)
    return phone.posts("/ivr/recognised?n=1&look=1", CallSid=sid(number)).text


def place_of(database: Database, number: int) -> str:
    with database.read() as session:
        return session.scalars(select(Call.place).where(Call.carrier_sid == sid(number))).one()


def test_after_five_lost_sockets_a_caller_is_answered_in_turns_at_once(phone: Phone) -> None:
    for number in range(1, 5):
        loses_its_socket(phone, number)
    assert "Connect" in verbs(phone.posts("/ivr/voice", CallSid=sid(5)))
    phone.posts("/ivr/continue?after=stream", CallSid=sid(5))
    answer = phone.posts("/ivr/voice", CallSid=sid(6))
    assert verbs(answer) == ["Start", "Gather", "Record", "Redirect"]
    assert answer.data.count(b"<Play>") == 3, "greeting, question, and when to speak"


def test_a_repeated_message_of_one_lost_socket_is_one_failure(phone: Phone) -> None:
    for _ in range(6):
        loses_its_socket(phone, 1)
    assert "Connect" in verbs(phone.posts("/ivr/voice", CallSid=sid(2)))


def test_a_socket_that_ended_as_it_should_is_no_failure(
    phone: Phone, database: Database, services: Services
) -> None:
    gateway = CallGateway(services)
    for number in range(1, 7):
        phone.posts("/ivr/voice", CallSid=sid(number))
        gateway.take_turn(sid(number), 1, Speech("i want to talk to a person"))
        phone.posts("/ivr/continue?after=stream", CallSid=sid(number))
    assert "Connect" in verbs(phone.posts("/ivr/voice", CallSid=sid(9)))


def test_an_answer_that_nobody_recognises_in_time_leads_to_the_key_menu(
    phone: Phone, database: Database
) -> None:
    document = answers_unheard(phone, database, 1)
    assert "<Record" not in document
    assert place_of(database, 1) == "problem_menu"
    asked = phone.posts("/ivr/turn?n=2", CallSid=sid(1), Digits="1")
    assert verbs(asked) == ["Gather"]
    assert place_of(database, 1) == "key_house"


def test_while_recognition_fails_nobody_else_is_made_to_speak_and_wait(
    phone: Phone, database: Database
) -> None:
    for number in range(1, 6):
        answers_unheard(phone, database, number)
    phone.posts("/ivr/voice", CallSid=sid(6))
    answer = phone.posts("/ivr/continue?after=stream", CallSid=sid(6))
    assert verbs(answer) == ["Gather"]
    assert place_of(database, 6) == "problem_menu"
    answer = phone.posts("/ivr/voice", CallSid=sid(7))
    assert verbs(answer) == ["Start", "Gather"], "live speech has failed as often by now"
    assert place_of(database, 7) == "problem_menu"


def test_recognised_answers_keep_the_step(phone: Phone, database: Database) -> None:
    for number in range(1, 8):
        loses_its_socket(phone, number)
        phone.posts("/ivr/turn?n=1", CallSid=sid(number), RecordingSid=RECORDING)
        with database.transaction() as session:
            session.execute(update(TurnSound).values(state="heard", text="there is a pothole"))
        answer = phone.posts("/ivr/recognised?n=1&look=1", CallSid=sid(number))
        assert verbs(answer) == ["Gather", "Record", "Redirect"]
    with database.transaction() as session:
        settings = phone.settings
        assert fallback.may_speak_after_tone(session, settings)
