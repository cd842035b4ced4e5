"""One run of the proof: start the line, let callers call while things die, compare the records."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import aiohttp
from sqlalchemy import func, select

from bench.proof import figures, history, sockets
from bench.proof.chaos import FAULTS, Killer
from bench.proof.drive import Drive, Driven
from bench.proof.evidence import Carrier, Row, read_carrier, read_records
from bench.proof.line import Line
from bench.proof.report import CutRun, Outage, Run
from bench.proof.sizes import Size
from bench.proof.store import Postgres, Sqlite
from bench.proof.watch import Watch
from calls.models import Call
from infra.db import Database
from infra.outbox.rows import Outbox, RowState
from tests.ports import free_ports

_PROGRESS_S = 20.0
_ADOPTED_AFTER_S = 31
_DATABASE_AWAY = "R8 database away"
_OUTAGES_WITHIN_S = 600.0


@dataclass(frozen=True)
class _UnderChaos:
    """What happened to a line while callers phoned."""

    driven: list[Driven]
    killer: Killer
    watch: Watch
    watched: Database
    outages: list[Outage]
    drove_s: float


def run_chaos(size: Size, seed: int, kind: str, folder: Path, machine: Lock) -> Run:
    """Calls in turn mode on one kind of database while processes die and the carrier errs.

    machine: held until the last call is over. A line that settles afterwards mostly waits, so
    another one may have the machine meanwhile.
    """
    folder.mkdir(parents=True)
    store = Sqlite(folder) if kind == "sqlite" else Postgres(folder)
    with ExitStack() as over:
        with machine:
            env = {**_env(size), "SWIFTLINE_SPEECH": "false", "WEB_CONCURRENCY": "2"}
            line = Line(folder, store, env)
            over.enter_context(line.running())
            struck = _strike(size, seed, line)
        return _settled_run(size, line, struck)


def run_cuts(size: Size, seed: int, folder: Path, machine: Lock) -> CutRun:
    """R14: calls on media sockets, each cut in mid-call. machine: as in `run_chaos`."""
    folder.mkdir(parents=True)
    with ExitStack() as over:
        with machine:
            line = Line(folder, Sqlite(folder), _env(size))
            over.enter_context(line.running())
            driven, drove_s = _cut(size, seed, line)
        return _settled_cuts(size, line, driven, drove_s)


def _env(size: Size) -> dict[str, str]:
    ports = free_ports(3)
    return {
        "PORT": str(ports[0]),
        "SWIFTLINE_STREAMS_PORT": str(ports[1]),
        "SWIFTLINE_SIMULATOR_PORT": str(ports[2]),
        "SWIFTLINE_RECONCILE_S": str(size.reconcile_s),
        "SWIFTLINE_LEASE_S": str(size.lease_s),
        "SWIFTLINE_NOBODY_WAIT_S": "3",
        "LOG_LEVEL": "WARNING",
    }


def _strike(size: Size, seed: int, line: Line) -> _UnderChaos:
    name, seconds = line.store.name, 60 * size.minutes
    drive = Drive(
        line.simulator_url, seed=seed, calls=size.calls, at_once=size.at_once, seconds=seconds
    )
    killer = Killer(line, seed=seed, every_s=size.kill_every_s)
    watched = Database(line.settings.database)
    watch = Watch(watched)
    _set_faults(line, {"seed": seed, **FAULTS})
    began = time.time()
    outages: list[Outage] = []
    absent = threading.Thread(
        target=_outages, args=(line, killer, size, seconds, outages), daemon=True
    )
    for thread in (killer, watch, absent):
        thread.start()
    driven = asyncio.run(_with_progress(drive, killer, name))
    absent.join(size.valkey_away_s + size.database_away_s + _OUTAGES_WITHIN_S)
    killer.stop()
    drove_s = time.time() - began
    _set_faults(line, None)
    line.wait_ready()
    _say(name, f"{len(driven)} calls, {killer.kills} kills in {drove_s:.0f} s; settling")
    return _UnderChaos(driven, killer, watch, watched, outages, drove_s)


def _settled_run(size: Size, line: Line, struck: _UnderChaos) -> Run:
    settled_s = _settle(line, size)
    killer, watch, outages = struck.killer, struck.watch, struck.outages
    watch.stop()
    struck.watched.close()
    carrier = asyncio.run(read_carrier(line.simulator_url, line.settings))
    _keep_history(line, struck.driven, carrier, outages)
    records = read_records(database := Database(line.settings.database), line.settings.storage)
    database.close()
    absences = [(one.begin, one.end) for one in outages]
    without_database = [(one.begin, one.end) for one in outages if one.name == _DATABASE_AWAY]
    return Run(
        store=line.store.name,
        store_version=line.store.version(),
        driven=struck.driven,
        struck=dict(killer.struck),
        kills=killer.kills,
        killer_failed=killer.failed,
        drove_s=struck.drove_s,
        settled_s=settled_s,
        reconcile_s=size.reconcile_s,
        lease_s=size.lease_s,
        verdicts=history.check(carrier, records),
        silence=figures.silences(carrier),
        after_death=figures.repaired_after_death(records, killer.moments, watch.claims, absences),
        by_reconciling=figures.repaired_by_reconciling(carrier, records, without_database),
        outages=[
            replace(one, answers=figures.answers_between(carrier, one.begin, one.end))
            for one in outages
        ],
        dead_letters=[row for row in records.outbox if row["state"] == RowState.DEAD],
        faults=_struck(carrier.calls),
    )


def _cut(size: Size, seed: int, line: Line) -> tuple[list[Driven], float]:
    drive = Drive(
        line.simulator_url,
        seed=seed,
        calls=size.cuts,
        at_once=size.cuts_at_once,
        seconds=3600,
        script=sockets.script,
    )
    _set_faults(line, {"seed": seed, **sockets.FAULTS})
    began = time.time()
    driven = asyncio.run(_with_progress(drive, None, "sockets"))
    drove_s = time.time() - began
    _set_faults(line, None)
    return driven, drove_s


def _settled_cuts(size: Size, line: Line, driven: list[Driven], drove_s: float) -> CutRun:
    _settle(line, size)
    carrier = asyncio.run(read_carrier(line.simulator_url, line.settings))
    _keep_history(line, driven, carrier, [])
    records = read_records(database := Database(line.settings.database), line.settings.storage)
    database.close()
    return CutRun(driven, drove_s, history.check(carrier, records), sockets.cuts(carrier))


def _outages(line: Line, killer: Killer, size: Size, seconds: float, found: list[Outage]) -> None:
    """R7 and R8 within the run: Valkey away, then the database away, with nothing else dying."""
    acts = (
        ("R7 Valkey away", lambda: line.without("valkey"), size.valkey_away_s, 0.3),
        (_DATABASE_AWAY, line.store.away, size.database_away_s, 0.6),
    )
    began = time.monotonic()
    for name, away, away_s, share in acts:
        begins = began + share * min(seconds, _OUTAGES_WITHIN_S)
        time.sleep(max(0.0, begins - time.monotonic()))
        with killer.paused():
            line.wait_ready()
            # The carrier's log is to the second: what dies before or after must not count.
            time.sleep(1)
            begin = time.time()
            with away():
                time.sleep(away_s)
            found.append(Outage(name, f"{away_s:.0f} s", begin, time.time()))
            time.sleep(1)


async def _with_progress(drive: Drive, killer: Killer | None, name: str) -> list[Driven]:
    running = asyncio.ensure_future(drive.run())
    while not running.done():
        await asyncio.wait({running}, timeout=_PROGRESS_S)
        kills = f", {killer.kills} kills" if killer else ""
        _say(name, f"{len(drive.driven)} calls done{kills}")
    return await running


def _set_faults(line: Line, plan: Mapping[str, Any] | None) -> None:
    """Let the carrier err by a plan, or no more."""

    async def ask() -> None:
        url = f"{line.simulator_url}/simulator/faults"
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            if plan is None:
                await session.delete(url)
            else:
                await session.put(url, json=plan)

    asyncio.run(ask())


def _settle(line: Line, size: Size) -> float:
    """Wait for two comparisons and an empty outbox, or until the time is up."""
    began = time.monotonic()
    database = Database(line.settings.database)
    left = -1
    try:
        while (waited_s := time.monotonic() - began) < size.settle_s:
            time.sleep(3)
            left = _left(database)
            if not left and waited_s > 2 * size.reconcile_s + _ADOPTED_AFTER_S:
                break
    finally:
        database.close()
    _say(line.store.name, f"settled after {time.monotonic() - began:.0f} s, {left} left")
    return time.monotonic() - began


def _left(database: Database) -> int:
    """Rows of work that wait, and calls that are not settled."""
    waiting = select(func.count(Outbox.id)).where(
        Outbox.state == RowState.WAITING, ~Outbox.key.startswith("every:")
    )
    unsettled = select(func.count(Call.id)).where(Call.settled_at.is_(None))
    with database.read() as session:
        return (session.scalar(waiting) or 0) + (session.scalar(unsettled) or 0)


def _keep_history(
    line: Line, driven: list[Driven], carrier: Carrier, outages: list[Outage]
) -> None:
    """The raw history beside the logs, for who wants to look for themselves (`--keep`)."""
    facts = {
        "driven": [asdict(one) for one in driven],
        "carrier": asdict(carrier),
        "outages": [asdict(one) for one in outages],
    }
    (line.folder / "history.json").write_text(json.dumps(facts, default=str))


def _struck(calls: list[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for call in calls:
        for event in call["events"]:
            if event["event"] == "fault":
                name = f"{event['purpose']} {event['fault']}"
                found[name] = found.get(name, 0) + 1
    return found


def _say(name: str, text: str) -> None:
    print(f"[{name}] {text}", file=sys.stderr, flush=True)
