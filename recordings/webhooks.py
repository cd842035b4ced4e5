"""What the carrier tells us about recordings."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sqlalchemy.orm import Session

from calls.events import checked_sid
from calls.webhooks import answered_once
from recordings import actions, queries
from web.webhooks import Fields, callback, webhook_blueprint

blueprint = webhook_blueprint("recordings_webhooks", __name__, "/recordings")


def _status_key(fields: Fields) -> str:
    return f"{fields.text('RecordingSid')}:{fields.text('RecordingStatus')}"


@blueprint.post("/status")
@callback
@answered_once(_status_key)
def status(session: Session, fields: Fields) -> str:
    """A recording is complete, or there is none (twilio.md, recordingStatusCallback).

    The address in the message is never used: the file is asked for by its id alone.
    """
    sid = checked_sid(fields.text("RecordingSid"), "RE")
    actions.register(
        session,
        carrier_sid=sid,
        call_sid=checked_sid(fields.text("CallSid"), "CA") if fields.text("CallSid") else "",
        purpose=queries.purpose_of(session, sid, fields.text("RecordingSource")),
        status=fields.text("RecordingStatus"),
        channels=2 if fields.text("RecordingChannels") == "2" else 1,
        duration_s=fields.number("RecordingDuration"),
        started_at=_time(fields.text("RecordingStartTime")),
    )
    return ""


def _time(text: str) -> datetime | None:
    """An RFC 2822 time of the carrier; None when there is none or it is not one."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
