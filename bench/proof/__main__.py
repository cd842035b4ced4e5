"""`python -m bench.proof`: run the line under chaos, compare the records, print the report."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Lock

from bench.proof import report
from bench.proof.report import CutRun, Run
from bench.proof.run import run_chaos, run_cuts
from bench.proof.sizes import SIZES, Size


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and report; 1 when a zero is not zero."""
    given = _parser().parse_args(arguments)
    kinds = ("sqlite", "postgres") if given.database == "both" else (given.database,)
    size = _size(given)
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cut, runs = _results(size, given.seed, kinds, folder)
    text = report.text(runs, cut, command=_command(arguments), seed=given.seed)
    print(text)
    if given.write:
        given.write.write_text(text)
    holds = all(run.holds for run in runs) and all(one.holds for one in cut)
    print("every zero is zero" if holds else "a zero is not zero: see the rows in bold")
    return 0 if holds else 1


def _results(
    size: Size, seed: int, kinds: Sequence[str], folder: Path
) -> tuple[list[CutRun], list[Run]]:
    """One line after the other has the machine; each settles while the next begins."""
    machine = Lock()
    with ThreadPoolExecutor() as pool:
        cut = [pool.submit(run_cuts, size, seed, folder / "sockets", machine)] if size.cuts else []
        runs = [pool.submit(run_chaos, size, seed, kind, folder / kind, machine) for kind in kinds]
        return [one.result() for one in cut], [run.result() for run in runs]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.proof", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="ci")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, help="calls for each database")
    parser.add_argument("--minutes", type=float, help="at most so long for each database")
    parser.add_argument("--at-once", type=int, help="calls at the same time")
    parser.add_argument("--cuts", type=int, help="calls whose media socket is cut")
    parser.add_argument("--write", type=Path, help="write the report to this file as well")
    parser.add_argument("--keep", type=Path, help="folder for logs and databases, kept")
    return parser


def _size(given: argparse.Namespace) -> Size:
    """The size that was asked for, with what was asked otherwise."""
    names = ("calls", "minutes", "at_once", "cuts")
    asked = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    return replace(SIZES[given.size], **asked)


def _command(arguments: Sequence[str] | None) -> str:
    """How to run it again."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return shlex.join(["python", "-m", "bench.proof", *given])


if __name__ == "__main__":
    sys.exit(main())
