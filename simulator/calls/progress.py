"""Call progress events: told to the application in order, each with its number.

Fields and order: Twilio, "Call resource: StatusCallback". SequenceNumber counts, from 0, the
callbacks of one call; each waits for the one before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.webhooks.webhook import Form, WebhookFailed

if TYPE_CHECKING:
    from simulator.calls.call import Call
    from simulator.network import Network

EVENTS = ("initiated", "ringing", "answered", "completed")
"""What a StatusCallbackEvent may be."""

_STATUS = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}
_SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487"}
_UNREACHABLE = "404"
_ERROR_ANSWER = 15003


@dataclass(frozen=True)
class StatusCallback:
    """Where a call's progress goes, and which of it."""

    url: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)

    def wants(self, event: str) -> bool:
        """Whether it is sent."""
        return bool(self.url) and event in self.events


def tell(network: Network, call: Call, event: str, more: Form = ()) -> None:
    """Send a progress event if the application asked for it; `more`: fields it carries besides."""
    to = call.party.progress
    if not to.wants(event):
        return
    extra = more
    if event == "completed":
        extra = (*final_fields(call.status, call.duration_s or 0, call.answered_by), *more)
    request = call.progress_request(
        to.url, to.method, status=_STATUS.get(event, call.status), extra=extra
    )

    async def send() -> None:
        async with call.progress_turn:
            try:
                await network.send(call, request)
            except WebhookFailed as failed:
                code = code_of_progress(failed)
                network.complain(call, code, str(failed), failed.url, level="warning")

    network.aside(send(), of=call)


def code_of_progress(failed: WebhookFailed) -> int:
    """The code of a progress callback that failed: 15003 when it was answered with an error."""
    return _ERROR_ANSWER if failed.status else failed.code


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
