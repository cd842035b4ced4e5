"""Files what a call has understood so far as a report."""

from __future__ import annotations

from sqlalchemy.orm import Session

from calls.models import Call
from ivr.dialogues.steps import INTERRUPTED
from tickets.models import Report
from tickets.queries import reports_of_call
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import file_report


def report_message(
    session: Session, call: Call, recording_sid: str, *, key: str = ":message"
) -> Report:
    """The report of a message left after the tone, to be checked by a person."""
    return report_draft(
        session,
        call,
        source="message",
        confirmed=False,
        key=key,
        recording_sid=recording_sid,
    )


def report_cut_off(session: Session, call: Call) -> None:
    """A caller who hung up after saying something still has a report, to be checked."""
    told = ("problem_text", "category", "place_text", INTERRUPTED)
    has_content = any(call.draft.get(name) for name in told)
    if has_content and not reports_of_call(session, call.id):
        report_draft(session, call, source="cut_off", confirmed=False)


def report_draft(
    session: Session,
    call: Call,
    *,
    source: str,
    confirmed: bool,
    key: str = "",
    recording_sid: str | None = None,
) -> Report:
    """The report of a call's draft, once for each `key` of the call.

    source: `voice`, `keys`, `message` or `cut_off`. confirmed: the caller agreed to the
    read-back. recording_sid: a message left after the tone, when that is the report.
    """
    draft = call.draft
    # Who hangs up at "Is anyone in danger?" has told what it was asked about.
    interrupted = draft.get(INTERRUPTED, {})
    return file_report(
        session,
        ReportDraft(
            source_key=f"call:{call.id}{key}",
            call_id=call.id,
            source=source,
            language=call.language,
            caller_number=call.caller_number,
            problem_text=draft.get("problem_text") or interrupted.get("text", ""),
            category=draft.get("category"),
            category_score=draft.get("category_score"),
            place=draft.get("place"),
            place_text=draft.get("place_text", ""),
            confirmed=confirmed,
            recording_sid=recording_sid,
        ),
    )
