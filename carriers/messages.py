"""What a telephone network tells us, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

ENDED = ("completed", "busy", "failed", "no-answer", "canceled")
"""Statuses of a call that is over."""


class MessageError(ValueError):
    """A message of the carrier that cannot be read; names what was expected."""


class QueueResult(StrEnum):
    """Why a caller is out of a queue."""

    CONNECTED = "connected"
    """Somebody took them, and that is over."""
    REDIRECTED = "redirected"
    HUNG_UP = "hung_up"
    LEFT = "left"
    """We took them out."""
    REFUSED = "refused"
    """The queue does not take them, now or again."""
    FAILED = "failed"
    """A bridge failed at its start: they can go on waiting."""


class RecordedBy(StrEnum):
    """What a recording was made by."""

    CALL = "call"
    """The whole call, or a part that was asked for beside it."""
    VERB = "verb"
    """`carriers.verbs.Record` or `Listen`: what one caller said after a tone."""


class AnsweredBy(StrEnum):
    """Who or what took a call that we placed, as far as the carrier could tell."""

    HUMAN = "human"
    MACHINE = "machine"
    FAX = "fax"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CarrierRecording:
    """A recording in the carrier's records. status: `in-progress`, `completed`, `absent`, ..."""

    sid: str
    call_sid: str
    status: str
    channels: int
    duration_s: int | None
    recorded_by: RecordedBy
    started_at: datetime | None


@dataclass(frozen=True)
class Dialled:
    """What came of `carriers.verbs.DialNumber`. sid: of the other leg; empty if none was made."""

    sid: str
    connected: bool
    duration_s: int


@dataclass(frozen=True)
class CarrierMessage:
    """One request of the carrier, read: what it says, and the parameters of our own address.

    route, args: the address it was sent to, as we gave it. fields: everything as it came, to
    be kept, never to be looked into.
    """

    route: str
    args: Mapping[str, str]
    call_sid: str = ""
    """The leg it is about; empty for a recording of several."""
    from_number: str = ""
    to_number: str = ""
    client: str = ""
    """Identity of the browser phone that calls, as our own token names it; else empty."""
    direction: str = ""
    """`inbound` or `outbound-...`."""
    status: str = ""
    """`queued`, `ringing`, `in-progress`, or one of ENDED."""
    sequence: str = ""
    """Tells messages of one call about the same status apart."""
    duration_s: int | None = None
    keys: str | None = None
    """Keys pressed, without a finishing `#`; None when there were none."""
    recording: CarrierRecording | None = None
    queue_result: QueueResult | None = None
    queued_s: int | None = None
    answered_by: AnsweredBy | None = None
    dialled: Dialled | None = None
    """Of a call that we placed; None where nothing was detected."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What a browser phone of ours sent along."""
    repeat_token: str = ""
    """The same when the carrier sends the same request again; empty when it gave none."""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """Carrier's id of what it is about: a call, or a recording. Raises MessageError."""
        found = self.call_sid or (self.recording.sid if self.recording else "")
        if not found:
            raise MessageError("expected the id of a call or of a recording")
        return found


@dataclass(frozen=True)
class Speech:
    """Words the caller said; `confidence` is the mean of the words', 0 to 1."""

    text: str
    confidence: float = 1.0


@dataclass(frozen=True)
class Keys:
    """Keys the caller pressed, without a finishing `#`."""

    digits: str


@dataclass(frozen=True)
class Silence:
    """Nothing was said or pressed in the time for an answer."""


@dataclass(frozen=True)
class Unheard:
    """Nothing of ours can recognise what the caller says, now or in good time."""


@dataclass(frozen=True)
class Message:
    """A recording the caller left after the tone: its carrier id and length."""

    recording_sid: str
    duration_s: int


@dataclass(frozen=True)
class Unanswered:
    """No person came in time; the caller is back from the queue."""


Heard = Speech | Keys | Silence | Unheard | Message | Unanswered

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Speech, Keys, Silence, Unheard, Message, Unanswered)
}


def to_json(heard: Heard) -> dict[str, Any]:
    """The message as plain values for the database."""
    return {"heard": type(heard).__name__, **asdict(heard)}


def from_json(stored: dict[str, Any]) -> Heard:
    """The message that `to_json` stored."""
    item = dict(stored)
    kind = _KINDS[item.pop("heard")]
    heard: Heard = kind(**item)
    return heard
