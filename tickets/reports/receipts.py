"""What a caller is told about their report: by text message, and at the end of the call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import phonenumbers
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.city import City, own_prompts
from infra.clock import now
from infra.events import publish
from tickets.deadlines import deadline
from tickets.life import ReceiptState
from tickets.models import Receipt, Report, Ticket
from tickets.triage.routing import route
from voice.dates import spoken_deadline
from voice.prompts import Prompts


def can_receive(number: str) -> bool:
    """Whether a text message can be sent there: a whole, valid E.164 number, not withheld.

    Numbers set aside for examples (`+1 312 555 01xx`) count, so that a rehearsal is whole.
    """
    if not number.startswith("+"):
        return False
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(parsed) or _is_example(parsed)


def receipt_text(city: City, report: Report) -> str:
    """The text message for a report: number, matter, place, who acts and by when."""
    prompts = Prompts(report.language)
    title = own_prompts(city.name, report.language, city.folder).title
    way = route(city, report, filed_at=report.filed_at)
    if report.category is None or way.triage_reasons:
        return prompts.message("sms_receipt_short", city=title, number=report.number)
    due = way.deadline_at.astimezone(city.zone)
    return prompts.message(
        "sms_receipt",
        city=title,
        number=report.number,
        category=city.category(report.category).spoken_name(report.language),
        place=way.place.address,
        department=city.department_of(report.category).spoken_name(report.language),
        deadline=prompts.word("due_written").format(due=due),
    )


def promise(city: City, category: str | None, filed_at: datetime, language: str) -> dict[str, Any]:
    """Who acts and by when, as the line says it; empty when a person must decide first."""
    if category is None:
        return {}
    due = deadline(city, city.priority_of(category), filed_at).astimezone(city.zone)
    return {
        "department": city.department_of(category).spoken_name(language),
        "deadline": spoken_deadline(due, filed_at.astimezone(city.zone), language),
    }


def begin_receipt(session: Session, city: City, report_id: int) -> tuple[Receipt, bool]:
    """Write the intent to send before anything is sent.

    Returns the receipt and whether somebody may have sent it before: then look first.
    """
    report = session.get_one(Report, report_id)
    receipt = session.scalar(select(Receipt).where(Receipt.report_id == report_id))
    tried_before = receipt is not None
    if receipt is None:
        receipt = Receipt(
            report_id=report_id,
            to_number=report.caller_number,
            body=receipt_text(city, report),
            state=ReceiptState.SENDING,
        )
        session.add(receipt)
        session.flush()
    return receipt, tried_before


def receipt_sent(session: Session, report_id: int, carrier_sid: str) -> None:
    """The carrier took the message."""
    receipt = _receipt(session, report_id)
    receipt.state, receipt.carrier_sid, receipt.sent_at = ReceiptState.SENT, carrier_sid, now()
    _tell(session, report_id)


def receipt_refused(session: Session, report_id: int, code: int | None) -> None:
    """The carrier will not send it, whatever we do."""
    receipt = _receipt(session, report_id)
    receipt.state, receipt.error_code = ReceiptState.REFUSED, str(code or "")
    _tell(session, report_id)


def _receipt(session: Session, report_id: int) -> Receipt:
    return session.scalars(select(Receipt).where(Receipt.report_id == report_id)).one()


def _tell(session: Session, report_id: int) -> None:
    ticket_id = session.scalar(select(Ticket.id).where(Ticket.report_id == report_id))
    if ticket_id is not None:
        publish(session, "ticket", ticket_id)


def _is_example(parsed: phonenumbers.PhoneNumber) -> bool:
    """555-0100 to 555-0199 are for examples in North America (NANPA)."""
    national = str(parsed.national_number)
    return parsed.country_code == 1 and len(national) == 10 and national[3:8] == "55501"
