"""Faults at will: a plan of what goes wrong, drawn from a seed.

Whether a fault strikes depends on the seed, the fault's place in the plan, and which call and which
request it is, never on the wall's time. Every strike stands in the call's log as an event `fault`,
so that the log stays the whole truth.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

WEBHOOKS = ("delayed", "repeated", "reordered", "lost", "bad_signature")
RECORDINGS = ("late", "missing", "short", "corrupt")
MEDIA = ("cut",)
REST = ("429", "500")
_SECTIONS = {"webhooks": WEBHOOKS, "recordings": RECORDINGS, "media": MEDIA, "rest": REST}
CALLBACKS = frozenset({"status", "recording", "stream", "conference", "message"})
"""Purposes of requests whose answers steer nothing: only these are reordered."""


class BadPlan(Exception):
    """The plan cannot be understood; the text names the entry and what is allowed."""


@dataclass(frozen=True)
class Fault:
    """One kind of trouble.

    share: how many of a hundred percent it strikes, 0 to 1. of: purposes of the requests, empty for
    all. seconds: how long, drawn evenly. times: how often a repeated request is sent in all, or how
    many of a recording's fetches it spoils.
    """

    section: str
    kind: str
    share: float = 1.0
    of: tuple[str, ...] = ()
    seconds: tuple[float, float] = (1.0, 3.0)
    times: int = 2


@dataclass(frozen=True)
class Strike:
    """A fault that happens now."""

    kind: str
    seconds: float
    times: int


class Faults:
    """The plan in force. Without one nothing strikes."""

    def __init__(self, plan: tuple[Fault, ...] = (), seed: int = 1) -> None:
        self.plan = plan
        self.seed = seed
        self.struck: Counter[str] = Counter()
        self._calls: dict[str, int] = {}
        self._fetches: Counter[str] = Counter()
        self._rest = 0

    def of_webhook(self, call_sid: str, number: int, purpose: str) -> dict[str, Strike]:
        """What strikes the call's n-th request, by kind."""
        found = {}
        for place, fault in self._of("webhooks"):
            if fault.of and purpose not in fault.of:
                continue
            if fault.kind == "reordered" and purpose not in CALLBACKS:
                continue
            if (strike := self._strike(place, fault, self._call(call_sid), number)) is not None:
                found[fault.kind] = strike
        return found

    def of_recording(self, recording_sid: str, call_sid: str) -> str:
        """What spoils this fetch of a recording: missing, short, corrupt, or nothing."""
        self._fetches[recording_sid] += 1
        for place, fault in self._of("recordings"):
            if fault.kind == "late" or self._fetches[recording_sid] > fault.times:
                continue
            if self._strike(place, fault, self._call(call_sid), 0) is not None:
                return fault.kind
        return ""

    def lateness_of_recording(self, call_sid: str) -> float:
        """By how many seconds a recording is late, with its callback."""
        for place, fault in self._of("recordings"):
            if fault.kind != "late":
                continue
            if (strike := self._strike(place, fault, self._call(call_sid), 0)) is not None:
                return strike.seconds
        return 0.0

    def cut_of_media(self, call_sid: str, number: int) -> float | None:
        """After how many seconds the call's n-th media socket is cut; None: never."""
        for place, fault in self._of("media"):
            if (strike := self._strike(place, fault, self._call(call_sid), number)) is not None:
                return strike.seconds
        return None

    def of_rest(self) -> int:
        """The HTTP status with which the next REST request is refused; 0: it is not."""
        self._rest += 1
        for place, fault in self._of("rest"):
            if self._strike(place, fault, 0, self._rest) is not None:
                return int(fault.kind)
        return 0

    def shown(self) -> dict[str, Any]:
        """The plan and what has struck so far, as plain values."""
        plan: dict[str, Any] = {"seed": self.seed}
        for fault in self.plan:
            plan.setdefault(fault.section, []).append(
                {
                    "fault": fault.kind,
                    "share": fault.share,
                    "of": list(fault.of),
                    "seconds": list(fault.seconds),
                    "times": fault.times,
                }
            )
        return {"plan": plan, "struck": dict(self.struck)}

    def _of(self, section: str) -> list[tuple[int, Fault]]:
        return [(place, one) for place, one in enumerate(self.plan) if one.section == section]

    def _call(self, call_sid: str) -> int:
        """Which call this is, in the order in which they came."""
        return self._calls.setdefault(call_sid, len(self._calls))

    def _strike(self, place: int, fault: Fault, call: int, number: int) -> Strike | None:
        draw = random.Random(f"{self.seed}:{place}:{call}:{number}")
        if draw.random() >= fault.share:
            return None
        self.struck[f"{fault.section}.{fault.kind}"] += 1
        return Strike(fault.kind, draw.uniform(*fault.seconds), fault.times)


def load_plan(path: Path) -> Faults:
    """Read a plan from a YAML file. Raises BadPlan."""
    try:
        source = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadPlan(f"{path}: cannot be read ({error})") from error
    return plan_from(source)


def plan_from(source: Any) -> Faults:
    """Read a plan: `seed`, and lists of faults under webhooks, recordings, media, rest."""
    if not isinstance(source, Mapping):
        raise BadPlan("expected seed, " + ", ".join(_SECTIONS))
    unknown = sorted(set(source) - {"seed", *_SECTIONS})
    if unknown:
        raise BadPlan(f"unknown key {unknown[0]!r}; allowed: seed, {', '.join(_SECTIONS)}")
    seed = source.get("seed", 1)
    if not isinstance(seed, int):
        raise BadPlan(f"seed: expected a whole number, got {seed!r}")
    faults = []
    for section in _SECTIONS:
        entries = source.get(section, [])
        if not isinstance(entries, list):
            raise BadPlan(f"{section}: expected a list of faults")
        faults += [
            _fault(f"{section} {n}", section, entry) for n, entry in enumerate(entries, start=1)
        ]
    return Faults(tuple(faults), seed)


def _fault(where: str, section: str, entry: Any) -> Fault:
    allowed = {"fault", "share", "of", "seconds", "times"}
    if not isinstance(entry, Mapping) or set(entry) - allowed or "fault" not in entry:
        raise BadPlan(f"{where}: expected fault, with {', '.join(sorted(allowed - {'fault'}))}")
    kind = str(entry["fault"])
    if kind not in _SECTIONS[section]:
        raise BadPlan(f"{where}: expected one of {', '.join(_SECTIONS[section])}, got {kind!r}")
    share, times = entry.get("share", 1.0), entry.get("times", 2)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise BadPlan(f"{where}: share: expected 0 to 1, got {share!r}")
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= 100:
        raise BadPlan(f"{where}: times: expected 1 to 100, got {times!r}")
    of = entry.get("of", [])
    if not isinstance(of, list) or not all(isinstance(one, str) for one in of):
        raise BadPlan(f"{where}: of: expected a list of purposes, got {of!r}")
    seconds = _range(where, entry.get("seconds", [1.0, 3.0]))
    return Fault(section, kind, float(share), tuple(of), seconds, times)


def _range(where: str, given: Any) -> tuple[float, float]:
    pair = given if isinstance(given, list) else [given, given]
    good = len(pair) == 2 and all(
        isinstance(one, int | float) and not isinstance(one, bool) and one >= 0 for one in pair
    )
    if not good or pair[0] > pair[1]:
        raise BadPlan(f"{where}: seconds: expected one number or [least, most], got {given!r}")
    return float(pair[0]), float(pair[1])
