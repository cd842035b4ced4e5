"""Examines an installation and says, for each finding, how to mend it."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import redis
from sqlalchemy.exc import SQLAlchemyError

from asr.models.known import find_model
from asr.words import AsrError
from config.city import CityError, load_city
from config.language import lexicon
from config.settings import Settings, SettingsError, load_settings
from config.toml_models import ConfigError
from infra.db import Database
from ivr.dialogues.dialogue import DialogueError, check_phrases, check_prompts
from ivr.registry import SHIPPED
from places.geocoder import geocoder_of
from voice.prompts import PromptError, Prompts

_SAFE_SQLITE = (3, 51, 3)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `ok`, `warn` or `wrong`, and what to do."""

    level: str
    subject: str
    text: str

    @property
    def mark(self) -> str:
        """A word that can be seen and searched."""
        return {"ok": "ok   ", "warn": "WARN ", "wrong": "WRONG"}[self.level]

    @property
    def is_wrong(self) -> bool:
        """Whether the line cannot work like this."""
        return self.level == "wrong"

    def as_json(self) -> dict[str, str]:
        """For scripts."""
        return {"level": self.level, "subject": self.subject, "text": self.text}


def examine() -> list[Finding]:
    """Look at everything that a call needs, in the order in which it needs it."""
    try:
        settings = load_settings()
    except SettingsError as error:
        return [Finding("wrong", "settings", str(error))]
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _secrets,
        _failpoints,
        _disk,
        _open_files,
        _database,
        _sqlite_version,
        _valkey,
        _city,
        _prompts,
        _model,
        _voice,
    )
    return [Finding("ok", "settings", "every value can be used"), *(c(settings) for c in checks)]


def _secrets(settings: Settings) -> Finding:
    missing = [
        name
        for name, value in (
            ("SECRET_KEY", settings.secret_key),
            ("TWILIO_ACCOUNT_SID", settings.twilio_account_sid),
            ("TWILIO_AUTH_TOKEN", settings.twilio_auth_token),
        )
        if not value
    ]
    if missing:
        return Finding("wrong", "secrets", f"{', '.join(missing)} not set; run `make setup`")
    local = settings.var_dir / "local.env"
    if local.exists() and stat.S_IMODE(local.stat().st_mode) & 0o077:
        return Finding("wrong", "secrets", f"others may read {local}; run `chmod 600 {local}`")
    return Finding("ok", "secrets", "set, and readable by their owner only")


def _failpoints(settings: Settings) -> Finding:
    if settings.breakable:
        return Finding(
            "warn",
            "failpoints",
            "SWIFTLINE_BREAKABLE is on: this line may fail on purpose; not where people call",
        )
    return Finding("ok", "failpoints", "off")


def _disk(settings: Settings) -> Finding:
    if not settings.var_dir.is_dir():
        return Finding("wrong", "disk", f"{settings.var_dir} does not exist; run `make setup`")
    usage = shutil.disk_usage(settings.var_dir)
    share = usage.free / usage.total
    free_gb = usage.free / 1e9
    if usage.free < 200e6:
        return Finding("wrong", "disk", f"{free_gb:.1f} GB free; recordings will not fit")
    level = "warn" if share < 0.1 else "ok"
    return Finding(level, "disk", f"{free_gb:.1f} GB free ({share:.0%})")


def _open_files(_settings: Settings) -> Finding:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        return Finding("warn", "open files", f"limit is {soft}; raise it: `ulimit -n 65536`")
    return Finding("ok", "open files", f"limit is {soft}")


def _database(settings: Settings) -> Finding:
    try:
        database = Database(settings.database)
        database.answers()
        database.close()
    except SQLAlchemyError as error:
        return Finding(
            "wrong", "database", f"does not answer ({type(error).__name__}); check DATABASE_URL"
        )
    return Finding("ok", "database", "answers")


def _sqlite_version(settings: Settings) -> Finding:
    if not settings.database.startswith("sqlite"):
        return Finding("ok", "SQLite", "not used")
    if sqlite3.sqlite_version_info < _SAFE_SQLITE:
        return Finding(
            "warn",
            "SQLite",
            f"{sqlite3.sqlite_version} has a rare fault of its write-ahead log, mended in 3.51.3;"
            " use PostgreSQL (DATABASE_URL) for a line that must not stop",
        )
    return Finding("ok", "SQLite", sqlite3.sqlite_version)


def _valkey(settings: Settings) -> Finding:
    try:
        redis.Redis.from_url(settings.redis, socket_timeout=1, socket_connect_timeout=1).ping()
    except redis.RedisError:
        where = "is not running; `make run` starts it" if not settings.redis_url else "is away"
        return Finding("warn", "Valkey", f"{where}; work goes on without it, a little later")
    return Finding("ok", "Valkey", "answers")


def _city(settings: Settings) -> Finding:
    try:
        city = load_city(settings.city)
        geocoder_of(city)
    except CityError as error:
        return Finding("wrong", "city", str(error))
    return Finding("ok", "city", f"{city.name}: {len(city.categories)} categories")


def _prompts(settings: Settings) -> Finding:
    try:
        for language in settings.language_list:
            for dialogue in SHIPPED.all:
                check_prompts(dialogue, Prompts(language).keys(), language)
                check_phrases(dialogue, lexicon(language).expected, language)
    except (PromptError, DialogueError, ConfigError) as error:
        return Finding("wrong", "prompts", str(error))
    return Finding("ok", "prompts", f"complete in {', '.join(settings.language_list)}")


def _model(settings: Settings) -> Finding:
    if not settings.speech_on:
        return Finding("warn", "speech model", "SWIFTLINE_SPEECH is off: keys and people only")
    try:
        folders = [find_model(settings, language) for language in settings.language_list]
    except AsrError as error:
        return Finding("wrong", "speech model", str(error))
    return Finding("ok", "speech model", ", ".join(folder.name for folder in folders))


def _voice(settings: Settings) -> Finding:
    if settings.voice_en.startswith("piper") and find_spec("piper") is None:
        return Finding(
            "warn", "voice", "piper-tts is not installed; prompts are spoken by espeak instead"
        )
    spoken = len(list(settings.voice_dir.glob("*.json"))) if settings.voice_dir.is_dir() else 0
    return Finding("ok" if spoken else "warn", "voice", f"{spoken} phrases spoken ahead")
