"""How a call moves: each turn once, its reply stored, its effects in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from agents.handovers.actions import queue_name
from agents.models import Handover
from calls.actions import end_call
from calls.models import Call, Turn, Utterance
from carriers.messages import Keys, Message, Silence, Speech, Unanswered
from carriers.verbs import DialNumber, HangUp, JoinQueue, Listen, Record, Say
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.outbox.work import work
from infra.services import Services
from ivr import turns
from ivr.reporting import report_cut_off
from tests import cities
from tests.conftest import arrives
from tests.races import race
from tickets.models import Report, Ticket

SID = "CA" + "1" * 32


@pytest.fixture(scope="module")
def chicago() -> City:
    return cities.chicago()


@pytest.fixture
def services(settings: Settings, database: Database, chicago: City) -> Iterator[Services]:
    made = Services(settings, database)
    made.add(City, chicago)
    with database.transaction() as session:
        call = arrives(session, SID)
        turns.start(session, made, call)
    yield made


def say_all(services: Services, *words: str) -> turns.Reply:
    reply = turns.present(services, SID)
    for text in words:
        reply = turns.take_turn(services, SID, reply.turn, Speech(text))
    return reply


def count(services: Services, table: type) -> int:
    with services.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


WHOLE = ("there is a big pothole in the road", "twelve hundred north clark street", "yes")


def test_a_whole_conversation_files_one_report_and_hangs_up(services: Services) -> None:
    reply = say_all(services, *WHOLE)
    assert isinstance(reply.verbs[-1], HangUp)
    assert work(services, "tickets") == 1
    with services.database.read() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert isinstance(reply.verbs[0], Say)
        spoken = "".join(c for c in " ".join(reply.verbs[0].phrases) if c.isdigit())
    assert ticket.number in spoken
    assert (ticket.state, ticket.address) == ("dispatched", "1200 North Clark Street")


def test_the_same_turn_again_gives_the_same_reply_and_no_second_report(services: Services) -> None:
    before = say_all(services, *WHOLE[:2])
    first = turns.take_turn(services, SID, before.turn, Speech("yes"))
    again = turns.take_turn(services, SID, before.turn, Speech("yes"))
    other = turns.take_turn(services, SID, before.turn, Speech("no"))
    assert first == again == other
    assert count(services, Report) == 1


def test_the_same_turn_from_two_places_at_once_is_taken_once(services: Services) -> None:
    before = say_all(services, *WHOLE[:2])
    replies = race(*[lambda: turns.take_turn(services, SID, before.turn, Speech("yes"))] * 4)
    assert all(isinstance(reply, turns.Reply) for reply in replies)
    assert len(set(replies)) == 1
    assert count(services, Report) == 1
    assert count(services, Turn) == 4


def test_a_turn_that_the_call_has_not_reached_is_refused(services: Services) -> None:
    with pytest.raises(turns.OutOfStep):
        turns.take_turn(services, SID, 5, Silence())


def test_both_sides_are_written_down_in_order(services: Services) -> None:
    say_all(services, WHOLE[0])
    turns.take_turn(services, SID, 2, Keys("1"))
    with services.database.read() as session:
        lines = session.scalars(select(Utterance).order_by(Utterance.id)).all()
    assert [line.speaker for line in lines] == ["line", "caller", "line", "caller", "line"]
    assert lines[1].text == WHOLE[0]
    assert (lines[3].text, lines[3].keys) == ("", "1")


def test_a_person_nobody_there_and_a_message(services: Services) -> None:
    asked = turns.take_turn(services, SID, 1, Keys("0"))
    assert isinstance(asked.verbs[-1], JoinQueue)
    with services.database.read() as session:
        handover = session.scalars(select(Handover)).one()
    assert asked.verbs[-1].name == queue_name(handover.call_id)
    back = turns.take_turn(services, SID, asked.turn, Unanswered())
    assert isinstance(back.verbs[-1], Record)
    turns.take_turn(services, SID, back.turn, Message("RE" + "0" * 32, 9))
    work(services, "tickets")
    with services.database.read() as session:
        assert "message" in session.scalars(select(Ticket)).one().triage_reasons


def test_a_caller_who_is_cut_off_after_saying_something_has_a_ticket(services: Services) -> None:
    say_all(services, WHOLE[0])
    hang_up(services)
    work(services, "tickets")
    with services.database.read() as session:
        ticket = session.scalars(select(Ticket)).one()
    assert set(ticket.triage_reasons) == {"cut_off", "no_place"}


def test_a_caller_who_is_cut_off_when_asked_about_danger_has_a_ticket(services: Services) -> None:
    say_all(services, "the street light is out and somebody fell")
    with services.database.read() as session:
        assert session.scalars(select(Call.place)).one() == "ask_emergency"
    hang_up(services)
    work(services, "tickets")
    with services.database.read() as session:
        report = session.scalars(select(Report)).one()
    assert report.problem_text == "the street light is out and somebody fell"


def test_a_caller_who_said_nothing_leaves_no_ticket(services: Services) -> None:
    hang_up(services)
    work(services, "tickets")
    assert count(services, Ticket) == 0


def test_words_that_are_understood_after_the_call_was_settled_have_a_ticket(
    services: Services,
) -> None:
    hang_up(services)
    work(services, "tickets")
    say_all(services, WHOLE[0])
    work(services, "tickets")
    with services.database.read() as session:
        ticket = session.scalars(select(Ticket)).one()
    assert set(ticket.triage_reasons) == {"cut_off", "no_place"}


def test_a_wish_for_a_person_after_the_call_was_settled_lets_nobody_wait(
    services: Services,
) -> None:
    hang_up(services)
    work(services, "tickets")
    turns.take_turn(services, SID, 1, Keys("0"))
    with services.database.read() as session:
        assert session.scalars(select(Handover)).one().state == "abandoned"


def hang_up(services: Services) -> None:
    from infra.outbox.rows import enqueue

    with services.database.transaction() as session:
        call = session.scalars(select(Call)).one()
        end_call(session, call, status="completed", duration_s=9)
        enqueue(session, queue="tickets", job="ivr.jobs.settle", key="settle:1", args=[call.id])


def test_keys_only_when_speech_is_off(services: Services) -> None:
    services.settings = services.settings.model_copy(update={"speech_on": False})
    reply = turns.take_turn(services, SID, 1, Silence())
    listen = reply.verbs[-1]
    assert isinstance(listen, Listen)
    assert not listen.speech


def test_a_caller_in_danger_leaves_a_ticket_in_the_turn_itself(services: Services) -> None:
    say_all(services, "my neighbor collapsed at twelve hundred north clark street")
    with services.database.transaction() as session:
        ticket = session.scalars(select(Ticket)).one()
        report = session.scalars(select(Report)).one()
        assert (ticket.emergency, ticket.state) == ("collapse", "triage")
        assert "neighbor collapsed" in ticket.summary
        assert ticket.address == "1200 North Clark Street"
        assert report.caller_number == "+13125550101"
        call = session.scalars(select(Call)).one()
        end_call(session, call, status="completed", duration_s=4)
        report_cut_off(session, call)
    assert count(services, Report) == 1


def test_the_agent_of_a_caller_in_danger_sees_their_words(services: Services) -> None:
    say_all(services, "my neighbor collapsed", "no")
    with services.database.read() as session:
        handover = session.scalars(select(Handover)).one()
    assert (handover.reason, handover.draft["problem_text"]) == (
        "emergency",
        "my neighbor collapsed",
    )


def test_a_caller_in_danger_who_says_yes_is_joined_to_the_number_of_the_city(
    services: Services, chicago: City
) -> None:
    reply = say_all(services, "my neighbor collapsed", "yes")
    assert reply.verbs[-1] == DialNumber(chicago.emergency_number)


def test_who_hangs_up_when_asked_about_danger_has_told_of_one(services: Services) -> None:
    say_all(services, "there is smoke")
    with services.database.transaction() as session:
        report_cut_off(session, session.scalars(select(Call)).one())
    assert work(services, "tickets") == 1
    with services.database.read() as session:
        assert session.scalars(select(Ticket.emergency)).one() is not None


def test_who_says_no_to_danger_is_no_emergency(services: Services) -> None:
    say_all(services, "there is smoke", "no", "pothole in the road")
    with services.database.transaction() as session:
        report_cut_off(session, session.scalars(select(Call)).one())
    with services.database.read() as session:
        assert session.scalars(select(Report.emergency)).one() is None


def test_the_place_is_taken_from_the_words_of_danger_where_it_was_unclear_before(
    services: Services,
) -> None:
    say_all(
        services,
        "there is a big pothole in the road",
        "somewhere on the corner",
        "my neighbor collapsed at twelve hundred north clark street",
    )
    with services.database.read() as session:
        ticket = session.scalars(select(Ticket)).one()
    assert (ticket.emergency, ticket.address) == ("collapse", "1200 North Clark Street")
