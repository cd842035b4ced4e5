"""Whoever is on the phone in a browser: a leg's endpoint between the line and a socket."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from simulator.calls.legs import Endpoint, Notice
from simulator.sound.audio import FRAME_BYTES

START_FRAMES = 2
"""Spoken frames held back before the line takes any, against uneven arrival: 40 ms."""
MOST_FRAMES = 8
"""160 ms; when more wait, the oldest are dropped, so that the caller is heard live."""
MOST_UNSENT = 150
"""3 s of sound that a stalled browser has not taken; later frames are dropped."""

REASONS = {
    "busy": "The number is busy",
    "no-answer": "Nobody answered",
    "failed": "The call failed",
    "canceled": "The call was cancelled",
}

Outbox = asyncio.Queue["bytes | Mapping[str, Any]"]


class Handset(Endpoint):
    """One call of one browser. `ref` is the browser's name for the call."""

    def __init__(self, ref: str, outbox: Outbox) -> None:
        self.ref = ref
        self._outbox = outbox
        self._spoken: deque[bytes] = deque()
        self._is_steady = False

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self.leg.over

    def spoke(self, frame: bytes) -> None:
        """Take 20 ms from the browser's microphone. Raises ValueError unless it is 160 bytes."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"a sound frame has {FRAME_BYTES} bytes, got {len(frame)}")
        self._spoken.append(frame)
        while len(self._spoken) > MOST_FRAMES:
            self._spoken.popleft()

    def speak(self) -> bytes | None:
        """The next 20 ms for the line; None until enough has arrived."""
        if not self._spoken:
            self._is_steady = False
        self._is_steady = self._is_steady or len(self._spoken) >= START_FRAMES
        return self._spoken.popleft() if self._is_steady else None

    def hear(self, frame: bytes) -> None:
        """Send 20 ms to the browser's speaker, unless it has stopped taking any."""
        if not self.leg.over and self._outbox.qsize() < MOST_UNSENT:
            self._outbox.put_nowait(frame)

    def notice(self, notice: Notice) -> None:
        """Tell the browser what happened on the line."""
        facts = notice.facts
        match notice.kind:
            case "ringing":
                self._tell("ringing", parameters=_parameters(facts))
            case "answered":
                self._tell("accept", parameters=_parameters(facts))
            case "ended":
                self._tell("disconnect", reason=reason_of(facts), status=facts.get("status"))
            case kind:
                self._tell(kind, **facts)

    def _tell(self, event: str, **facts: Any) -> None:
        self._outbox.put_nowait({**facts, "event": event, "ref": self.ref})


def _parameters(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"CallSid": facts.get("call_sid")}


def reason_of(facts: Mapping[str, Any]) -> str:
    """Why a call ended, in words for the person who made it."""
    if facts.get("by") == "caller":
        return "You hung up"
    return REASONS.get(str(facts.get("status")), "The line hung up")
