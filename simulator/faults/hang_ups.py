"""Callers who put the receiver down at a moment that the plan of faults names.

A moment begins with an event of the call's log, or with a request that is sent; some end with one,
and then the caller has missed it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from simulator.calls.background import Background
from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.faults.strikes import Faults, Strike
from simulator.time.clock import Clock
from simulator.webhooks.webhook import Request


def _is(kind: str, **facts: Any) -> Callable[[Event], bool]:
    def fits(event: Event) -> bool:
        return event["event"] == kind and all(
            event.get(name) == value for name, value in facts.items()
        )

    return fits


@dataclass(frozen=True)
class Moment:
    """With which event a moment begins, and with which it ends; None: not before the call does."""

    begins: Callable[[Event], bool] | None = None
    ends: Callable[[Event], bool] | None = None


_PLAIN: Mapping[str, Moment] = {
    "before_answer": Moment(ends=_is("status", status="in-progress")),
    "answered": Moment(_is("status", status="in-progress")),
    "awaiting": Moment(ends=_is("webhook")),
    "verb": Moment(),
    "turn": Moment(),
    "stream_opening": Moment(_is("stream", state="opening"), _is("stream", state="started")),
    "streaming": Moment(_is("stream", state="started"), _is("stream", state="stopped")),
    "recording": Moment(
        _is("recording", status="in-progress"), _is("recording", status="completed")
    ),
    "queue": Moment(_is("queue", state="joined"), _is("queue", state="left")),
    "ringing_agent": Moment(_is("dial"), _is("transferred")),
    "connected": Moment(_is("transferred"), _is("released")),
    "conference": Moment(
        _is("conference", state="participant-join"), _is("conference", state="participant-leave")
    ),
}


class HangUps:
    """Watches the calls on which the plan strikes."""

    def __init__(self, clock: Clock, background: Background, faults: Callable[[], Faults]) -> None:
        """faults: gives the plan in force."""
        self.clock = clock
        self.background = background
        self.faults = faults
        self._watches: dict[str, list[_Watch]] = {}

    def watch(self, call: Call) -> None:
        """A call begins: a caller's is watched; one of the account's own rings for others."""
        if call.party.direction != "inbound":
            call.log.follow(self._ringing)
            return
        strikes = self.faults().of_caller(call.sid)
        if not strikes:
            return
        watches = self._watches[call.sid] = [_Watch(self, call, one) for one in strikes]
        call.log.follow(lambda event: self._tell(call, watches, event))

    def asked(self, call: Call, request: Request) -> None:
        """A request of the call is on its way."""
        for watch in self._watches.get(call.sid, ()):
            watch.asked(request)

    def _tell(self, call: Call, watches: list[_Watch], event: Event) -> None:
        for watch in watches:
            watch.take(event)
        if event["event"] == "ended":
            self._watches.pop(call.sid, None)

    def _ringing(self, event: Event) -> None:
        """A telephone rings on the account's behalf: for all who wait in a queue."""
        if event["event"] == "status" and event["status"] == "ringing":
            for watches in tuple(self._watches.values()):
                for watch in watches:
                    watch.somebody_rings()


class _Watch:
    """One caller who will hang up at one moment, if it comes."""

    def __init__(self, shared: HangUps, call: Call, strike: Strike) -> None:
        self._shared = shared
        self._call = call
        self._after_s = strike.drawn("seconds")
        self._values = strike.fault.values
        self._at = str(strike.fault.values["at"])
        self._left = int(strike.fault.values["number"])
        self._waits_in_queue = False
        self._is_asked = True
        self._leaving: asyncio.Event | None = None

    def take(self, event: Event) -> None:
        """What has happened on the call."""
        if event["event"] == "queue":
            self._waits_in_queue = event["state"] == "joined"
        moment = _PLAIN[self._at]
        if moment.ends is not None and moment.ends(event):
            self._leaving = None
        if self._begins(moment, event):
            self._come()

    def asked(self, request: Request) -> None:
        """A request is on its way."""
        of, route = self._values["of"], str(self._values["route"])
        if self._at == "before_answer" and self._call.status == "ringing":
            self._come()
        if self._at != "awaiting" or (of and request.purpose not in of):
            return
        if not route or fnmatchcase(urlsplit(request.url).path, route):
            self._come()

    def somebody_rings(self) -> None:
        """A telephone rings that may be for this caller."""
        if self._at == "ringing_agent" and self._waits_in_queue:
            self._come()

    def _begins(self, moment: Moment, event: Event) -> bool:
        if self._at == "verb":
            wanted = self._values["verb"]
            return event["event"] == "verb" and wanted in ("any", event["verb"])
        if self._at == "turn":
            return self._is_answer(event)
        return moment.begins is not None and moment.begins(event)

    def _is_answer(self, event: Event) -> bool:
        """Whether the caller has spoken, or pressed the first key since the line had its turn."""
        if event["event"] in ("heard", "webhook"):
            self._is_asked = True
        if event["event"] != "keys":
            return bool(event["event"] == "said")
        is_first, self._is_asked = self._is_asked, False
        return is_first

    def _come(self) -> None:
        """The moment is there once more."""
        self._left -= 1
        if self._left == 0:
            self._leaving = asyncio.Event()
            self._shared.background.run(self._hang_up(self._leaving))

    async def _hang_up(self, leaving: asyncio.Event) -> None:
        """Put the receiver down after a while, unless the moment has passed."""
        if self._after_s:
            await self._shared.clock.sleep(self._after_s)
        else:
            await asyncio.sleep(0)
        if self._leaving is not leaving or self._call.is_over:
            return
        self._shared.faults().struck["callers.hangs_up"] += 1
        self._call.log.add("fault", fault="hangs_up", purpose="caller", at=self._at)
        self._call.leg.hang_up()
