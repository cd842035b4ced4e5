"""Messages left after the tone: their words reach the report that was made of them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from recordings.models import Recording
from tickets.models import Report
from tickets.reports.filing import add_transcript


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
