"""Work on reports after the caller's turn is committed: the ticket and the text message."""

from __future__ import annotations

from datetime import timedelta

from carriers.base import Carrier, CarrierError
from config.city import City
from infra.outbox.jobs import Run, job
from tickets.life import ReceiptState
from tickets.models import Receipt, Report
from tickets.reports import receipts
from tickets.triage import actions as triage

_CLOCKS_DIFFER = timedelta(minutes=2)


@job
def open_ticket(run: Run, report_id: int) -> None:
    """Make the ticket of a report, at its department or in the queue to be checked."""
    with run.finish() as session:
        triage.open_ticket(session, run.get(City), session.get_one(Report, report_id))


@job
def send_receipt(run: Run, report_id: int) -> None:
    """Send the number by text message: intent first, and a look before any repetition."""
    with run.database.transaction("tickets.jobs.send_receipt.intent") as session:
        receipt, tried_before = receipts.begin_receipt(session, run.get(City), report_id)
    if receipt.state != ReceiptState.SENDING:
        return
    carrier = run.get(Carrier)
    sid = _sent_before(carrier, receipt) if tried_before else None
    try:
        sid = sid or carrier.send_sms(to=receipt.to_number, body=receipt.body)
    except CarrierError as error:
        if not error.permanent:
            raise
        with run.finish() as session:
            receipts.receipt_refused(session, report_id, error.code)
        return
    with run.finish() as session:
        receipts.receipt_sent(session, report_id, sid)


def _sent_before(carrier: Carrier, receipt: Receipt) -> str | None:
    """The message an earlier attempt may have sent before it could write that down."""
    since = receipt.planned_at - _CLOCKS_DIFFER
    return carrier.find_sms(to=receipt.to_number, body=receipt.body, since=since)
