"""What the carrier tells us about recordings."""

from __future__ import annotations

from sqlalchemy.orm import Session

from calls.webhooks import answered_once
from carriers.messages import CarrierMessage, CarrierRecording, MessageError
from carriers.verbs import Verbs
from recordings import actions
from web.webhooks import callback, webhook_blueprint

blueprint = webhook_blueprint("recordings_webhooks", __name__, "/recordings")


def _status_key(message: CarrierMessage) -> str:
    recording = _recording(message)
    return f"{recording.sid}:{recording.status}"


@blueprint.post("/status")
@callback
@answered_once(_status_key)
def status(session: Session, message: CarrierMessage) -> Verbs:
    """A recording is complete, or there is none."""
    actions.register_told(session, _recording(message))
    return ()


def _recording(message: CarrierMessage) -> CarrierRecording:
    if message.recording is None:
        raise MessageError("expected the id of a recording")
    return message.recording
