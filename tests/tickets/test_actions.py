"""Reports become tickets, and tickets go through people's hands; on real databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from carriers.base import CarrierError
from config.city import City
from infra.db import Database
from infra.lifecycle import NotAllowed
from infra.outbox.rows import Outbox
from infra.outbox.work import work
from infra.services import Services
from places.place import Place
from tests.races import race
from tests.tickets.conftest import CALLER, PaperCarrier, a_report, work_all
from tickets import actions, queries
from tickets.actions import TicketError
from tickets.models import Receipt, Report, Ticket, TicketEvent
from tickets.reports import filing
from tickets.reports.numbers import is_number
from tickets.reports.receipts import can_receive
from tickets.triage import actions as triage

AT_HOME = Place("1200 North Clark Street", district="Gold Coast", lat=41.9, lon=-87.6)


def only_ticket(database: Database) -> Ticket:
    """The one ticket there is."""
    with database.read() as session:
        return session.scalars(select(Ticket)).one()


def due_now(database: Database) -> None:
    """Let whatever was put off be due."""
    with database.transaction() as session:
        for row in session.scalars(select(Outbox).where(Outbox.state == "waiting")):
            row.next_at = row.next_at - timedelta(hours=2)


def test_a_clear_report_becomes_a_ticket_in_its_departments_inbox(
    services: Services, filed: Callable[..., str]
) -> None:
    number = filed()
    assert is_number(number)
    with services.database.read() as session:
        (case,) = queries.inbox(session, "streets")
        assert queries.inbox(session, "forestry") == []
        assert queries.tickets_in_triage(session) == []
    assert case.ticket.number == number
    assert case.ticket.address == "1200 North Clark Street"
    assert case.ticket.summary == "there is a hole in the road"


def test_the_same_report_twice_is_one_ticket_and_one_message(
    services: Services, carrier: PaperCarrier, filed: Callable[..., str]
) -> None:
    first, second = filed(), filed()
    assert first == second
    with services.database.read() as session:
        assert len(session.scalars(select(Report)).all()) == 1
        assert len(session.scalars(select(Ticket)).all()) == 1
        events = session.scalars(select(TicketEvent)).all()
    assert [event.action for event in events] == ["opened"]
    assert len(carrier.sent) == 1


def test_two_who_file_the_same_report_at_once_get_the_same_number(database: Database) -> None:
    def file() -> str:
        with database.transaction() as session:
            return a_report(session).number

    numbers = race(*[file] * 4)
    assert all(isinstance(number, str) for number in numbers)
    assert len(set(numbers)) == 1


def test_reports_filed_together_have_numbers_of_their_own(database: Database) -> None:
    with database.transaction() as session:
        numbers = {a_report(session, f"call:{n}").number for n in range(20)}
    assert len(numbers) == 20


def test_a_report_that_fails_with_its_turn_leaves_nothing_behind(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as session:
            a_report(session)
            raise RuntimeError("the turn failed")

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as session:
        assert session.scalars(select(Report)).all() == []
        assert session.scalars(select(Outbox)).all() == []


def test_an_uncertain_report_waits_in_the_queue_to_be_checked(
    services: Services, filed: Callable[..., str]
) -> None:
    filed(category=None, category_score=None)
    with services.database.read() as session:
        (case,) = queries.tickets_in_triage(session)
        assert queries.inbox(session, None) == []
    assert case.ticket.triage_reasons == ["no_category"]
    assert case.ticket.deadline_at is not None


def test_the_deadline_counts_from_the_filing_however_late_the_job_runs(
    services: Services, city: City
) -> None:
    filed_at = datetime(2026, 6, 1, 15, tzinfo=UTC)
    with time_machine.travel(filed_at, tick=False) as clock:
        with services.database.transaction() as session:
            a_report(session)
        clock.shift(timedelta(hours=9))
        work_all(services)
    assert only_ticket(services.database).deadline_at == filed_at + timedelta(days=7)


def test_checking_sends_a_ticket_on_and_keeps_the_start_of_its_clock(
    services: Services, city: City, filed: Callable[..., str]
) -> None:
    filed_at = datetime(2026, 6, 1, 15, tzinfo=UTC)
    with time_machine.travel(filed_at, tick=False) as clock:
        filed(category=None, place=None, place_text="by the old mill")
        clock.shift(timedelta(hours=20))
        with services.database.transaction() as session:
            triage.check_ticket(
                session,
                city,
                only_ticket(services.database).id,
                category="water_leak",
                department="water",
                place=AT_HOME,
                actor="staff:7",
                note="called back",
            )
    ticket = only_ticket(services.database)
    priority = city.priority_of(ticket.category)
    assert ticket.state == "dispatched"
    assert ticket.triage_reasons == []
    assert ticket.department == "water"
    assert ticket.address == "1200 North Clark Street"
    assert ticket.deadline_at == filed_at + timedelta(hours=priority.hours)
    with services.database.read() as session:
        event = queries.history(session, ticket.id)[-1]
    assert event.note == "called back"
    assert event.changes["department"] == ["service_centre", "water"]


@pytest.mark.parametrize(
    "changes",
    [
        {"category": "unicorn"},
        {"category": ""},
        {"department": "nobody"},
        {"place": Place(" ")},
        {"place": Place("here", district="Atlantis")},
    ],
)
def test_what_the_city_does_not_have_is_not_sent_on(
    services: Services, city: City, filed: Callable[..., str], changes: dict[str, Any]
) -> None:
    filed(category=None)
    values: dict[str, Any] = {"category": "pothole", "department": "streets", "place": AT_HOME}
    values |= changes
    with pytest.raises(TicketError), services.database.transaction() as session:
        triage.check_ticket(
            session, city, only_ticket(services.database).id, actor="staff:7", **values
        )
    assert only_ticket(services.database).state == "triage"


def test_a_ticket_goes_from_signature_to_report(
    services: Services, filed: Callable[..., str]
) -> None:
    filed()
    ticket_id = only_ticket(services.database).id
    states = []
    with services.database.transaction() as session:
        states.append(actions.acknowledge(session, ticket_id, actor="staff:3").state)
        states.append(actions.start_work(session, ticket_id, actor="staff:3").state)
        done = actions.report_done(session, ticket_id, note="filled it", actor="staff:3")
        states.append(done.state)
    assert states == ["acknowledged", "working", "reported"]
    with services.database.read() as session:
        told = [(e.action, e.actor, e.note) for e in queries.history(session, ticket_id)]
        assert queries.counts(session, "streets") == {
            "open": 0,
            "new": 0,
            "at_work": 0,
            "reported": 1,
        }
    assert told == [
        ("opened", "job", ""),
        ("acknowledged", "staff:3", ""),
        ("started", "staff:3", ""),
        ("reported_done", "staff:3", "filled it"),
    ]


def test_signing_twice_and_reporting_without_words_is_refused(
    services: Services, filed: Callable[..., str]
) -> None:
    filed()
    ticket_id = only_ticket(services.database).id
    with services.database.transaction() as session:
        actions.acknowledge(session, ticket_id, actor="staff:3")
    with pytest.raises(NotAllowed), services.database.transaction() as session:
        actions.acknowledge(session, ticket_id, actor="staff:4")
    with pytest.raises(TicketError), services.database.transaction() as session:
        actions.report_done(session, ticket_id, note="  ", actor="staff:3")
    with pytest.raises(NotAllowed), services.database.transaction() as session:
        actions.acknowledge(session, 999_999, actor="staff:3")
    with services.database.read() as session:
        assert len(queries.history(session, ticket_id)) == 2


def test_only_one_of_two_people_signs_for_a_ticket(
    services: Services, filed: Callable[..., str]
) -> None:
    filed()
    ticket_id = only_ticket(services.database).id
    won: list[str] = []
    start = threading.Barrier(2)

    def sign(actor: str) -> None:
        start.wait()
        try:
            with services.database.transaction() as session:
                actions.acknowledge(session, ticket_id, actor=actor)
            won.append(actor)
        except NotAllowed:
            pass

    threads = [threading.Thread(target=sign, args=(f"staff:{n}",)) for n in (3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_returned_ticket_is_sent_on_once_and_then_waits_for_a_ruling(
    services: Services, city: City, filed: Callable[..., str]
) -> None:
    filed()
    ticket_id = only_ticket(services.database).id
    due = only_ticket(services.database).deadline_at
    for state, reason in (("returned", "returned"), ("arbitration", "arbitration")):
        with services.database.transaction() as session:
            actions.return_ticket(session, ticket_id, reason="a state road", actor="staff:3")
        ticket = only_ticket(services.database)
        assert (ticket.state, ticket.triage_reasons) == (state, [reason])
        with services.database.transaction() as session:
            triage.check_ticket(
                session,
                city,
                ticket_id,
                category="pothole",
                department="streets",
                place=AT_HOME,
                actor="staff:7",
            )
    assert only_ticket(services.database).deadline_at == due


def test_a_messages_words_reach_its_ticket_once(
    services: Services, filed: Callable[..., str]
) -> None:
    filed(source="message", problem_text="", category=None, place=None, place_text="")
    with services.database.transaction() as session:
        report = session.scalars(select(Report)).one()
        filing.add_transcript(session, report.id, "the street light is out")
        filing.add_transcript(session, report.id, "something else")
    assert only_ticket(services.database).summary == "the street light is out"


def test_a_report_left_without_a_ticket_is_shown_and_can_be_opened_by_hand(
    services: Services, city: City
) -> None:
    with time_machine.travel(datetime(2026, 6, 1, 15, tzinfo=UTC), tick=False) as clock:
        with services.database.transaction() as session:
            report = a_report(session)
        with services.database.read() as session:
            assert queries.stuck_reports(session) == []
        clock.shift(timedelta(minutes=2))
        with services.database.read() as session:
            assert [r.id for r in queries.stuck_reports(session)] == [report.id]
        with services.database.transaction() as session:
            triage.open_by_hand(session, city, report.id, actor="staff:7")
        with services.database.read() as session:
            assert queries.stuck_reports(session) == []
            (case,) = queries.tickets_in_triage(session)
        assert case.ticket.triage_reasons == ["trouble"]
        work_all(services)
    assert only_ticket(services.database).state == "triage"


def test_the_receipt_names_number_place_department_and_deadline(
    carrier: PaperCarrier, filed: Callable[..., str]
) -> None:
    number = filed()
    ((to, body),) = carrier.sent
    assert to == CALLER
    for part in (number, "1200 North Clark Street", "Streets"):
        assert part in body
    assert len(body) <= 160


def test_an_uncertain_report_gets_a_receipt_that_promises_nothing(
    carrier: PaperCarrier, filed: Callable[..., str]
) -> None:
    number = filed(category=None)
    ((_, body),) = carrier.sent
    assert number in body
    assert "Due" not in body


@pytest.mark.parametrize(
    ("number", "possible"),
    [
        (CALLER, True),
        ("+13128675309", True),
        ("+821012345678", True),
        ("anonymous", False),
        ("", False),
        ("+266696687", False),
        ("3125550123", False),
        ("client:agent_3", False),
        ("+1312", False),
    ],
)
def test_only_a_whole_number_gets_a_message(
    services: Services,
    carrier: PaperCarrier,
    filed: Callable[..., str],
    number: str,
    possible: bool,
) -> None:
    filed(caller_number=number)
    assert can_receive(number) is possible
    assert len(carrier.sent) == possible


def test_a_message_whose_answer_got_lost_is_not_sent_again(
    services: Services, carrier: PaperCarrier, filed: Callable[..., str]
) -> None:
    carrier.after_sending.append(CarrierError("the answer got lost", permanent=False))
    filed()
    due_now(services.database)
    work_all(services)
    assert len(carrier.sent) == 1
    with services.database.read() as session:
        receipt = session.scalars(select(Receipt)).one()
    assert (receipt.state, receipt.carrier_sid) == ("sent", f"SM{1:032d}")


def test_a_message_that_never_left_is_sent_later(
    services: Services, carrier: PaperCarrier, filed: Callable[..., str]
) -> None:
    carrier.fails.append(CarrierError("busy", permanent=False))
    filed()
    assert carrier.sent == []
    due_now(services.database)
    work_all(services)
    assert len(carrier.sent) == 1


def test_a_refusal_of_the_carrier_is_final(
    services: Services, carrier: PaperCarrier, filed: Callable[..., str]
) -> None:
    carrier.fails.append(CarrierError("not a mobile", permanent=True, code=21614))
    filed()
    due_now(services.database)
    work(services, "sms")
    assert carrier.sent == []
    with services.database.read() as session:
        receipt = session.scalars(select(Receipt)).one()
        row = session.scalars(select(Outbox).where(Outbox.queue == "sms")).one()
    assert (receipt.state, receipt.error_code, row.state) == ("refused", "21614", "done")


def test_a_ticket_is_told_as_json(services: Services, filed: Callable[..., str]) -> None:
    number = filed()
    with services.database.read() as session:
        told = queries.ticket_json(session, number)
        assert queries.ticket_json(session, "10000000") is None
    assert told is not None
    expected: dict[str, Any] = {
        "number": number,
        "state": "dispatched",
        "category": "pothole",
        "department": "streets",
        "district": "Gold Coast",
        "address": "1200 North Clark Street",
        "source": "voice",
        "triage_reasons": [],
        "call_sid": None,
        "receipt": "sent",
    }
    assert told.items() >= expected.items()
    assert [event["action"] for event in told["history"]] == ["opened"]
