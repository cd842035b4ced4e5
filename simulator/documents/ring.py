"""What is asked when the account calls somebody."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.calls.status_callback import StatusCallback
from simulator.documents.detection import Detection
from simulator.registries.recordings import RecordTerms
from simulator.settings import Hook
from simulator.webhooks.webhook import Form


@dataclass(frozen=True)
class Ring:
    """A call to be made.

    timeout_s: how long it may ring. hook, inline: what it runs once answered; neither: it is led by
    whoever placed it. parent_sid: the call whose <Dial> placed it. detection: judge who answered.
    record: record it from its answer.
    """

    to: str
    from_: str
    timeout_s: float = 60.0
    direction: str = "outbound-api"
    hook: Hook | None = None
    inline: str = ""
    parent_sid: str = ""
    progress: StatusCallback = field(default_factory=StatusCallback)
    params: Form = ()
    send_digits: str = ""
    time_limit_s: float = 14_400.0
    detection: Detection | None = None
    record: RecordTerms | None = None
