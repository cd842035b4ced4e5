"""The command: `python -m simulator serve` and `python -m simulator call`."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from aiohttp import web

from simulator.call_command import call_here, call_there
from simulator.faults.fault_parameters import BadPlan
from simulator.faults.plan import load_plan
from simulator.load.arrivals import BadArrivals, read_arrivals, read_duration
from simulator.load.crowd import Habits
from simulator.load.load_command import call_in_crowds, scenarios_in
from simulator.load.picture import NoPicture, check, draw
from simulator.numbers.caller_id import BadFacts, Place, place_in
from simulator.rest.answers import dumps
from simulator.scenario.steps import ScenarioError, load_scenario, with_facts
from simulator.server import create_app
from simulator.settings import Hook, Settings, SettingsError
from simulator.webhooks.origins import BadOrigin, OriginMap
from simulator.webhooks.signature import SharedKey

_METHOD = click.Choice(["GET", "POST"])
_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option(
        "--port",
        type=click.IntRange(1, 65535),
        default=8100,
        show_default=True,
        help="Port of REST, pages and browser phones.",
    ),
    click.option("--account-sid", help="AC and 32 hex digits. Made up when not given."),
    click.option(
        "--auth-token",
        envvar="SIMULATOR_AUTH_TOKEN",
        help="Signs webhooks; REST password. Better given by the environment.",
    ),
    click.option(
        "--signing-key",
        help="Id of a shared key that signs webhooks with HMAC-SHA256 in the auth token's place.",
    ),
    click.option(
        "--signing-secret",
        envvar="SIMULATOR_SIGNING_SECRET",
        help="That key's secret. Better given by the environment.",
    ),
    click.option(
        "--ca",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="File of a further authority whose certificates the application may have.",
    ),
    click.option(
        "--public-only",
        is_flag=True,
        help="Refuse private addresses with 11205 as the carrier does, unless they are mapped.",
    ),
    click.option(
        "--open-media",
        is_flag=True,
        help="Let recordings and media be fetched without the account's token, as older accounts.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        help="Refuse a document that violates the schema, where the carrier only warns.",
    ),
    click.option(
        "--stand-ins/--no-stand-ins",
        default=True,
        help="Answer here for Twilio's public samples (hold music, demo.twilio.com, Twimlets).",
    ),
    click.option("--api-key", help="SK and 32 hex digits: issuer of browser phones' tokens."),
    click.option(
        "--api-secret",
        envvar="SIMULATOR_API_SECRET",
        help="That key's secret. Better given by the environment.",
    ),
    click.option(
        "--number", default="+13125550100", show_default=True, help="The account's number, E.164."
    ),
    click.option(
        "--number-place",
        default="",
        metavar="CITY,STATE,ZIP,COUNTRY",
        help="Where it belongs, as the application is told.",
    ),
    click.option(
        "--caller-id-lookup", is_flag=True, help="Tell callers' names where they are known."
    ),
    click.option("--voice-url", help="Asked when somebody calls the number."),
    click.option("--voice-method", type=_METHOD, default="POST", show_default=True),
    click.option(
        "--voice-fallback-url",
        help="Asked when the voice URL or a document fails; /bins/NAME for one of --bins.",
    ),
    click.option("--voice-fallback-method", type=_METHOD, default="POST", show_default=True),
    click.option(
        "--faults",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Plan of what goes wrong, YAML; also at /simulator/faults.",
    ),
    click.option(
        "--speech-model",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Folder of a Vosk model, to understand people and clips in <Gather>.",
    ),
    click.option(
        "--bins",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Folder of documents that the carrier itself hosts, at /bins/NAME; EH....xml is also "
        "the TwiML Bin of that id.",
    ),
    click.option(
        "--rest-limit",
        type=click.FloatRange(0, min_open=True),
        help="REST requests a second; those beyond it are refused with 429. No limit if not given.",
    ),
    click.option(
        "--call-rate",
        type=click.FloatRange(0, min_open=True),
        help="Calls that REST may begin in a second (the carrier: 1); the others wait as queued. "
        "No limit if not given.",
    ),
    click.option("--status-callback", help="Told when a call to the number is over."),
    click.option("--sms-url", help="Asked when the number gets a text."),
    click.option(
        "--messaging-service", help="Id of the service to which the number belongs, MG..."
    ),
    click.option("--app-sid", help="AP and 32 hex digits: what browser phones call."),
    click.option("--app-voice-url", help="Asked when a browser phone calls the application."),
    click.option("--app-status-callback", help="Told when such a call is over."),
    click.option(
        "--map",
        "mappings",
        multiple=True,
        metavar="PUBLIC=LOCAL",
        help="Where a public origin really is, such as "
        "https://hotline.example=http://127.0.0.1:5000. Repeatable.",
    ),
    click.option(
        "--captions",
        type=click.Path(path_type=Path),
        help="Folder of NAME.ulaw beside NAME.json: sentences to recognise.",
    ),
    click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        help="Folder for recordings and spoken sentences.",
    ),
    click.option(
        "--allow-origin",
        "allowed_origins",
        multiple=True,
        help="Web origin whose pages may use a browser phone, besides this machine's. Repeatable.",
    ),
    click.option(
        "--pace",
        type=click.FloatRange(0, 100),
        default=1.0,
        show_default=True,
        help="Seconds of line time in one real second; 0: simulated time, nothing waits.",
    ),
    click.option(
        "--door",
        type=click.IntRange(0, 65535),
        help="Port of a proxy that is api.twilio.com, for applications that nobody changes. "
        "What to paste is printed at the start.",
    ),
    click.option(
        "--door-tls",
        type=click.IntRange(0, 65535),
        help="Port at 127.0.0.1 that is api.twilio.com itself, for those that know no proxy: 443, "
        "with a line in /etc/hosts. What to paste is printed at the start.",
    ),
    click.option(
        "--seed", type=int, help="Draw identifiers from it: runs with --pace 0 come out the same."
    ),
)


def _network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group(context_settings={"auto_envvar_prefix": "SIMULATOR", "max_content_width": 100})
def main() -> None:
    """A phone carrier on your desk: runs Twilio voice applications unchanged.

    Every option can be given by the environment as well: SIMULATOR_SERVE_PORT, ... The two secrets
    are SIMULATOR_AUTH_TOKEN and SIMULATOR_API_SECRET.
    """


@main.command()
@_network_options
def serve(**options: Any) -> None:
    """Run the network: REST, webhooks, browser phones. Ready when GET /healthz answers."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    settings = _settings(options)
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
@_network_options
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
        held = asyncio.run(call_here(_settings(options), scenario, folder, as_json=as_json))
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
@_network_options
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
                _settings(options),
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
    except (ScenarioError, BadArrivals, NoPicture) as error:
        raise click.ClickException(str(error)) from error
    click.echo(dumps(report.as_json()) if as_json else report.text())
    sys.exit(1 if report.outcomes["failed"] or report.outcomes["error"] else 0)


