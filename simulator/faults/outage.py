"""A whole-carrier outage: for a while nothing is delivered, and then things go on.

New calls fail, live media sockets are cut and no new ones open, REST answers 503. Requests to the
application wait for the end of it, and come in the order in which they were due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.calls.call import Call
from simulator.faults.strikes import Faults
from simulator.time.clock import Clock
from simulator.webhooks.webhook import Request


@dataclass(frozen=True)
class Span:
    """From when to when, in seconds of line time."""

    begins_s: float
    ends_s: float
    drops_calls: bool = False


class Outage:
    """Knows whether the carrier is out; the plan's outages count from when it came into force."""

    def __init__(
        self, clock: Clock, calls: Mapping[str, Call], faults: Callable[[], Faults]
    ) -> None:
        """calls: all there are. faults: gives the plan in force."""
        self._clock = clock
        self._calls = calls
        self._faults = faults
        self._spans: list[Span] = []
        self._of_plan: object = None
        self._was_on = False

    @property
    def is_on(self) -> bool:
        """Whether nothing is delivered now."""
        return self._now() is not None

    @property
    def left_s(self) -> float:
        """How long it will last, in seconds of line time."""
        span = self._now()
        return 0.0 if span is None else span.ends_s - self._clock.now_s

    def begin(self, seconds: float, *, drops_calls: bool = False) -> None:
        """Be out from now on."""
        now_s = self._clock.now_s
        self._spans.append(Span(now_s, now_s + seconds, drops_calls))
        self.tick()

    def end(self) -> None:
        """Be there again."""
        now_s = self._clock.now_s
        self._spans = [one for one in self._spans if one.begins_s > now_s]

    def shown(self) -> dict[str, Any]:
        """Plain values."""
        return {"is_on": self.is_on, "left_s": round(self.left_s, 2)}

    def tick(self) -> None:
        """Strike when it begins."""
        span = self._now()
        if span is not None and not self._was_on:
            self._strike(span)
        self._was_on = span is not None

    async def over(self) -> None:
        """Wait for its end."""
        while self.is_on:
            await self._clock.sleep(self.left_s)

    async def hold(self, call: Call, request: Request) -> None:
        """Keep a request of a call until its end."""
        if self.is_on:
            self.note(call, request.purpose, url=request.url)
            await self.over()

    async def refuse(self, call: Call) -> None:
        """A new call fails; nobody hears of it."""
        await asyncio.sleep(0)
        self.note(call, "call")
        call.end(by="line", status="failed")
        call.close()

    def note(self, call: Call, purpose: str, **facts: Any) -> None:
        """Say in a call's log what it meets."""
        call.log.add("fault", fault="outage", purpose=purpose, **facts)

    def _strike(self, span: Span) -> None:
        self._faults().struck["carrier.outage"] += 1
        for call in tuple(self._calls.values()):
            if call.is_over:
                continue
            self.note(call, "carrier", seconds=round(span.ends_s - span.begins_s, 2))
            for cut in tuple(call.streams.cut):
                cut()
            if span.drops_calls:
                call.end(by="line", status="failed")

    def _now(self) -> Span | None:
        self._adopt()
        if not self._spans:
            return None
        now_s = self._clock.now_s
        self._spans = [one for one in self._spans if one.ends_s > now_s]
        begun = [one for one in self._spans if one.begins_s <= now_s]
        return max(begun, key=lambda one: one.ends_s, default=None)

    def _adopt(self) -> None:
        """Take over the outages of a plan that has come into force."""
        faults = self._faults()
        if faults is self._of_plan:
            return
        self._of_plan = faults
        now_s = self._clock.now_s
        for strike in faults.outages():
            begins_s = now_s + strike.drawn("after")
            ends_s = begins_s + strike.drawn("seconds")
            self._spans.append(Span(begins_s, ends_s, bool(strike.fault.values["drops_calls"])))
