"""What a crowd met, in figures: outcomes, response times per turn, lateness of sound."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from simulator.load.crowd import CallResult, Tally

OUTCOMES = ("served", "failed", "abandoned", "busy", "error")
_MOST_TURNS = 12


@dataclass(frozen=True)
class Percentiles:
    """Of a sample, in seconds; `count` 0 leaves the rest 0."""

    count: int
    p50: float
    p90: float
    p99: float
    most: float

    @classmethod
    def of(cls, sample: Iterable[float]) -> Percentiles:
        """Nearest-rank percentiles."""
        ordered = sorted(sample)
        if not ordered:
            return cls(0, 0.0, 0.0, 0.0, 0.0)

        def rank(share: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 4)

        return cls(len(ordered), rank(0.5), rank(0.9), rank(0.99), round(ordered[-1], 4))

    def line(self) -> str:
        """The figures in a row."""
        if not self.count:
            return "none"
        return (
            f"p50 {self.p50:.3f}  p90 {self.p90:.3f}  p99 {self.p99:.3f}  "
            f"most {self.most:.3f} s  (n={self.count})"
        )


@dataclass(frozen=True)
class Report:
    """The outcome of one run; times in seconds."""

    seed: int
    pace: float
    machine: str
    wall_s: float
    line_s: float
    calls: int
    people: int
    answered: int
    """Calls that were picked up at all, whatever became of them."""
    redials: int
    """Calls of people who had tried before."""
    outcomes: dict[str, int]
    most_at_once: int
    error_codes: dict[str, int]
    webhooks: Percentiles
    turns: tuple[Percentiles, ...]
    frame_lateness: Percentiles
    """Media lag: how late each 20 ms of sound was sent and played, at real pace."""
    reasons: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def text(self) -> str:
        """For people."""
        pace = "simulated time" if self.pace == 0 else f"pace {self.pace:g}"
        per_minute = self.calls / (self.wall_s / 60) if self.wall_s else 0.0
        lines = [
            f"{self.calls} calls of {self.people} people, {self.line_s:.0f} s on the line in "
            f"{self.wall_s:.1f} s ({per_minute:.0f} calls a minute, {pace}, seed {self.seed})",
            f"machine: {self.machine}",
            "",
            *(f"  {name:<10} {self.outcomes[name]:>7}" for name in OUTCOMES),
            f"  answered   {self.answered:>7}",
            f"  redials    {self.redials:>7}",
            f"  at once    {self.most_at_once:>7}",
            "",
            f"webhooks:  {self.webhooks.line()}",
            *(f"turn {n:>2}:   {turn.line()}" for n, turn in enumerate(self.turns, start=1)),
        ]
        if self.frame_lateness.count:
            lines.append(f"media lag: {self.frame_lateness.line()}")
        lines += [f"error {code}: {count}" for code, count in self.error_codes.items()]
        lines += [f"failed: {reason}: {count}" for reason, count in self.reasons.items()]
        return "\n".join(lines)


def report_of(
    tally: Tally,
    *,
    seed: int,
    pace: float,
    wall_s: float,
    line_s: float,
    lateness_s: Sequence[float],
) -> Report:
    """The figures of a run."""
    results = tally.results
    return Report(
        seed=seed,
        pace=pace,
        machine=f"{platform.machine()}, Python {platform.python_version()}",
        wall_s=round(wall_s, 2),
        line_s=round(line_s, 2),
        calls=len(results),
        people=sum(result.attempt == 1 for result in results),
        answered=sum(result.answered for result in results),
        redials=sum(result.attempt > 1 for result in results),
        outcomes={name: tally.count(name) for name in OUTCOMES},
        most_at_once=tally.most_at_once,
        error_codes=_counted(str(code) for result in results for code in result.errors),
        webhooks=Percentiles.of(one for result in results for one in result.webhooks_s),
        turns=_turns(results),
        frame_lateness=Percentiles.of(lateness_s),
        reasons=_counted(result.reason for result in results if result.reason),
    )


def _turns(results: list[CallResult]) -> tuple[Percentiles, ...]:
    last = max((turn.number for result in results for turn in result.turns), default=0)
    return tuple(
        Percentiles.of(
            turn.answer_s for result in results for turn in result.turns if turn.number == number
        )
        for number in range(1, min(last, _MOST_TURNS) + 1)
    )


def _counted(found: Iterable[str]) -> dict[str, int]:
    return dict(Counter(found).most_common(20))
