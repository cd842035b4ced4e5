"""The report as one picture: who was on the line, what became of them, how long they waited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.load.crowd import Tally
from simulator.load.report import OUTCOMES, Report

_COLOURS = {
    "served": "#1f7a5c",
    "failed": "#c98a1b",
    "abandoned": "#8a6fb0",
    "busy": "#7a8794",
    "error": "#b3382f",
}


class NoPicture(Exception):
    """The picture cannot be drawn; the text says what it needs."""


def check(path: Path) -> None:
    """Whether a picture can be written there, before anybody calls. Raises NoPicture."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError as error:
        raise NoPicture("a picture needs matplotlib: pip install matplotlib") from error
    known = sorted(FigureCanvasBase.get_supported_filetypes())
    if path.suffix.removeprefix(".").lower() not in known:
        raise NoPicture(f"{path}: expected a name that ends in one of {', '.join(known)}")
    if not path.resolve().parent.is_dir():
        raise NoPicture(f"{path}: there is no folder {path.resolve().parent}")


def draw(report: Report, tally: Tally, path: Path) -> None:
    """Write the picture as PNG (or what the suffix says). Raises NoPicture."""
    check(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7), layout="constrained")
    lag = report.frame_lateness
    figure.suptitle(
        f"{report.calls} calls, {report.answered} answered, in {report.line_s / 60:.1f} min on the "
        f"line (seed {report.seed})" + (f", media lag p99 {lag.p99:.3f} s" if lag.count else "")
    )
    grid = figure.subplots(2, 2)
    _load(grid[0][0], tally)
    _outcomes(grid[0][1], report)
    _turns(grid[1][0], report)
    _durations(grid[1][1], tally)
    try:
        figure.savefig(path, dpi=110)
    except OSError as error:
        raise NoPicture(f"{path}: cannot be written ({error})") from error


def _load(axes: Any, tally: Tally) -> None:
    axes.set_title("On the line")
    axes.step(
        [at / 60 for at, _ in tally.load],
        [count for _, count in tally.load],
        where="post",
        color="#2b5f8a",
    )
    axes.set_xlabel("minutes")
    axes.set_ylim(bottom=0)


def _outcomes(axes: Any, report: Report) -> None:
    axes.set_title("What became of the calls")
    counts = [report.outcomes[name] for name in OUTCOMES]
    bars = axes.barh(OUTCOMES, counts, color=[_COLOURS[name] for name in OUTCOMES])
    axes.bar_label(bars, padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.15)


def _turns(axes: Any, report: Report) -> None:
    axes.set_title("Answer time per turn (s)")
    at = range(1, len(report.turns) + 1)
    for name, style in (("p50", "o-"), ("p90", "s--"), ("p99", "^:")):
        axes.plot(at, [getattr(turn, name) for turn in report.turns], style, label=name)
    axes.set_xlabel("turn of the call")
    axes.set_xticks(list(at))
    axes.set_ylim(bottom=0)
    if report.turns:
        axes.legend()


def _durations(axes: Any, tally: Tally) -> None:
    axes.set_title("Length of the calls (s)")
    for name in OUTCOMES:
        lengths = [result.duration_s for result in tally.results if result.outcome == name]
        if lengths and name != "busy":
            axes.hist(lengths, bins=30, alpha=0.7, label=name, color=_COLOURS[name])
    if axes.has_data():
        axes.legend()
