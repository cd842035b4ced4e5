"""One crowd from the command line: progress while it calls, then the report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click
from aiohttp import web

from simulator.keys import NETWORK
from simulator.load.arrivals import Curve
from simulator.load.crowd import Crowd, Habits, Tally
from simulator.load.report import Report, report_of
from simulator.scenario.files import Scenario, load_scenario
from simulator.scenario.steps import ScenarioError
from simulator.server import create_app
from simulator.settings import Settings

_PROGRESS_S = 1.0


def scenarios_in(folder: Path) -> list[tuple[str, Scenario]]:
    """Every scenario of a folder, by name. Raises ScenarioError."""
    found = [(path.stem, load_scenario(path)) for path in sorted(folder.glob("*.y*ml"))]
    if not found:
        raise ScenarioError(f"{folder}: expected at least one scenario, NAME.yaml")
    return found


async def call_in_crowds(
    settings: Settings,
    scenarios: Sequence[tuple[str, Scenario]],
    curve: Curve,
    habits: Habits,
    *,
    duration_s: float,
    scale: float,
    seed: int,
) -> tuple[Report, Tally]:
    """Start a simulator with its REST API here and let the crowd call."""
    runner = web.AppRunner(create_app(settings), shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        network = runner.app[NETWORK]
        crowd = Crowd(network, scenarios, habits, seed=seed)
        telling = asyncio.ensure_future(_tell(crowd.tally))
        began, began_line_s = time.monotonic(), network.exchange.clock.now_s
        try:
            tally = await crowd.call_all(curve.times(duration_s, seed=seed, scale=scale))
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
        report = report_of(
            tally,
            seed=seed,
            pace=settings.pace,
            wall_s=time.monotonic() - began,
            line_s=network.exchange.clock.now_s - began_line_s,
            lateness_s=tuple(network.exchange.clock.lateness_s),
        )
        return report, tally
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
            "give another --port"
        ) from error
    finally:
        await runner.cleanup()


async def _tell(tally: Tally) -> None:
    """A line of progress each second, on standard error."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(_PROGRESS_S)
        click.echo(
            f"{time.monotonic() - began:6.0f} s  on the line {tally.on_the_line:>4}  "
            f"served {tally.count('served'):>6}  failed {tally.count('failed'):>4}  "
            f"abandoned {tally.count('abandoned'):>4}  busy {tally.count('busy'):>4}  "
            f"errors {tally.count('error'):>4}",
            err=True,
        )
