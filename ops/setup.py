"""Makes an installation ready: var/, secrets, model, prompts, database, demo city and staff.

Every step looks first whether it is done, so a second run costs little.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from rich.console import Console
from sqlalchemy import select

from asr.models.derived import ensure_model
from config.city import load_city
from config.settings import Settings, load_settings
from infra.db import Database
from infra.files import write_whole
from ops.supervisor import check_disk
from voice.ahead import speak_all_with_bar
from web.access.guard import Role
from web.access.models import Staff
from web.access.staff import add_staff

_ROOT = Path(__file__).resolve().parents[1]
_LEAST_MB = 700

DEMO_STAFF = (
    ("agent", "Ada Agent", Role.AGENT, None),
    ("qa", "Quinn Listener", Role.QA, None),
    ("officer", "Dee Officer", Role.DEPARTMENT, "streets"),
    ("supervisor", "Sam Supervisor", Role.SUPERVISOR, None),
    ("admin", "Alex Admin", Role.ADMIN, None),
)


def prepare(say: Console) -> Settings:
    """Do whatever is still to be done and return the settings in force."""
    settings = load_settings()
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    check_disk(settings.var_dir, least_mb=_LEAST_MB if not _has_model(settings) else 50)
    _write_secrets(settings.var_dir)
    settings = load_settings()
    if settings.speech_on:
        for language in settings.language_list:
            ensure_model(settings, language, say)
    _speak_prompts(settings)
    migrate(settings.database)
    _add_demo_staff(settings, say)
    return settings


def migrate(database_url: str, to: str = "head") -> None:
    """Bring the database to the newest shape, or to that of a revision."""
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    config.attributes["database_url"] = database_url
    command.upgrade(config, to)


def accounts_file(settings: Settings) -> Path:
    """Where the demo passwords are kept, readable by the owner only."""
    return settings.var_dir / "demo-accounts.json"


def demo_accounts(settings: Settings) -> dict[str, str]:
    """Username to password of the demo staff; empty when there are none."""
    with suppress(FileNotFoundError, json.JSONDecodeError):
        accounts: dict[str, str] = json.loads(accounts_file(settings).read_text())
        return accounts
    return {}


def write_private(path: Path, text: str, *, name: str) -> None:
    """Write a file that only its owner can read; `name` is its place for failpoints."""
    write_whole(path, (text.encode(),), name=name)


def _write_secrets(var_dir: Path) -> None:
    """Secrets of this machine for the local carrier; never overwritten."""
    path = var_dir / "local.env"
    if path.exists():
        return
    values = {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_API_KEY": "SK" + secrets.token_hex(16),
        "TWILIO_API_SECRET": secrets.token_urlsafe(32),
        "TWILIO_TWIML_APP_SID": "AP" + secrets.token_hex(16),
    }
    lines = [f"{name}={value}" for name, value in values.items() if name not in os.environ]
    write_private(path, "\n".join(lines) + "\n", name="setup.secrets")


def _add_demo_staff(settings: Settings, say: Console) -> None:
    database = Database(settings.database)
    accounts: dict[str, str] = demo_accounts(settings)
    departments = [d.code for d in load_city(settings.city).departments]
    with database.transaction("setup.demo_staff") as session:
        if session.scalar(select(Staff.id).limit(1)) is not None:
            return
        for username, name, role, department in DEMO_STAFF:
            accounts[username] = secrets.token_urlsafe(12)
            add_staff(
                session,
                username=username,
                name=name,
                password=accounts[username],
                roles=(role,),
                department=_present(department, departments),
            )
        write_private(
            accounts_file(settings), json.dumps(accounts, indent=2) + "\n", name="setup.accounts"
        )
    database.close()
    say.print("Demo staff made; their passwords, shown this once:")
    for username, password in accounts.items():
        say.print(f"  {username:<12} {password}", markup=False)


def _speak_prompts(settings: Settings) -> None:
    """Speak every known phrase ahead, unless the same prompts were spoken already."""
    stamp = settings.voice_dir / "spoken-ahead.txt"
    wanted = _prompts_version(settings)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    speak_all_with_bar(settings, load_city(settings.city))
    write_whole(stamp, (wanted.encode(),), name="setup.spoken")


def _prompts_version(settings: Settings) -> str:
    """Changes with the sentences, the city's own words, the languages and the voice."""
    digest = hashlib.sha256(f"{settings.languages}|{settings.voice_en}".encode())
    files = [*(_ROOT / "config" / "languages").glob("*/prompts.toml")]
    files += (_ROOT / "config" / "city" / settings.city).glob("*.toml")
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _present(department: str | None, known: list[str]) -> str | None:
    if department is None or department in known:
        return department
    return known[0] if known else None


def _has_model(settings: Settings) -> bool:
    return settings.models_dir.is_dir() and any(settings.models_dir.iterdir())
