"""The options of every command that starts a network, and the settings they make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from simulator.faults.fault_parameters import BadPlan
from simulator.faults.plan import load_plan
from simulator.numbers.caller_id import BadFacts, Place, place_in
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
        help="Folder for recordings, spoken sentences and the private keys of --door. "
        "If not given: $XDG_STATE_HOME/phone-simulator, which is mostly "
        "~/.local/state/phone-simulator.",
    ),
    click.option(
        "--allow-origin",
        "allowed_origins",
        multiple=True,
        help="Web origin whose pages may use a browser phone, besides this machine's. Repeatable.",
    ),
    click.option(
        "--allow-host",
        "allowed_hosts",
        multiple=True,
        help="Name under which this simulator may be asked, besides addresses, localhost and names "
        "without a dot. Repeatable.",
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


def network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command every option of the network."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_of(options: dict[str, Any]) -> Settings:
    """Settings from what was given; the rest keeps its default."""
    plain = ("host", "port", "account_sid", "auth_token", "api_key", "api_secret", "number",
             "status_callback", "sms_url", "app_sid", "app_status_callback", "data_dir", "pace",
             "allowed_origins", "allowed_hosts", "seed", "door", "door_tls",
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
