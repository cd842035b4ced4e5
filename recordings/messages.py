"""Messages left after the tone: their words reach the report, and none stays without one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from calls.models import Call
from infra.clock import now
from recordings.life import AUDIBLE
from recordings.models import Recording
from tickets.models import Report
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import add_transcript, file_report

_ORPHAN_AFTER = timedelta(minutes=10)
_LOOK_BACK = timedelta(days=2)


def give_text(session: Session, recording: Recording) -> None:
    """Give a message's words to the report that was made of it, if the report has none."""
    if recording.purpose != "message" or not recording.text:
        return
    report = session.scalar(select(Report).where(Report.recording_sid == recording.carrier_sid))
    if report is not None and not report.problem_text:
        add_transcript(session, report.id, recording.text)


def give_texts(session: Session) -> None:
    """The same for every message whose report came after its words."""
    found = session.scalars(
        select(Recording)
        .join(Report, Report.recording_sid == Recording.carrier_sid)
        .where(Recording.purpose == "message", Recording.text != "", Report.problem_text == "")
    )
    for recording in found.all():
        give_text(session, recording)


def adopt(session: Session) -> None:
    """File a report for a message whose own webhook never reached us.

    The key is the one that the dialogue uses, so that a late webhook makes no second report.
    """
    moment = now()
    found = session.execute(
        select(Recording, Call)
        .join(Call, Call.id == Recording.call_id)
        .outerjoin(Report, Report.recording_sid == Recording.carrier_sid)
        .where(Recording.purpose == "message", Recording.state.in_(AUDIBLE), Report.id.is_(None))
        .where(Recording.announced_at > moment - _LOOK_BACK)
        .where(Recording.announced_at < moment - _ORPHAN_AFTER)
    )
    for recording, call in found.all():
        file_report(
            session,
            ReportDraft(
                source_key=f"call:{call.id}:message",
                call_id=call.id,
                source="message",
                language=call.language,
                caller_number=call.from_number,
                problem_text=recording.text,
                recording_sid=recording.carrier_sid,
            ),
        )
