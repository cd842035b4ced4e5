"""What the application is told of a conference: its status callbacks, one after the other.

Fields are those of Twilio's "Conference statusCallback". Callbacks of one conference are numbered
from 1 as they are sent and each waits for the one before it, so that they arrive in order.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime

from simulator.calls.call import Call
from simulator.exchange import Exchange
from simulator.webhooks.webhook import Form, Request, WebhookFailed

EVENTS = ("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
"""What `statusCallbackEvent` may hold."""

_ERROR_ANSWER = 16011
_ASKED_FOR_BY = {
    "conference-start": "start",
    "conference-end": "end",
    "participant-join": "join",
    "participant-leave": "leave",
    "participant-mute": "mute",
    "participant-unmute": "mute",
    "participant-hold": "hold",
    "participant-unhold": "hold",
    "participant-modify": "modify",
    "participant-speech-start": "speaker",
    "participant-speech-stop": "speaker",
    "announcement-end": "announcement",
    "announcement-fail": "announcement",
}


@dataclass(frozen=True)
class Subscription:
    """Where a conference's events go, and which; the first participant's counts."""

    url: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ("start", "end")

    def wants(self, event: str) -> bool:
        """Whether a callback is sent for it."""
        return bool(self.url) and _ASKED_FOR_BY[event] in self.events


class Reporter:
    """Sends one conference's callbacks."""

    def __init__(self, sid: str, name: str, exchange: Exchange, to: Subscription) -> None:
        self.to = to
        self._sid = sid
        self._name = name
        self._exchange = exchange
        self._sent = 0
        self._turn = asyncio.Lock()

    def tell(self, event: str, *, by: Call, about: Form = (), more: Form = ()) -> None:
        """Send an event.

        by: the call in whose log the callback stands. about: the participant's fields.
        """
        by.log.add("conference", conference_sid=self._sid, state=event)
        if not self.to.wants(event):
            return
        self._sent += 1
        form = (
            *identity(self._sid, self._name),
            ("AccountSid", by.account_sid),
            ("SequenceNumber", str(self._sent)),
            ("Timestamp", format_datetime(self._exchange.clock.date.astimezone(UTC))),
            ("StatusCallbackEvent", event),
            *about,
            *more,
        )
        request = Request(self.to.url, form, self.to.method, purpose="conference")
        self._exchange.background.run(self._send(by, request), of=by)

    async def _send(self, by: Call, request: Request) -> None:
        async with self._turn:
            try:
                await self._exchange.sender.send(by, request)
            except WebhookFailed as failed:
                code = _ERROR_ANSWER if failed.status else failed.code
                self._exchange.debugger.alert(by, code, str(failed), failed.url, level="warning")


def identity(sid: str, name: str) -> Form:
    """The fields that name a conference."""
    return (("ConferenceSid", sid), ("FriendlyName", name))