def _settings(options: dict[str, Any]) -> Settings:
    """Settings from what was given; the rest keeps its default."""
    plain = ("host", "port", "account_sid", "auth_token", "api_key", "api_secret", "number",
             "status_callback", "sms_url", "app_sid", "app_status_callback", "data_dir", "pace",
             "allowed_origins", "seed", "door", "door_tls",
             "speech_model", "faults", "rest_limit", "ca", "call_rate",
             "messaging_service")  # fmt: skip
    given = {name: options[name] for name in plain if options.get(name) is not None}
    try:
        if options["faults"]:
            load_plan(options["faults"])
        return Settings(
            **given,
            voice=_voice(options),
            app_voice=Hook(options["app_voice_url"]) if options["app_voice_url"] else None,
            bins_dir=options["bins"],
            place=place_in(options["number_place"]) if options["number_place"] else Place(),
            looks_up_names=options["caller_id_lookup"],
            shared_key=_shared_key(options),
            public_only=options["public_only"],
            open_media=options["open_media"],
            strict=options["strict"],
            stand_ins=options["stand_ins"],
            origins=OriginMap.of(options["mappings"]),
            captions_dir=options["captions"],
        )
    except (SettingsError, BadOrigin, BadPlan, BadFacts) as error:
        raise click.ClickException(str(error)) from error


def _shared_key(options: dict[str, Any]) -> SharedKey | None:
    if not options["signing_key"]:
        return None
    if not options["signing_secret"]:
        raise click.UsageError("--signing-key needs SIMULATOR_SIGNING_SECRET")
    return SharedKey(options["signing_key"], options["signing_secret"])


def _voice(options: dict[str, Any]) -> Hook | None:
    """What the number's calls ask; an address without scheme and host is one of the bins."""
    if not options["voice_url"]:
        return None
    fallback = options["voice_fallback_url"] or ""
    if fallback.startswith("/"):
        fallback = f"http://{options['host']}:{options['port']}{fallback}"
    return Hook(
        options["voice_url"], options["voice_method"], fallback, options["voice_fallback_method"]
    )


if __name__ == "__main__":
    main(prog_name="python -m simulator")
