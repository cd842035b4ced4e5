"""Errors and warnings that a developer should see, with Twilio's codes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

KEPT = 1000

NAMES = {
    11100: "Invalid URL format",
    11200: "HTTP retrieval failure",
    11205: "HTTP connection failure",
    11215: "HTTP too many redirects",
    11750: "TwiML response body too large",
    12100: "Document parse failure",
    12102: "Invalid TwiML root element",
    12200: "Schema validation error",
    12300: "Invalid Content-Type",
    12400: "Internal failure",
    13201: "Dial: cannot dial inside a dialled leg",
    13214: "Dial: invalid callerId",
    13223: "Dial: invalid phone number",
    13224: "Dial: invalid address",
    13230: "Conference: invalid room",
    13240: "Conference: the call to coach is not in it",
    13410: "Play: invalid Content-Type",
    13520: "Say: invalid text",
    14204: "Enqueue: Queue name too short",
    14205: "Enqueue: Queue name too long",
    14212: "Dial->Queue: queue name too short",
    14213: "Dial->Queue: queue name too long",
    20001: "Invalid parameter",
    31901: "Stream: connection timeout",
    31902: "Stream: connection refused",
    31920: "Stream: WebSocket handshake error",
    31921: "Stream: WebSocket closed by the server",
    31922: "Stream: invalid URL scheme",
    31951: "Stream: invalid message",
}


@dataclass(frozen=True)
class Complaint:
    """One entry of the debugger."""

    at: str
    code: int
    name: str
    message: str
    call_sid: str
    url: str
    level: str

    def as_json(self) -> dict[str, Any]:
        """The entry as plain values."""
        return {**asdict(self), "more_info": f"https://www.twilio.com/docs/errors/{self.code}"}


class Debugger:
    """The latest complaints, oldest first."""

    def __init__(self) -> None:
        self.complaints: list[Complaint] = []

    def add(
        self,
        code: int,
        message: str,
        *,
        at: datetime,
        call_sid: str = "",
        url: str = "",
        level: str = "error",
    ) -> Complaint:
        """Note an error (`level` error) or a warning."""
        name = NAMES.get(code, "Error")
        complaint = Complaint(at.isoformat(), code, name, message, call_sid, url, level)
        self.complaints.append(complaint)
        del self.complaints[:-KEPT]
        return complaint
