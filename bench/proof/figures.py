"""Figures that concern time: how long callers heard nothing, and how soon things were mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.proof.evidence import Books, Carrier, Row

SILENCE_S = 5.0
_WORKER_DEATHS = frozenset({"queue worker", "worker parent"})
_PUT_OFF = "recordings.jobs.fetch_recording"


@dataclass(frozen=True)
class Spread:
    """Seconds: how many were measured, and where they lie."""

    count: int
    p50: float
    p99: float
    most: float

    def __str__(self) -> str:
        if not self.count:
            return "none measured"
        return f"n {self.count}, p50 {self.p50:.1f} s, p99 {self.p99:.1f} s, most {self.most:.1f} s"


def spread(seconds: Sequence[float]) -> Spread:
    """Percentiles by nearest rank."""
    if not seconds:
        return Spread(0, 0.0, 0.0, 0.0)
    ranked = sorted(seconds)

    def rank(share: float) -> float:
        return ranked[min(len(ranked) - 1, max(0, -(-int(share * len(ranked) * 100) // 100) - 1))]

    return Spread(len(ranked), rank(0.50), rank(0.99), ranked[-1])


@dataclass(frozen=True)
class Silence:
    """R4: waits of callers for a word, from the ring and from each key they pressed."""

    calls: int
    silent_calls: int
    waits: Spread


def silences(carrier: Carrier) -> Silence:
    """How long callers waited to hear something; only waits that ended by hearing, or lasted."""
    waits: list[float] = []
    silent = 0
    incoming = [call for call in carrier.calls if call["direction"] == "inbound"]
    for call in incoming:
        found = _waits(call["events"])
        waits += found
        silent += any(one > SILENCE_S for one in found)
    return Silence(len(incoming), silent, spread(waits))


def _waits(events: list[Row]) -> list[float]:
    """Seconds from the ring, and from the last key of each answer, to the next words."""
    starts = sorted(event["start_s"] for event in events if event["event"] == "heard")
    ended = next((event["at_s"] for event in events if event["event"] == "ended"), 0.0)
    asked = [0.0] + [event["at_s"] for event in events if event["event"] == "keys"]
    waits = []
    for place, moment in enumerate(asked):
        following = asked[place + 1] if place + 1 < len(asked) else ended
        answer = next((start for start in starts if start > moment), None)
        if answer is not None and answer <= following:
            waits.append(answer - moment)
        elif following - moment > SILENCE_S:
            waits.append(following - moment)
    return waits


def mended_after_death(books: Books, deaths: Sequence[tuple[float, str]]) -> Spread:
    """R5: from a worker's death to the effect of work that had to be claimed again."""
    moments = [datetime.fromtimestamp(at, UTC) for at, kind in deaths if kind in _WORKER_DEATHS]
    took = []
    for row in books.outbox:
        if row["attempt"] < 2 or row["failures"] or row["job"] == _PUT_OFF or not row["done_at"]:
            continue
        death = next((at for at in moments if row["created_at"] < at < row["done_at"]), None)
        if death is not None:
            took.append((row["done_at"] - death).total_seconds())
    return spread(took)


def mended_by_sweep(carrier: Carrier, books: Books) -> Spread:
    """R6: from the end of a call whose final callback never came to its being settled."""
    settled = {call["carrier_sid"]: call["settled_at"] for call in books.calls}
    took = []
    for call in carrier.calls:
        moment = settled.get(call["sid"])
        if call["ended"] is None or moment is None or _was_told_of_end(call["events"]):
            continue
        took.append(max(0.0, (moment - call["ended"]).total_seconds()))
    return spread(took)


def _was_told_of_end(events: list[Row]) -> bool:
    return any(
        event["event"] == "webhook"
        and event["purpose"] == "status"
        and event["status"] in (200, 204)
        for event in events
    )


def refused_between(carrier: Carrier, begin: float, end: float) -> tuple[int, int]:
    """Requests sent in that time (Unix seconds), and those without a 2xx answer."""
    sent = refused = 0
    low, high = datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)
    for call in carrier.calls:
        for event in call["events"]:
            if event["event"] != "webhook" or call["began"] is None:
                continue
            if low <= call["began"] + timedelta(seconds=event["sent_at_s"]) <= high:
                sent += 1
                refused += not 200 <= event["status"] < 300
    return sent, refused
