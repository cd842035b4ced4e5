"""R14: media sockets cut in mid-call. How soon the line speaks again, and whether a call dies."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from bench.proof.drive import KEYED, Step, example_number
from bench.proof.evidence import Carrier, Row
from bench.proof.figures import Spread, spread
from bench.proof.history import TOLD

TIMEOUT_S = 5.0
FAULTS: dict[str, Any] = {"media": [{"fault": "cut", "share": 1.0, "seconds": [1, 7]}]}
_HOLDER: tuple[Step, ...] = ({"waits_s": 13}, {"hangs_up": True})
_REPORTER: tuple[Step, ...] = (*KEYED, {"hangs_up": True})


@dataclass(frozen=True)
class Cuts:
    """Media sockets that were cut under a caller who stayed on the line.

    dead: calls in which nothing was heard for `TIMEOUT_S` after the cut.
    """

    count: int
    dead: tuple[str, ...]
    resumed: Spread


def script(draw: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    """Callers who hold the line, and callers who go on with their report."""
    kind, steps = draw.choice((("holder", _HOLDER), ("reporter", _REPORTER)))
    return kind, {"from": example_number(number), "steps": list(steps)}


def cuts(carrier: Carrier) -> Cuts:
    """From each cut to the line's next words, on the caller's side of the line."""
    waits: list[float] = []
    dead: list[str] = []
    for call in carrier.calls:
        for at in _moments(call["events"]):
            wait = _wait(call["events"], at)
            if wait is None:
                continue
            waits.append(wait)
            if wait > TIMEOUT_S:
                dead.append(f"{call['sid']}: silent for {wait:.1f} s after the cut")
    return Cuts(len(waits), tuple(dead), spread(waits))


def _moments(events: list[Row]) -> list[float]:
    """When a socket was cut on which the caller and the line talk; one that only listens in does
    not count."""
    verb, talks = "", set()
    moments = []
    for event in events:
        if event["event"] == "verb":
            verb = event["verb"]
        elif event["event"] == "stream" and event["state"] == "started" and verb == "Connect":
            talks.add(event["stream_sid"])
        elif event["event"] == "fault" and event["fault"] == "cut" and event["stream_sid"] in talks:
            moments.append(float(event["at_s"]))
    return moments


def _wait(events: list[Row], at: float) -> float | None:
    """Seconds to the first sentence that began after the cut; None when the caller left first."""
    begun = [e["start_s"] for e in events if e["event"] == "heard" and e["start_s"] >= at]
    if begun:
        return float(min(begun)) - at
    ended = next((event for event in events if event["event"] == "ended"), None)
    if ended is not None and ended["at_s"] - at < TIMEOUT_S and _was_over(events, ended):
        return None
    return float(ended["at_s"] - at if ended is not None else 0.0) + TIMEOUT_S


def _was_over(events: list[Row], ended: Row) -> bool:
    """Whether the caller hung up, or the line did after it had told the number."""
    told = any(e["event"] == "heard" and TOLD in e["text"].lower() for e in events)
    return ended["by"] == "caller" or told
