"""Where a call's progress goes, and what its last event says.

Fields: Twilio, "Call resource: StatusCallback".
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.webhooks.webhook import Form

EVENTS = ("initiated", "ringing", "answered", "completed")
"""What a StatusCallbackEvent may be."""

_SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487"}
_UNREACHABLE = "404"


@dataclass(frozen=True)
class StatusCallback:
    """Where a call's progress goes, and which of it."""

    url: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)

    def wants(self, event: str) -> bool:
        """Whether it is sent."""
        return bool(self.url) and event in self.events


def sip_code(status: str) -> str:
    """How a call was answered in the words of SIP."""
    return _SIP_CODES.get(status, _UNREACHABLE)


def final_fields(status: str, duration_s: int, answered_by: str = "") -> Form:
    """What only the last event of a call says; `Duration` counts the minutes begun."""
    return (
        ("CallDuration", str(duration_s)),
        ("Duration", str(-(-duration_s // 60))),
        ("SipResponseCode", sip_code(status)),
        *((("AnsweredBy", answered_by),) if answered_by else ()),
    )
