"""The fields that Twilio posts, as a message (Twilio, "Request parameters", per verb and callback).

Every parameter of Twilio begins with a capital, those of our agents' browsers do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from carriers.base import CarrierRequest
from carriers.messages import (
    AnsweredBy,
    CarrierMessage,
    CarrierRecording,
    Dialled,
    MessageError,
    QueueResult,
    RecordedBy,
)

_SID = re.compile(r"^[A-Z]{2}[0-9a-f]{32}$")
_CLIENT = "client:"
_QUEUE_RESULTS = {
    "bridged": QueueResult.CONNECTED,
    "redirected-from-bridged": QueueResult.CONNECTED,
    "redirected": QueueResult.REDIRECTED,
    "hangup": QueueResult.HUNG_UP,
    "leave": QueueResult.LEFT,
    "queue-full": QueueResult.REFUSED,
    "system-error": QueueResult.REFUSED,
    "error": QueueResult.FAILED,
}


def _answered_by(text: str) -> AnsweredBy | None:
    """Twilio says `machine_start` and several `machine_end_...`."""
    kind = text.partition("_")[0]
    return AnsweredBy(kind) if kind in set(AnsweredBy) else None


def read(request: CarrierRequest) -> CarrierMessage:
    """What the carrier says. Raises MessageError for an id of another shape."""
    form = request.form
    return CarrierMessage(
        route=request.route,
        args=request.args,
        call_sid=_sid(form, "CallSid", "CA"),
        from_number=form.get("From", ""),
        to_number=form.get("To", ""),
        client=client_of(form.get("From", "")),
        direction=form.get("Direction", ""),
        status=form.get("CallStatus", ""),
        sequence=form.get("SequenceNumber", ""),
        duration_s=_number(form, "CallDuration"),
        keys=_keys(form.get("Digits", "")),
        recording=_recording(form),
        queue_result=_QUEUE_RESULTS.get(form.get("QueueResult", "")),
        queued_s=_number(form, "QueueTime"),
        answered_by=_answered_by(form.get("AnsweredBy", "")),
        dialled=_dialled(form),
        parameters={name: text for name, text in form.items() if name[:1].islower()},
        repeat_token=request.header("I-Twilio-Idempotency-Token"),
        fields=form,
    )


def client_of(address: str) -> str:
    """The identity of a browser phone; empty for every other address."""
    return address.removeprefix(_CLIENT) if address.startswith(_CLIENT) else ""


def recorded_by(source: str) -> RecordedBy:
    """What made a recording (Twilio, RecordingSource)."""
    return RecordedBy.VERB if source == "RecordVerb" else RecordedBy.CALL


def _keys(digits: str) -> str | None:
    """A recording that ends with the call reports `hangup` where its key would be."""
    keys = digits.replace("hangup", "")
    return keys.rstrip("#") if keys else None


def _recording(form: Mapping[str, str]) -> CarrierRecording | None:
    """The recording that is spoken of. It is asked for by its id; its address is only read for
    that, where a `<Record>` gives no other (Twilio, "Record: request parameters")."""
    sid = form.get("RecordingSid", form.get("RecordingUrl", "").rsplit("/", 1)[-1])
    if not sid:
        return None
    return CarrierRecording(
        sid=_checked(sid, "RE"),
        call_sid=_sid(form, "CallSid", "CA"),
        status=form.get("RecordingStatus", ""),
        channels=2 if form.get("RecordingChannels") == "2" else 1,
        duration_s=_number(form, "RecordingDuration"),
        recorded_by=recorded_by(form.get("RecordingSource", "")),
        started_at=_time(form.get("RecordingStartTime", "")),
    )


def _dialled(form: Mapping[str, str]) -> Dialled | None:
    """What an action is told of its `<Dial>` (Twilio, "TwiML Voice: <Dial>")."""
    if "DialCallStatus" not in form:
        return None
    return Dialled(
        sid=_sid(form, "DialCallSid", "CA"),
        connected=form["DialCallStatus"] in ("completed", "answered"),
        duration_s=_number(form, "DialCallDuration") or 0,
    )


def _sid(form: Mapping[str, str], name: str, prefix: str) -> str:
    return _checked(form[name], prefix) if form.get(name) else ""


def _checked(sid: str, prefix: str) -> str:
    if not _SID.match(sid) or not sid.startswith(prefix):
        raise MessageError(f"expected {prefix} and 32 hexadecimal digits")
    return sid


def _number(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "")
    return int(text) if text.isdecimal() else None


def _time(text: str) -> datetime | None:
    """An RFC 2822 time; None when there is none or it is not one."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
