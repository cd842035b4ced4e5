"""Examines an installation and says, for each finding, how to mend it."""

from __future__ import annotations

import re
import resource
import shutil
import sqlite3
import stat
from collections.abc import Callable
from importlib.util import find_spec

from sqlalchemy.exc import SQLAlchemyError

from config.city import load_city
from config.language import lexicon
from config.settings import Settings, SettingsError, load_settings
from config.toml_models import ConfigError
from infra.db import Database
from ivr.dialogues.dialogue import DialogueError, check_phrases, check_prompts
from ivr.registry import SHIPPED
from places.geocoder import geocoder_of
from voice.prompts import PromptError, Prompts
from web import checks
from web.checks import Finding, Level, ask

_EXAMPLE = re.compile(r"\+1\d{3}55501\d\d")
"""555-0100 to 555-0199 are for examples in North America (NANPA): nobody answers there."""
_SAFE_SQLITE = (3, 51, 3)


_MARKS = {"ok": "ok   ", "warn": "WARN ", "wrong": "WRONG"}


def in_words(finding: Finding) -> str:
    """A finding as a line that can be seen and searched."""
    return f"{_MARKS[finding.level]}  {finding.subject}: {finding.detail or finding.text}"


def as_json(finding: Finding) -> dict[str, str]:
    """A finding for scripts."""
    text = finding.detail or finding.text
    return {"level": finding.level, "subject": finding.subject, "text": text}


def examine() -> list[Finding]:
    """Look at everything that a call needs, in the order in which it needs it."""
    try:
        settings = load_settings()
    except SettingsError as error:
        return [Finding("wrong", "settings", str(error))]
    looks: tuple[Callable[[Settings], Finding], ...] = (
        _secrets,
        _failpoints,
        _disk,
        _open_files,
        _database,
        _sqlite_version,
        _valkey,
        _city,
        emergency_number_is_real,
        _prompts,
        _model,
        _voice,
    )
    return [
        Finding("ok", "settings", "every value can be used"),
        *(look(settings) for look in looks),
    ]


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
    level: Level = "warn" if share < 0.1 else "ok"
    return Finding(level, "disk", f"{free_gb:.1f} GB free ({share:.0%})")


def _open_files(_settings: Settings) -> Finding:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        return Finding("warn", "open files", f"limit is {soft}; raise it: `ulimit -n 65536`")
    return Finding("ok", "open files", f"limit is {soft}")


def _database(settings: Settings) -> Finding:
    try:
        database = Database(settings.database)
    except SQLAlchemyError as error:
        text = f"cannot be used ({type(error).__name__}); check DATABASE_URL"
        return Finding("wrong", "database", text)
    try:
        return ask("database", lambda: checks.database_answers(database))
    finally:
        database.close()


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
    return ask("Valkey", lambda: checks.redis_answers(settings), otherwise="warn")


def _city(settings: Settings) -> Finding:
    try:
        city = load_city(settings.city)
        geocoder_of(city)
    except ConfigError as error:
        return Finding("wrong", "city", str(error))
    return Finding("ok", "city", f"{city.name}: {len(city.categories)} categories")


def emergency_number_is_real(settings: Settings) -> Finding:
    """Whether callers in danger are joined to a real emergency service, where people call."""
    try:
        number = load_city(settings.city).emergency_number
    except ConfigError:
        return Finding("wrong", "emergency number", "not known; mend the city's files first")
    if _EXAMPLE.fullmatch(number) and settings.secure_cookies:
        return Finding(
            "wrong",
            "emergency number",
            f"is set aside for examples; set emergency_number in {settings.city}/city.toml",
        )
    return Finding("ok", "emergency number", "set")


def _prompts(settings: Settings) -> Finding:
    try:
        for language in settings.language_list:
            for dialogue in SHIPPED.all:
                check_prompts(dialogue, Prompts(language, settings.city).keys(), language)
                check_phrases(dialogue, lexicon(language).expected, language)
    except (PromptError, DialogueError, ConfigError) as error:
        return Finding("wrong", "prompts", str(error))
    return Finding("ok", "prompts", f"complete in {', '.join(settings.language_list)}")


def _model(settings: Settings) -> Finding:
    if not settings.speech_on:
        return Finding("warn", "speech model", "SWIFTLINE_SPEECH is off: keys and people only")
    return ask("speech model", lambda: checks.models_are_there(settings))


def _voice(settings: Settings) -> Finding:
    if settings.voice_en.startswith("piper") and find_spec("piper") is None:
        return Finding(
            "warn", "voice", "piper-tts is not installed; prompts are spoken by espeak instead"
        )
    return ask("voice", lambda: checks.voice_is_spoken(settings), otherwise="warn")
