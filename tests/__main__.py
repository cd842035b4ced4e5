"""`python -m tests`: the stages of the suite one after the other, until one of them is red.

Ends with the seconds of each stage and the ten slowest tests of all. With paths, only the quick,
the slow and the lone tests there; without, the proof as well.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

_CORES = os.cpu_count() or 1
_QUICK = ("-n", str(_CORES), "--dist", "worksteal")
_SLOW = ("-n", str(min(_CORES + 1, 8)), "--dist", "loadgroup", "--no-loadscope-reorder")
"""Slow tests wait, so one more than the cores; with two more, limits of 60 s were too short for
whole lines that start beside each other. More than eight whole lines fill 16 GB of memory."""
_NOTHING_TO_RUN = 5
_SHOWN = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 only if every stage was green."""
    given = _parser().parse_args(arguments)
    seconds: dict[str, float] = {}
    status = 0
    with tempfile.TemporaryDirectory() as folder:
        for stage, command in _stages(given, Path(folder)).items():
            print(f"== {stage}", flush=True)
            began = time.monotonic()
            status = subprocess.run([sys.executable, "-m", *command]).returncode
            seconds[stage] = time.monotonic() - began
            if status not in (0, _NOTHING_TO_RUN):
                break
            status = 0
        _show(seconds, Path(folder))
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the quick stage")
    parser.add_argument("--seed", default="1", help="of the quick tests' order and of the proof")
    parser.add_argument("paths", nargs="*", help="run only these tests")
    return parser


def _stages(given: argparse.Namespace, folder: Path) -> dict[str, list[str]]:
    """The modules to run, with their arguments, by the stage's name."""
    quick = ["-m", "not slow", *_QUICK, f"--randomly-seed={given.seed}"]
    slow = ["-m", "slow and not alone", *_SLOW, "-p", "no:randomly"]
    alone = ["-m", "slow and alone", "-p", "no:randomly"]
    stages = {"quick": _pytest(folder / "quick.xml", quick, given.paths)}
    if not given.quick:
        stages["slow"] = _pytest(folder / "slow.xml", slow, given.paths)
        stages["alone"] = _pytest(folder / "alone.xml", alone, given.paths)
    if not given.quick and not given.paths:
        stages["proof"] = ["bench.proof", "--size", "ci", "--seed", given.seed]
    return stages


def _pytest(report: Path, options: list[str], paths: list[str]) -> list[str]:
    return ["pytest", "-q", f"--junitxml={report}", *options, *(paths or ["tests"])]


def _show(seconds: dict[str, float], folder: Path) -> None:
    print(f"\nthe {_SHOWN} slowest tests")
    for taken, name in _slowest(folder):
        print(f"{taken:8.1f} s  {name}")
    print("\nstages")
    for stage, taken in {**seconds, "all": sum(seconds.values())}.items():
        print(f"{taken:8.0f} s  {stage}")


def _slowest(folder: Path) -> list[tuple[float, str]]:
    cases = [
        (float(case.get("time", 0)), f"{case.get('classname')}::{case.get('name')}")
        for file in folder.glob("*.xml")
        for case in ElementTree.parse(file).iter("testcase")  # noqa: S314 -- pytest's own report
    ]
    return sorted(cases, reverse=True)[:_SHOWN]


if __name__ == "__main__":
    sys.exit(main())
