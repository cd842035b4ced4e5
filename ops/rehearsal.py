"""A scripted caller phones the running line: the conversation is printed as it happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from config.settings import Settings
from infra.db import Database
from ops.programs import simulator_secrets
from ops.supervisor import StartError
from tickets.queries import number_of_call

_SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
_TICKET_WITHIN_S = 15.0


def scenario_file(name: str) -> Path:
    """The scenario of that name or path; StartError lists the known ones."""
    given = Path(name)
    for candidate in (given, _SCENARIOS / f"{name}.yaml"):
        if candidate.is_file():
            return candidate
    known = ", ".join(sorted(path.stem for path in _SCENARIOS.glob("*.yaml")))
    raise StartError(f"no scenario is called {name}; there are {known}, or give a file's path")


def rehearse(settings: Settings, script: Path, *, as_json: bool) -> int:
    """Place the call and follow it; returns 0 only if every expectation held."""
    command = [
        *(sys.executable, "-m", "simulator", "call"),
        *("--server", f"http://127.0.0.1:{settings.simulator_port}"),
        *("--scenario", str(script), "--json"),
    ]
    env = {**os.environ, **simulator_secrets(settings)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        call_sid = _show(process.stdout, as_json=as_json)
    if process.returncode == 0 and call_sid and not as_json:
        _show_ticket(settings, call_sid)
    return process.returncode


def _show(lines: Iterable[str], *, as_json: bool) -> str | None:
    call_sid = None
    for line in lines:
        event = json.loads(line)
        call_sid = event.get("call_sid") or call_sid
        text = line.rstrip() if as_json else _told(event)
        if text:
            click.echo(text)
            sys.stdout.flush()
    return call_sid


def _told(event: dict[str, Any]) -> str | None:
    """One event as a line for people; None for what only developers want."""
    at = f"{event.get('at_s', 0.0):6.1f}  "
    match event["event"]:
        case "heard":
            waited = event.get("answer_s")
            after = f"   (answered in {waited:.2f} s)" if waited is not None else ""
            return f"{at}line:    {event.get('text', '')}{after}"
        case "said":
            return f"{at}caller:  {event.get('text') or event.get('clip', '')}"
        case "keys":
            return f"{at}keys:    {event.get('digits', '')}"
        case "sms":
            return f"{at}sms:     {event.get('text') or event.get('body', '')}"
        case "transferred":
            return f"{at}a person takes the call"
        case "error":
            return f"{at}ERROR:   {event.get('message') or event.get('text', '')}"
        case "end":
            return f"{at}call over"
    return None


def _show_ticket(settings: Settings, call_sid: str) -> None:
    """The call's ticket, once the job has opened it."""
    database = Database(settings.database)
    deadline = time.monotonic() + _TICKET_WITHIN_S
    while time.monotonic() < deadline:
        with database.read() as session:
            number = number_of_call(session, call_sid)
        if number:
            click.echo(f"        ticket:  {number}    (swiftline ticket {number})")
            return
        time.sleep(0.2)
    click.echo("        no ticket came of this call")
