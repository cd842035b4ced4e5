"""The command: `python -m simulator serve` and `python -m simulator call`."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

import click
from aiohttp import web

from simulator.call_command import call_here, call_there
from simulator.load.arrivals import BadArrivals, read_arrivals, read_duration
from simulator.load.crowd import Habits
from simulator.load.load_command import call_in_crowds, scenarios_in
from simulator.load.picture import NoPicture, check, draw
from simulator.options import network_options, settings_of
from simulator.rest.answers import dumps
from simulator.scenario.files import load_scenario, with_facts
from simulator.scenario.steps import ScenarioError
from simulator.server import create_app
from simulator.settings import SettingsError


@click.group(context_settings={"auto_envvar_prefix": "SIMULATOR", "max_content_width": 100})
def main() -> None:
    """A phone carrier on your desk: runs Twilio voice applications unchanged.

    Every option can be given by the environment as well: SIMULATOR_SERVE_PORT, ... The two secrets
    are SIMULATOR_AUTH_TOKEN and SIMULATOR_API_SECRET.
    """


@main.command()
@network_options
def serve(**options: Any) -> None:
    """Run the network: REST, webhooks, browser phones. Ready when GET /healthz answers."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    settings = settings_of(options)
    try:
        web.run_app(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            print=lambda text: click.echo(text, err=True),
            shutdown_timeout=2.0,
        )
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
            "stop what uses that port or give another --port"
        ) from error


@main.command()
@click.argument("voice_url_argument", metavar="[VOICE_URL]", required=False)
@click.option(
    "--scenario",
    "scenario_path",
    type=click.Path(path_type=Path),
    required=True,
    help="What the caller does and expects, YAML.",
)
@click.option(
    "--server", help="A running simulator that places the call, such as http://127.0.0.1:8100."
)
@click.option("--json", "as_json", is_flag=True, help="One event a line as JSON.")
@click.option(
    "--caller",
    "facts",
    multiple=True,
    metavar="NAME=TEXT",
    help="What is known of the caller: forwarded_from, name or attestation. Repeatable.",
)
@network_options
def call(
    voice_url_argument: str | None,
    scenario_path: Path,
    server: str | None,
    as_json: bool,
    facts: tuple[str, ...],
    **options: Any,
) -> None:
    """Let a scripted caller call, and print the conversation. Exit status 0 if all held."""
    if server and voice_url_argument:
        raise click.UsageError(
            "VOICE_URL is of no use with --server, which calls its own number: give one of them"
        )
    try:
        known = {name: text for name, _, text in (one.partition("=") for one in facts)}
        scenario = load_scenario(scenario_path)
        scenario = with_facts(scenario, known, scenario_path.resolve().parent)
    except ScenarioError as error:
        raise click.ClickException(str(error)) from error
    folder = scenario_path.resolve().parent
    if server:
        held = asyncio.run(call_there(server, scenario, folder, as_json=as_json))
    else:
        options["voice_url"] = voice_url_argument or options["voice_url"]
        if not options["voice_url"]:
            raise click.UsageError("give the application's VOICE_URL, or --server")
        logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
        held = asyncio.run(call_here(settings_of(options), scenario, folder, as_json=as_json))
    sys.exit(0 if held else 1)


@main.command()
@click.argument("voice_url_argument", metavar="VOICE_URL")
@click.option(
    "--scenarios",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder of scenarios; each caller draws one.",
)
@click.option(
    "--arrivals",
    required=True,
    help="A rate such as 90/min, or a CSV file of time,calls (hour, HH:MM or ISO date).",
)
@click.option("--duration", default="1m", show_default=True, help="Such as 90s, 10m, 24h.")
@click.option("--scale", type=click.FloatRange(0.000001), default=1.0, help="Times the arrivals.")
@click.option("--patience", default="2m", show_default=True, help="Mean wait before hanging up.")
@click.option("--redial", type=click.FloatRange(0, 1), default=0.5, show_default=True)
@click.option("--redial-after", default="1m", show_default=True)
@click.option("--lines", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the report into this PNG.")
@network_options
def load(
    voice_url_argument: str,
    folder: Path,
    arrivals: str,
    duration: str,
    scale: float,
    patience: str,
    redial: float,
    redial_after: str,
    lines: int,
    as_json: bool,
    picture: Path | None,
    **options: Any,
) -> None:
    """Let a crowd call an application, and report. Exit status 0 if no call failed or erred."""
    logging.basicConfig(stream=sys.stderr, level=logging.CRITICAL)
    options["voice_url"] = voice_url_argument
    seed = options["seed"] = options["seed"] if options["seed"] is not None else 1
    try:
        if picture is not None:
            check(picture)
        habits = Habits(
            patience_s=read_duration(patience),
            redial=redial,
            redial_after_s=read_duration(redial_after),
            lines=lines,
        )
        report, tally = asyncio.run(
            call_in_crowds(
                settings_of(options),
                scenarios_in(folder),
                read_arrivals(arrivals),
                habits,
                duration_s=read_duration(duration),
                scale=scale,
                seed=seed,
            )
        )
        if picture is not None:
            draw(report, tally, picture)
    except (ScenarioError, BadArrivals, NoPicture, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(dumps(report.as_json()) if as_json else report.text())
    sys.exit(1 if report.outcomes["failed"] or report.outcomes["error"] else 0)


if __name__ == "__main__":
    main(prog_name="python -m simulator")
