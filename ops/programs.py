"""The programs of the embedded default, how each is started and how it shows that it is ready."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import redis

from carriers.twilio.addresses import until_taken, while_holding
from config.settings import Settings
from infra import valkey
from ops.setup import accounts_file
from ops.supervisor import Program, check_ports

_ROOT = Path(__file__).resolve().parents[1]
_OVERRIDES = "#ct=1000&rt=3500&rc=1&rp=ct"
"""How the carrier connects to us, so that a caller hears something within 5 s (deploy/README)."""


def programs(settings: Settings) -> list[Program]:
    """Everything `make run` starts; StartError when a port is taken."""
    check_ports(
        {
            "PORT": (settings.bind, settings.web_port),
            "SWIFTLINE_STREAMS_PORT": (settings.bind, settings.streams_port),
            "SWIFTLINE_SIMULATOR_PORT": ("127.0.0.1", settings.simulator_port),
        }
    )
    (settings.var_dir / "worker.ready").unlink(missing_ok=True)
    env = _env(settings)
    python = sys.executable
    stored = [_valkey(settings)] if not settings.redis_url else []
    return [
        *stored,
        Program("web", _gunicorn(settings), _http(_at(settings.web_port, "/healthz")), env),
        Program(
            "streams",
            [python, "-m", "ops.streams"],
            _http(_at(settings.streams_port, "/readyz")),
            env,
        ),
        Program(
            "worker",
            [python, "-m", "ops.worker"],
            (settings.var_dir / "worker.ready").exists,
            env,
        ),
        Program(
            "simulator",
            [python, "-m", "simulator", "serve", *simulator_options(settings)],
            _http(_at(settings.simulator_port, "/healthz")),
            env | simulator_secrets(settings),
        ),
    ]


def simulator_options(settings: Settings) -> list[str]:
    """Command-line options that make the simulator the carrier of this installation."""
    host = settings.public_url.split("://", 1)[1]
    return [
        "--strict",
        "--port",
        str(settings.simulator_port),
        "--account-sid",
        settings.twilio_account_sid,
        "--api-key",
        settings.twilio_api_key,
        "--number",
        settings.phone_number,
        "--voice-url",
        f"{settings.public_url}/ivr/voice{_OVERRIDES}",
        "--voice-fallback-url",
        "/bins/fallback.xml",
        "--voice-fallback-method",
        "GET",
        "--bins",
        str(_ROOT / "deploy"),
        "--status-callback",
        until_taken(f"{settings.public_url}/ivr/status"),
        "--app-sid",
        settings.twilio_twiml_app_sid,
        "--app-voice-url",
        while_holding(f"{settings.public_url}/agents/voice"),
        "--map",
        f"{settings.public_url}=http://127.0.0.1:{settings.web_port}",
        "--map",
        f"wss://{host}=ws://127.0.0.1:{settings.streams_port}",
        "--captions",
        str(settings.voice_dir.absolute()),
        "--data-dir",
        str((settings.var_dir / "simulator").absolute()),
    ]


def simulator_secrets(settings: Settings) -> dict[str, str]:
    """Secrets for the simulator: by environment, so that no process list shows them."""
    return {
        "SIMULATOR_AUTH_TOKEN": settings.twilio_auth_token,
        "SIMULATOR_API_SECRET": settings.twilio_api_secret,
    }


def is_up(settings: Settings) -> bool:
    """Whether the line of this installation runs here."""
    return (
        _http(_at(settings.web_port, "/healthz"))()
        and _http(_at(settings.simulator_port, "/healthz"))()
    )


def page(settings: Settings) -> str:
    """The short page that `make run` ends with."""
    return f"""
  [bold]Swiftline is on the line.[/bold]

  Call it      http://localhost:{settings.simulator_port}      the softphone: press Call and talk
               make call S=pothole        a scripted caller, in a second terminal
  Work in it   {settings.pages_url}      tickets, agents' desk, replay for QA
  Sign in as   agent, qa, officer, supervisor or admin;
               passwords are in {accounts_file(settings)}
  Logs         {settings.var_dir / "log"}

  Ctrl-C stops everything.
"""


def _valkey(settings: Settings) -> Program:
    address = settings.valkey_socket

    def ready() -> bool:
        try:
            return bool(redis.Redis(unix_socket_path=str(address), socket_timeout=1).ping())
        except redis.RedisError:
            return False

    return Program("valkey", valkey.command(address), ready, stops_last=True)


def _gunicorn(settings: Settings) -> list[str]:
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "wsgi:app",
        "--chdir",
        str(_ROOT),
        "--config",
        str(_ROOT / "ops" / "gunicorn.py"),
        "--bind",
        f"{settings.bind}:{settings.web_port}",
        "--worker-tmp-dir",
        str(settings.var_dir.absolute()),
    ]


def _env(settings: Settings) -> dict[str, str]:
    """What child processes must know to read the same settings."""
    return {
        "SWIFTLINE_VAR_DIR": str(settings.var_dir.absolute()),
        "SWIFTLINE_CARRIER_API_URL": settings.carrier_api_url
        or f"http://127.0.0.1:{settings.simulator_port}",
        "PYTHONPATH": str(_ROOT),
        "OMP_NUM_THREADS": "2",
    }


def _at(port: int, path: str) -> str:
    return f"http://127.0.0.1:{port}{path}"


def _http(url: str) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return answers
