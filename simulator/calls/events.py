"""What happened on each call, as it happened: the ground truth.

An event is a plain dictionary: `event` (its kind), `at_s` (line time since the call began),
`call_sid`, and the kind's own facts. Kinds: call, webhook, twiml, verb, status, heard, said, keys,
sms, stream, recording, transcription, queue, conference, dial, refer, detection, transferred,
released, feedback, fault (one struck), repeat (a request sent again), error, ended (the call), end
(its script). SCENARIOS.md lists their facts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.listeners import Listeners

Event = dict[str, Any]
Listener = Callable[[Event], None]


class EventLog:
    """The events of one call, and who follows them."""

    def __init__(self, call_sid: str, now_s: Callable[[], float]) -> None:
        self.events: list[Event] = []
        self._call_sid = call_sid
        self._now_s = now_s
        self._began_s = now_s()
        self._listeners: Listeners[Event] = Listeners()

    @property
    def age_s(self) -> float:
        """Line time since the call began."""
        return self._now_s() - self._began_s

    def add(self, kind: str, /, **facts: Any) -> Event:
        """Note what happened now."""
        event = {"event": kind, "at_s": round(self.age_s, 2), "call_sid": self._call_sid, **facts}
        self.events.append(event)
        self._listeners.tell(event)
        return event

    def follow(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of each new event until the returned function is called."""
        return self._listeners.add(listener)
