"""`python -m bench.proof`: run the line under chaos, compare the books, print the report."""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import aiohttp

from bench.proof import figures, history, report
from bench.proof.chaos import FAULTS, Killer
from bench.proof.drive import Drive, Driven
from bench.proof.evidence import Carrier, Row, read_books, read_carrier
from bench.proof.line import Line, free_ports
from bench.proof.report import Outage, Run
from bench.proof.store import Postgres, Sqlite
from infra.db import Database


@dataclass(frozen=True)
class Size:
    """How much one run does, for each database."""

    calls: int
    minutes: float
    at_once: int
    kill_every_s: float
    sweep_s: int
    lease_s: int
    valkey_away_s: float
    database_away_s: float
    settle_s: float


SIZES = {
    "ci": Size(500, 3.2, 60, 0.8, 15, 15, 20, 10, 120),
    "hour": Size(10_000, 60, 60, 0.8, 60, 30, 300, 60, 300),
    "night": Size(60_000, 480, 60, 0.8, 60, 30, 300, 60, 600),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and report; 1 when a zero is not zero."""
    parser = argparse.ArgumentParser(prog="python -m bench.proof", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="ci")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, help="calls for each database")
    parser.add_argument("--minutes", type=float, help="at most so long for each database")
    parser.add_argument("--at-once", type=int, help="calls at the same time")
    parser.add_argument("--write", type=Path, help="write the report to this file as well")
    parser.add_argument("--keep", type=Path, help="folder for logs and databases, kept")
    given = parser.parse_args(arguments)
    kinds = ("sqlite", "postgres") if given.database == "both" else (given.database,)
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        runs = [_one(given, kind, folder / kind) for kind in kinds]
    text = report.text(runs, command=_command(arguments), seed=given.seed)
    print(text)
    if given.write:
        given.write.write_text(text)
    return 0 if all(run.holds for run in runs) else 1


def _command(arguments: Sequence[str] | None) -> str:
    """How to run it again."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return shlex.join(["python", "-m", "bench.proof", *given])


def _one(given: argparse.Namespace, kind: str, folder: Path) -> Run:
    size = SIZES[given.size]
    folder.mkdir(parents=True)
    store = Sqlite(folder) if kind == "sqlite" else Postgres(folder)
    ports = free_ports(3)
    env = {
        "PORT": str(ports[0]),
        "SWIFTLINE_STREAMS_PORT": str(ports[1]),
        "SWIFTLINE_SIMULATOR_PORT": str(ports[2]),
        "SWIFTLINE_SPEECH": "false",
        "SWIFTLINE_SWEEP_S": str(size.sweep_s),
        "SWIFTLINE_LEASE_S": str(size.lease_s),
        "SWIFTLINE_NOBODY_WAIT_S": "3",
        "WEB_CONCURRENCY": "2",
        "LOG_LEVEL": "WARNING",
    }
    line = Line(folder, store, env)
    with line.running():
        return _run(given, size, line)


def _run(given: argparse.Namespace, size: Size, line: Line) -> Run:
    def say(text: str) -> None:
        print(f"[{line.store.name}] {text}", file=sys.stderr, flush=True)

    seconds = 60 * (given.minutes or size.minutes)
    drive = Drive(
        line.simulator_url,
        seed=given.seed,
        calls=given.calls or size.calls,
        at_once=given.at_once or size.at_once,
        seconds=seconds,
    )
    killer = Killer(line, seed=given.seed, every_s=size.kill_every_s)
    asyncio.run(_faults(line.simulator_url, {"seed": given.seed, **FAULTS}))
    began = time.time()
    outages: list[Outage] = []
    scheduled = threading.Thread(
        target=_outages, args=(line, killer, size, seconds, outages), daemon=True
    )
    killer.start()
    scheduled.start()
    driven = asyncio.run(_with_progress(drive, killer, say))
    killer.stop()
    scheduled.join(600)
    drove_s = time.time() - began
    asyncio.run(_faults(line.simulator_url, None))
    line.wait_ready()
    say(f"{len(driven)} calls, {killer.kills} kills in {drove_s:.0f} s; settling")
    settled_s = _settle(line, size, say)
    carrier = asyncio.run(read_carrier(line.simulator_url, line.settings))
    _keep_history(line, driven, carrier)
    database = Database(line.settings.database)
    books = read_books(database, line.settings.storage)
    database.close()
    return Run(
        store=line.store.name,
        store_version=line.store.version(),
        driven=driven,
        struck=dict(killer.struck),
        kills=killer.kills,
        drove_s=drove_s,
        settled_s=settled_s,
        sweep_s=size.sweep_s,
        lease_s=size.lease_s,
        verdicts=history.check(carrier, books),
        silence=figures.silences(carrier),
        after_death=figures.mended_after_death(books, killer.moments),
        by_sweep=figures.mended_by_sweep(carrier, books),
        outages=[
            replace(one, answers=figures.answers_between(carrier, one.begin, one.end))
            for one in outages
        ],
        parked=[row for row in books.outbox if row["state"] == "parked"],
        faults=_struck(carrier.calls),
    )


def _outages(line: Line, killer: Killer, size: Size, seconds: float, found: list[Outage]) -> None:
    """R7 and R8 within the run: Valkey away, then the database away, with nothing else dying."""
    acts = (
        ("R7 Valkey away", lambda: line.without("valkey"), size.valkey_away_s, 0.3),
        ("R8 database away", line.store.away, size.database_away_s, 0.6),
    )
    began = time.monotonic()
    for name, away, away_s, share in acts:
        time.sleep(max(0.0, began + share * min(seconds, 600) - time.monotonic()))
        killer.pause(True)
        line.wait_ready()
        begin = time.time()
        with away():
            time.sleep(away_s)
        found.append(Outage(name, f"{away_s:.0f} s", begin, time.time()))
        killer.pause(False)


async def _with_progress(drive: Drive, killer: Killer, say: report.Say) -> list[Driven]:
    running = asyncio.ensure_future(drive.run())
    while not running.done():
        await asyncio.wait({running}, timeout=20)
        say(f"{len(drive.driven)} calls done, {killer.kills} kills")
    return await running


async def _faults(url: str, plan: dict[str, object] | None) -> None:
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        if plan is None:
            await session.delete(f"{url}/simulator/faults")
        else:
            await session.put(f"{url}/simulator/faults", json=plan)


def _settle(line: Line, size: Size, say: report.Say) -> float:
    """Wait for two sweeps and an empty outbox, or until patience ends."""
    began = time.monotonic()
    database = Database(line.settings.database)
    archive = line.settings.storage
    try:
        while time.monotonic() - began < size.settle_s:
            time.sleep(3)
            books = read_books(database, archive)
            left = len(history.work_left(None, books).failures)  # type: ignore[arg-type]
            open_calls = sum(call["settled_at"] is None for call in books.calls)
            if not left and not open_calls and time.monotonic() - began > 2 * size.sweep_s + 31:
                break
        say(f"settled after {time.monotonic() - began:.0f} s, {left} left")
    finally:
        database.close()
    return time.monotonic() - began


def _keep_history(line: Line, driven: list[Driven], carrier: Carrier) -> None:
    """The raw history beside the logs, for who wants to look for themselves (`--keep`)."""
    facts = {"driven": [asdict(one) for one in driven], "carrier": asdict(carrier)}
    (line.folder / "history.json").write_text(json.dumps(facts, default=str))


def _struck(calls: list[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for call in calls:
        for event in call["events"]:
            if event["event"] == "fault":
                name = f"{event['purpose']} {event['fault']}"
                found[name] = found.get(name, 0) + 1
    return found


if __name__ == "__main__":
    sys.exit(main())
