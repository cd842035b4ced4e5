"""Call, kill, compare, print: `python -m bench.proof --calls 200 --seed 1`.

Exit status 0 when nothing was lost, doubled or damaged.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import requests

from bench.clips import machine
from bench.proof.chaos import FAULTS, Chaos
from bench.proof.drive import Dialled, Driver
from bench.proof.history import Books, books_of, compared
from bench.proof.line import Line
from infra.db import Database

_ROOT = Path(__file__).resolve().parents[2]
_SETTLE_S = 240


def main() -> int:
    """Run the proof; 0 when every zero is one."""
    parser = argparse.ArgumentParser(prog="bench.proof")
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill-every", type=float, default=1.0, help="mean seconds between kills")
    parser.add_argument("--keep", action="store_true", help="keep the var folder to look at")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="proof-"))
    try:
        return _prove(given, folder)
    finally:
        if given.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _prove(given: argparse.Namespace, var_dir: Path) -> int:
    _share(var_dir)
    ports = {"PORT": 18000, "SWIFTLINE_STREAMS_PORT": 18001, "SWIFTLINE_SIMULATOR_PORT": 18100}
    env = {name: str(port) for name, port in ports.items()}
    env |= {"SWIFTLINE_SWEEP_S": "5", "SWIFTLINE_LEASE_S": "5", "SWIFTLINE_SPEECH": "false"}
    line = Line(var_dir, env)
    try:
        line.wait()
        simulator = f"http://127.0.0.1:{ports['SWIFTLINE_SIMULATOR_PORT']}"
        plan = {"seed": given.seed, **FAULTS}
        requests.put(f"{simulator}/simulator/faults", json=plan, timeout=10).raise_for_status()
        driver = Driver(simulator, seed=given.seed)
        began = time.monotonic()
        database = var_dir / "swiftline.db"
        with Chaos(line, database=database, seed=given.seed, every_s=given.kill_every) as chaos:
            dialled = driver.call_all(range(given.calls), at_once=given.at_once)
        took_s = time.monotonic() - began
        struck = requests.get(f"{simulator}/simulator/faults", timeout=10).json()["struck"]
        requests.delete(f"{simulator}/simulator/faults", timeout=10)
        books, settled_s = _settled(f"sqlite:///{database}")
        dialled = [_whole(simulator, one) for one in dialled]
        found = requests.get(f"{simulator}/simulator/messages", timeout=10).json()["messages"]
        texts = [one["to"] for one in found if one["direction"] != "inbound"]
        sounds = var_dir / "simulator" / "recordings"
        figures = compared(dialled, texts, books, sounds)
    finally:
        line.stop()
    told, held = sum(one.told for one in dialled), sum(one.held for one in dialled)
    print(f"{machine()}; SQLite; seed {given.seed}")
    print(f"{len(dialled)} calls in {took_s:.0f} s, {given.at_once} at once")
    print(f"{told} were told a number, {held} went as planned; settled in {settled_s:.0f} s")
    print(f"killed: {sum(chaos.killed.values())} {dict(chaos.killed)}")
    print(f"faults: {struck}\n")
    for figure in figures:
        print("  " + figure.line())
    return 1 if any(figure.wrong for figure in figures) else 0


def _whole(simulator: str, one: Dialled) -> Dialled:
    """The call with everything that happened after its caller was done."""
    found = requests.get(f"{simulator}/simulator/calls/{one.sid}", timeout=10).json()
    return replace(one, events=tuple(found["events"]))


def _settled(url: str) -> tuple[Books, float]:
    """Our books once nothing waits any more, or after a while."""
    database = Database(url)
    began = time.monotonic()
    quiet = 0
    try:
        while True:
            with database.read() as session:
                books = books_of(session)
            quiet = quiet + 1 if not books.waiting else 0
            if quiet >= 25 or time.monotonic() - began > _SETTLE_S:
                return books, time.monotonic() - began
            time.sleep(1)
    finally:
        database.close()


def _share(var_dir: Path) -> None:
    """Use the checkout's own spoken prompts."""
    if (_ROOT / "var" / "voice").is_dir():
        shutil.copytree(_ROOT / "var" / "voice", var_dir / "voice")
    if (_ROOT / "var" / "models").is_dir():
        (var_dir / "models").symlink_to(_ROOT / "var" / "models")


if __name__ == "__main__":
    sys.exit(main())
