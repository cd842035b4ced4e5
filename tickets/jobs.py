"""Work on reports after the caller's turn is committed: the ticket and the text message."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from carriers.base import Carrier, CarrierError
from config.city import City
from infra.jobs import Run, job
from tickets import actions
from tickets.models import Receipt, Report
from tickets.receipts import receipt_text


@job
def open_ticket(run: Run, report_id: int) -> None:
    """Make the ticket of a report, at its department or in the queue to be checked."""
    with run.finish() as session:
        actions.open_ticket(session, run.get(City), session.get_one(Report, report_id))


@job
def send_receipt(run: Run, report_id: int) -> None:
    """Send the number by text message: intent first, and a look before any repetition."""
    with run.database.transaction() as session:
        report = session.get_one(Report, report_id)
        receipt = actions.plan_receipt(session, report, receipt_text(run.get(City), report))
        if receipt.state in ("sent", "refused"):
            return
        tried_before = receipt.state == "sending"
        receipt.state = "sending"
        to, body, planned_at = receipt.to_number, receipt.body, receipt.planned_at
    carrier = run.get(Carrier)
    sid = carrier.find_sms(to=to, body=body, since=planned_at) if tried_before else None
    try:
        sid = sid or carrier.send_sms(to=to, body=body)
    except CarrierError as error:
        if not error.permanent:
            raise
        with run.finish() as session:
            actions.receipt_refused(_receipt(session, report_id), error.code)
        return
    with run.finish() as session:
        actions.receipt_sent(_receipt(session, report_id), sid)


def _receipt(session: Session, report_id: int) -> Receipt:
    return session.scalars(select(Receipt).where(Receipt.report_id == report_id)).one()
