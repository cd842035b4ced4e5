"""Errors and warnings that a developer should see, with Twilio's codes.

The shape follows Twilio's Alert resource: the request that failed, what was answered, and where to
read more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from simulator.errors.advice import advice
from simulator.errors.error_names import NAMES
from simulator.sids import new_sid

KEPT = 1000
MOST_SHOWN_BYTES = 2000


@dataclass(frozen=True)
class Complaint:
    """One entry of the debugger; `status` and `response` are those of a failed request."""

    at: str
    code: int
    name: str
    message: str
    call_sid: str
    url: str
    level: str
    status: int = 0
    response: str = ""
    sid: str = field(default_factory=lambda: new_sid("NO"))

    def as_json(self) -> dict[str, Any]:
        """The entry as plain values."""
        more_info = f"https://www.twilio.com/docs/errors/{self.code}"
        return {**asdict(self), "advice": advice(self.code), "more_info": more_info}


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
        status: int = 0,
        response: bytes = b"",
    ) -> Complaint:
        """Note an error (`level` error) or a warning."""
        shown = response[:MOST_SHOWN_BYTES].decode(errors="replace")
        name = NAMES.get(code, "Error")
        complaint = Complaint(
            at.isoformat(), code, name, message, call_sid, url, level, status, shown
        )
        self.complaints.append(complaint)
        del self.complaints[:-KEPT]
        return complaint

    def about(self, *, call_sid: str = "", code: int | None = None) -> list[Complaint]:
        """Those of a call, of a code, or all of them."""
        return [
            one
            for one in self.complaints
            if call_sid in ("", one.call_sid) and code in (None, one.code)
        ]
