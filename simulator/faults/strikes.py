"""The plan in force: what strikes which request, drawn from a seed.

Whether a fault strikes depends on the seed, the fault's place in the plan, and which call and which
request it is, never on the wall's time. Every strike stands in the call's log as an event `fault`,
so that the log stays the whole truth.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from simulator.faults.kinds import CALLBACKS
from simulator.faults.plan import Fault, Plan


@dataclass(frozen=True)
class Strike:
    """A fault that happens now; `draw`, or others from `seed`, give whatever else is random."""

    fault: Fault
    seed: str
    draw: random.Random

    def drawn(self, name: str) -> float:
        """A value from one of the fault's ranges."""
        return self.draw.uniform(*self.fault.span(name))


class Faults:
    """The plan in force. Without one nothing strikes."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self.struck: Counter[str] = Counter()
        self._calls: dict[str, int] = {}
        self._fetches: Counter[str] = Counter()
        self._rest = 0
        self._lone = 0

    def of_webhook(self, call_sid: str, number: int, purpose: str) -> dict[str, Strike]:
        """What strikes the call's n-th request, by kind."""
        found = {}
        for place, fault in self.plan.of("webhooks"):
            if not fault.is_for(purpose) or (fault.name == "reordered" and _steers(purpose)):
                continue
            if (strike := self._strike(place, fault, self._call(call_sid), number)) is not None:
                found[fault.name] = strike
        return found

    def of_lone_request(self, purpose: str) -> dict[str, Strike]:
        """What strikes the next request that belongs to no call: about a text."""
        self._lone += 1
        return self.of_webhook("", self._lone, purpose)

    def of_recording(self, recording_sid: str, call_sid: str) -> str:
        """What spoils this fetch of a recording: missing, short, corrupt, or nothing."""
        self._fetches[recording_sid] += 1
        for place, fault in self.plan.of("recordings"):
            if fault.name == "late" or self._fetches[recording_sid] > fault.times:
                continue
            if self._strike(place, fault, self._call(call_sid), 0) is not None:
                return fault.name
        return ""

    def lateness_of_recording(self, call_sid: str) -> float:
        """By how many seconds a recording is late, with its callback."""
        for place, fault in self.plan.of("recordings"):
            if fault.name != "late":
                continue
            if (strike := self._strike(place, fault, self._call(call_sid), 0)) is not None:
                return strike.drawn("seconds")
        return 0.0

    def of_media(self, call_sid: str, number: int, *, only: str = "") -> list[Strike]:
        """What strikes the call's n-th media socket; `only` one kind of it."""
        found = []
        for place, fault in self.plan.of("media"):
            if only not in ("", fault.name):
                continue
            if (strike := self._strike(place, fault, self._call(call_sid), number)) is not None:
                found.append(strike)
        return found

    def of_caller(self, call_sid: str) -> list[Strike]:
        """What this caller will do; it counts once it is done."""
        found = []
        for place, fault in self.plan.of("callers"):
            strike = self._drawn(place, fault, self._call(call_sid), 0)
            if strike is not None:
                found.append(strike)
        return found

    def outages(self) -> list[Strike]:
        """When the whole carrier is out."""
        drawn = [self._drawn(place, fault, 0, 0) for place, fault in self.plan.of("carrier")]
        return [strike for strike in drawn if strike is not None]

    def of_rest(self) -> int:
        """The HTTP status with which the next REST request is refused; 0: it is not."""
        self._rest += 1
        for place, fault in self.plan.of("rest"):
            if self._strike(place, fault, 0, self._rest) is not None:
                return int(fault.name)
        return 0

    def shown(self) -> dict[str, Any]:
        """The plan and what has struck so far, as plain values."""
        return {"plan": self.plan.shown(), "struck": dict(self.struck)}

    def _call(self, call_sid: str) -> int:
        """Which call this is, in the order in which they came; -1: none."""
        if not call_sid:
            return -1
        return self._calls.setdefault(call_sid, len(self._calls))

    def _strike(self, place: int, fault: Fault, call: int, number: int) -> Strike | None:
        strike = self._drawn(place, fault, call, number)
        if strike is not None:
            self.struck[f"{fault.section}.{fault.name}"] += 1
        return strike

    def _drawn(self, place: int, fault: Fault, call: int, number: int) -> Strike | None:
        seed = f"{self.plan.seed}:{place}:{call}:{number}"
        draw = random.Random(seed)
        return Strike(fault, seed, draw) if draw.random() < fault.share else None


def _steers(purpose: str) -> bool:
    return purpose not in CALLBACKS
