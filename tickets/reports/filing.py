"""Files reports and reserves their numbers. Actions take a session and never commit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from infra.db import add_once
from infra.outbox.rows import enqueue
from tickets.history import write_event
from tickets.models import Report, Ticket, TicketNumber
from tickets.reports.draft import ReportDraft
from tickets.reports.numbers import number_of
from tickets.reports.receipts import can_receive


def reserve_number(session: Session) -> str:
    """Take the next ticket number; it is never given again, even if it stays unused."""
    taken = TicketNumber()
    session.add(taken)
    session.flush()
    return number_of(taken.id)


def file_report(session: Session, draft: ReportDraft) -> Report:
    """Keep what was reported, reserve its number, and ask for ticket and receipt.

    The same `source_key` again, also at the same moment, gives the first report back.
    """
    known = session.scalar(_by_source(draft.source_key))
    if known is not None:
        return known
    numbered = {"number": reserve_number(session), **_columns(draft)}
    report = add_once(session, Report, numbered)
    if report is None:
        return session.scalars(_by_source(draft.source_key)).one()
    _ask(session, "tickets", "open_ticket", report.id)
    # A text message could betray a caller to whoever threatens them and has their telephone.
    if can_receive(draft.caller_number) and draft.emergency is None:
        _ask(session, "sms", "send_receipt", report.id)
    return report


def add_transcript(session: Session, report_id: int, text: str) -> None:
    """Fill a message's report with its words, once they are recognised. May be repeated."""
    report = session.get_one(Report, report_id)
    if report.problem_text or not text:
        return
    report.problem_text = text
    ticket = session.scalar(select(Ticket).where(Ticket.report_id == report_id))
    if ticket is not None and not ticket.summary:
        ticket.summary = text
        write_event(session, ticket, "transcribed", "job")


def _columns(draft: ReportDraft) -> dict[str, Any]:
    columns = vars(draft).copy()
    columns["place"] = dict(draft.place) if draft.place else None
    return columns


def _by_source(source_key: str) -> Select[Report]:
    return select(Report).where(Report.source_key == source_key)


def _ask(session: Session, queue: str, job: str, report_id: int) -> None:
    enqueue(
        session,
        queue=queue,
        job=f"tickets.jobs.{job}",
        key=f"{job}:{report_id}",
        args=[report_id],
    )
