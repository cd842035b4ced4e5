"""Errors and warnings that a developer should see, with Twilio's codes.

The shape follows Twilio's Alert resource: the request that failed, what was answered, and where to
read more.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from typing import Any

from simulator.calls.call import Call
from simulator.errors.advice import advice
from simulator.errors.error_names import NAMES
from simulator.sids import new_sid
from simulator.time.clock import Clock

KEPT = 1000
MOST_SHOWN_BYTES = 2000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alert:
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
    """The latest alerts, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.alerts: list[Alert] = []

    def add(
        self,
        code: int,
        message: str,
        *,
        call_sid: str = "",
        url: str = "",
        level: str = "error",
        status: int = 0,
        response: bytes = b"",
    ) -> Alert:
        """Note an error (`level` error) or a warning."""
        shown = response[:MOST_SHOWN_BYTES].decode(errors="replace")
        name = NAMES.get(code, "Error")
        alert = Alert(
            self._clock.date.isoformat(), code, name, message, call_sid, url, level, status, shown
        )
        self.alerts.append(alert)
        del self.alerts[:-KEPT]
        return alert

    def alert(
        self, call: Call, code: int, message: str, url: str, *, level: str = "error"
    ) -> Alert:
        """Note what is wrong on a call, here and in the call's log."""
        call.log.add("error", code=code, message=message, url=url, level=level)
        _log.warning("call %s: %s %s", call.sid, code, message)
        sent = call.last_sent_to(url)
        return self.add(
            code,
            message,
            call_sid=call.sid,
            url=url,
            level=level,
            status=sent.status if sent else 0,
            response=sent.body if sent else b"",
        )

    def about(self, *, call_sid: str = "", code: int | None = None) -> list[Alert]:
        """Those of a call, of a code, or all of them."""
        return [
            one
            for one in self.alerts
            if call_sid in ("", one.call_sid) and code in (None, one.code)
        ]
