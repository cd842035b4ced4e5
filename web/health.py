"""Whether everything this installation leans on answers: the checks behind /readyz.

`/healthz` touches nothing and says only that the process lives.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import redis
from flask import Flask, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from asr.models.known import find_model
from asr.words import AsrError
from config.settings import Settings
from infra import drain
from infra.log import logger
from infra.services import Services
from infra.storage.base import Storage

PATIENCE_S = 2.0
_KEY = "swiftline_checks"
_log = logger(__name__)

Check = Callable[[], None]


class Unready(Exception):
    """A check did not hold; the text says what to do, and nothing secret."""


@dataclass(frozen=True)
class Finding:
    """What one check found, and how long it took."""

    name: str
    ok: bool
    text: str
    took_ms: float


def add_check(app: Flask, name: str, check: Check) -> None:
    """Let `/readyz` of `app` also ask `check`, which raises Unready when it does not hold."""
    app.extensions.setdefault(_KEY, {})[name] = check


def add_checks(app: Flask, services: Services) -> None:
    """The checks of a web process: its stores, its speech and the streams process."""
    settings = services.settings
    add_check(app, "process", _staying)
    add_check(app, "database", lambda: _database(services))
    add_check(app, "redis", lambda: _redis(settings))
    add_check(app, "storage", lambda: _storage(services))
    if settings.speech_on:
        add_check(app, "speech_model", lambda: _model(settings))
    add_check(app, "voice", lambda: _voice(settings))
    add_check(app, "streams", lambda: _streams(settings))


def findings(app: Flask) -> tuple[Finding, ...]:
    """Ask every check at once; one that takes too long has failed."""
    checks: dict[str, Check] = app.extensions.get(_KEY, {})
    if not checks:
        return ()
    pool = ThreadPoolExecutor(len(checks))
    asked = [(name, pool.submit(_ask, name, check)) for name, check in checks.items()]
    try:
        until = time.monotonic() + PATIENCE_S
        return tuple(
            _within(name, answer.result, until - time.monotonic()) for name, answer in asked
        )
    finally:
        pool.shutdown(wait=False)


def healthz() -> Response:
    """Alive."""
    return Response('{"status": "alive"}\n', content_type="application/json")


def readyz() -> Response:
    """Every check with its finding; 503 if one failed."""
    found = findings(current_app)
    ready = all(finding.ok for finding in found)
    document = {
        "status": "ready" if ready else "not ready",
        "checks": {
            finding.name: {"ok": finding.ok, "text": finding.text, "took_ms": finding.took_ms}
            for finding in found
        },
    }
    return Response(
        json.dumps(document, indent=2) + "\n",
        status=200 if ready else 503,
        content_type="application/json",
    )


def _ask(name: str, check: Check) -> Finding:
    began = time.monotonic()
    try:
        check()
        ok, text = True, "answers"
    except Unready as problem:
        ok, text = False, str(problem)
    took_ms = round((time.monotonic() - began) * 1000, 1)
    if not ok:
        _log.warning("not ready", check=name)
    return Finding(name, ok, text, took_ms)


def _within(name: str, result: Callable[[float], Finding], patience_s: float) -> Finding:
    try:
        return result(max(0.0, patience_s))
    except TimeoutError:
        return Finding(name, False, f"no answer within {PATIENCE_S:g} s", PATIENCE_S * 1000)


def _staying() -> None:
    if drain.is_on():
        raise Unready("this process is about to end and takes nothing new")


def _database(services: Services) -> None:
    try:
        services.database.answers()
    except SQLAlchemyError:
        raise Unready("the database does not answer; see DATABASE_URL") from None


def _redis(settings: Settings) -> None:
    client = redis.Redis.from_url(settings.redis, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        raise Unready(
            "Redis or Valkey does not answer; work goes on by polling. See REDIS_URL"
        ) from None
    finally:
        client.close()


def _storage(services: Services) -> None:
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


def _model(settings: Settings) -> None:
    for language in settings.language_list:
        try:
            find_model(settings, language)
        except AsrError:
            raise Unready(
                f"no speech model for {language}; run `make setup` or `swiftline doctor`"
            ) from None


def _voice(settings: Settings) -> None:
    if next(settings.voice_dir.glob("*.ulaw"), None) is None:
        raise Unready("no prompt is spoken yet; run `make setup`")


def _streams(settings: Settings) -> None:
    address = f"http://127.0.0.1:{settings.streams_port}/readyz"
    try:
        with urllib.request.urlopen(address, timeout=1.5) as answer:
            answer.read(1024)
    except (urllib.error.URLError, OSError):
        raise Unready(
            "the streams process does not answer; calls go on in turn mode meanwhile"
        ) from None
