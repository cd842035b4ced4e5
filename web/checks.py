"""What the line leans on: for `/readyz`, the page "System" and `swiftline doctor` alike."""

from __future__ import annotations

import os
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import redis
from sqlalchemy.exc import SQLAlchemyError

from asr.models.known import find_model
from asr.words import AsrError
from config.settings import Settings
from infra.db import Database
from infra.services import Services
from infra.storage.base import Storage

Check = Callable[[], str | None]
"""Says what it found, or nothing; raises Unready when it does not hold."""
Level = Literal["ok", "warn", "wrong"]


class Unready(Exception):
    """A check did not hold; the text says what to do, and nothing secret.

    detail: the same for whoever has a shell on this machine; it may name its folders.
    """

    def __init__(self, text: str, *, detail: str = "") -> None:
        super().__init__(text)
        self.detail = detail


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, what to do, and how long looking took."""

    level: Level
    subject: str
    text: str
    detail: str = ""
    took_ms: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it holds."""
        return self.level == "ok"


def ask(subject: str, check: Check, *, otherwise: Level = "wrong") -> Finding:
    """What a check finds. otherwise: how bad it is when it does not hold."""
    began = time.monotonic()
    level: Level = "ok"
    detail = ""
    try:
        text = check() or "answers"
    except Unready as problem:
        level, text, detail = otherwise, str(problem), problem.detail
    return Finding(level, subject, text, detail, round((time.monotonic() - began) * 1000, 1))


def database_answers(database: Database) -> None:
    """Whether the database gives a sign of life."""
    try:
        database.answers()
    except SQLAlchemyError as error:
        raise Unready(
            "the database does not answer; see DATABASE_URL",
            detail=f"does not answer ({type(error).__name__}); check DATABASE_URL",
        ) from None


def redis_answers(settings: Settings) -> None:
    """Whether workers can be woken and pages notified."""
    client = redis.Redis.from_url(settings.redis, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        raise Unready(
            "Redis or Valkey does not answer; work goes on by polling. See REDIS_URL",
            detail="is away; work goes on without it, a little later. `make run` starts the "
            "embedded one; see REDIS_URL for another",
        ) from None
    finally:
        client.close()


def storage_takes_files(services: Services) -> None:
    """Really write: a folder on a full or read-only disk still exists."""
    folder = services.settings.storage
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".ready-") as file:
            file.write(b"ready")
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        raise Unready(f"recordings cannot be written: {problem.strerror}") from None
    if not services.has(Storage):
        raise Unready("this process was started without a storage")


def models_are_there(settings: Settings) -> str:
    """The speech model of each language."""
    folders = []
    for language in settings.language_list:
        try:
            folders.append(find_model(settings, language).name)
        except AsrError as error:
            raise Unready(
                f"no speech model for {language}; run `make setup` or `swiftline doctor`",
                detail=str(error),
            ) from None
    return ", ".join(folders)


def voice_is_spoken(settings: Settings) -> str:
    """Whether there is a sound to play to the first caller."""
    spoken = sum(1 for _ in settings.voice_dir.glob("*.ulaw"))
    if not spoken:
        raise Unready("no prompt is spoken yet; run `make setup`")
    return f"{spoken} phrases spoken ahead"


def streams_answer(settings: Settings) -> None:
    """Whether the streams process lives."""
    address = f"http://127.0.0.1:{settings.streams_port}/readyz"
    try:
        with urllib.request.urlopen(address, timeout=1.5) as answer:
            answer.read(1024)
    except (urllib.error.URLError, OSError):
        raise Unready(
            "the streams process does not answer; calls go on in turn mode meanwhile"
        ) from None
