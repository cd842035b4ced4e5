"""Figures that concern time: how long callers heard nothing, and how soon things were repaired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.proof.evidence import Carrier, Records, Row
from bench.proof.history import is_apology
from bench.proof.watch import Claims

SILENCE_S = 5.0
_WORKER_DEATHS = frozenset({"queue worker", "worker parent"})
_TICK_S = 0.05
_UNSPOKEN = ("/agents/wait", "/agents/queue-over", "/ivr/message", "fallback-thanks")
"""Answered with music or at the end of the caller's own words."""
_DEFERRED = "recordings.jobs.fetch_recording"
Absence = tuple[float, float]
"""Unix times between which a part of the line was away on purpose."""


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
    """R4: waits of callers for words, from each moment at which the line has to answer."""

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
    """Seconds from each request whose answer the caller waits for to the next words.

    Words that go on meanwhile count as no wait; so do the tone's silence, which waits for the
    caller, and the queue's music.
    """
    spoken = sorted((e["start_s"], e["end_s"]) for e in events if e["event"] == "heard")
    ended = next((event["at_s"] for event in events if event["event"] == "ended"), 0.0)
    waits = []
    for place, event in enumerate(events):
        if not _is_question(event) or event["sent_at_s"] >= ended:
            continue
        asked = event["sent_at_s"]
        begun = max([end for start, end in spoken if start < asked < end - 0.5], default=asked)
        answer = next((start for start, _ in spoken if start >= begun - _TICK_S), None)
        if answer is not None:
            waits.append(max(0.0, answer - begun))
        elif ended - begun > SILENCE_S and not _is_told_to_speak(events[place:]):
            waits.append(ended - begun)
    return waits


def _is_question(event: Row) -> bool:
    steers = event["event"] == "webhook" and event["purpose"] in {"voice", "fallback"}
    return steers and not any(part in event["url"] for part in _UNSPOKEN)


def _is_told_to_speak(events: list[Row]) -> bool:
    """Whether the caller's own turn, after a tone or in the queue, follows."""
    return any(e["event"] == "verb" and e["verb"] in {"Record", "Enqueue"} for e in events)


def repaired_after_death(
    records: Records,
    deaths: Sequence[tuple[float, str]],
    claims: Claims,
    absences: Sequence[Absence],
) -> Spread:
    """R5: from the death of the worker that last held a row to the row's effect.

    Counted are rows that were claimed again after a death, and whose last claim no absence of the
    database or of Valkey put off.
    """
    moments = sorted(at for at, kind in deaths if kind in _WORKER_DEATHS)
    took = []
    for row in records.outbox:
        if row["attempt"] < 2 or row["failures"] or row["job"] == _DEFERRED or not row["done_at"]:
            continue
        done = row["done_at"].timestamp()
        held = claims.get((row["id"], row["attempt"] - 1))
        again = claims.get((row["id"], row["attempt"]), done)
        death = next((at for at in reversed(moments) if at <= again), None)
        if held is None or death is None or death < held or _overlaps(absences, death, done):
            continue
        took.append(done - death)
    return spread(took)


def _overlaps(absences: Sequence[Absence], begin: float, end: float) -> bool:
    return any(begin <= gone_until and gone_at <= end for gone_at, gone_until in absences)


@dataclass(frozen=True)
class Repaired:
    """How soon reconciling repaired what nobody told; `deferred`: while the database was away."""

    soon: Spread
    deferred: Spread

    def __str__(self) -> str:
        if not self.deferred.count:
            return str(self.soon)
        return f"{self.soon}; and while the database was away: {self.deferred}"


def repaired_by_reconciling(
    carrier: Carrier, records: Records, absences: Sequence[Absence]
) -> Repaired:
    """R6: from the end of a call whose final callback never came to its being settled.

    absences: of the database, without which nothing can be repaired.
    """
    settled = {call["carrier_sid"]: call["settled_at"] for call in records.calls}
    soon: list[float] = []
    deferred: list[float] = []
    for call in carrier.calls:
        moment = settled.get(call["sid"])
        if call["ended"] is None or moment is None or _was_told_of_end(call["events"]):
            continue
        waited = _overlaps(absences, call["ended"].timestamp(), moment.timestamp())
        took = deferred if waited else soon
        took.append(max(0.0, (moment - call["ended"]).total_seconds()))
    return Repaired(spread(soon), spread(deferred))


def _was_told_of_end(events: list[Row]) -> bool:
    return any(
        event["event"] == "webhook"
        and event["purpose"] == "status"
        and event["status"] in (200, 204)
        for event in events
    )


@dataclass(frozen=True)
class Answers:
    """Requests that were sent in some time, and how they were answered.

    errors: with a bare 5xx. unanswered: with no whole answer in time, so that the carrier asked the
    fallback or will ask again. apologies: with words of regret, then the question again.
    """

    sent: int = 0
    errors: int = 0
    unanswered: int = 0
    apologies: int = 0


def answers_between(carrier: Carrier, begin: float, end: float) -> Answers:
    """How the line answered between two moments (Unix seconds; the carrier's log is to 1 s)."""
    low, high = datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)
    found = [
        event
        for call in carrier.calls
        for event in call["events"]
        if event["event"] == "webhook"
        and call["began"] is not None
        and low <= call["began"] + timedelta(seconds=event["sent_at_s"]) <= high
    ]
    return Answers(
        sent=len(found),
        errors=sum(event["status"] >= 500 for event in found),
        unanswered=sum(event["status"] < 200 for event in found),
        apologies=sum(is_apology(event["body"]) for event in found),
    )
