"""Whether everything this installation leans on answers: the checks behind /readyz.

`/healthz` touches nothing and says only that the process lives.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, Response, current_app

from infra import drain
from infra.log import logger
from infra.services import Services
from web import checks
from web.checks import Check, Finding, Unready, ask

TIMEOUT_S = 2.0
_KEY = "swiftline_checks"
_log = logger(__name__)


def add_check(app: Flask, name: str, check: Check) -> None:
    """Let `/readyz` of `app` also ask `check`, which raises Unready when it does not hold."""
    app.extensions.setdefault(_KEY, {})[name] = check


def add_checks(app: Flask, services: Services) -> None:
    """The checks of a web process: its stores, its speech and the streams process."""
    settings = services.settings
    add_check(app, "process", _staying)
    add_check(app, "database", lambda: checks.database_answers(services.database))
    add_check(app, "redis", lambda: checks.redis_answers(settings))
    add_check(app, "storage", lambda: checks.storage_takes_files(services))
    if settings.speech_on:
        add_check(app, "speech_model", lambda: checks.models_are_there(settings))
    add_check(app, "voice", lambda: checks.voice_is_spoken(settings))
    add_check(app, "streams", lambda: checks.streams_answer(settings))


def findings(app: Flask) -> tuple[Finding, ...]:
    """Ask every check at once; one that takes too long has failed."""
    asked_for: dict[str, Check] = app.extensions.get(_KEY, {})
    if not asked_for:
        return ()
    pool = ThreadPoolExecutor(len(asked_for))
    asked = [(name, pool.submit(_ask, name, check)) for name, check in asked_for.items()]
    try:
        until = time.monotonic() + TIMEOUT_S
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
            finding.subject: {"ok": finding.ok, "text": finding.text, "took_ms": finding.took_ms}
            for finding in found
        },
    }
    return Response(
        json.dumps(document, indent=2) + "\n",
        status=200 if ready else 503,
        content_type="application/json",
    )


def _ask(name: str, check: Check) -> Finding:
    found = ask(name, check)
    if not found.ok:
        _log.warning("not ready", check=name)
    return found


def _within(name: str, result: Callable[[float], Finding], timeout_s: float) -> Finding:
    try:
        return result(max(0.0, timeout_s))
    except TimeoutError:
        late = f"no answer within {TIMEOUT_S:g} s"
        return Finding("wrong", name, late, took_ms=TIMEOUT_S * 1000)


def _staying() -> None:
    if drain.is_on():
        raise Unready("this process is about to end and takes nothing new")
