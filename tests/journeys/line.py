"""A whole line of its own for tests: the same command that a newcomer types, on free ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import requests

from bench.proof.line import share_voice
from config.settings import Settings, load_settings
from infra.db import Database
from tests.conftest import eventually
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
_PORTS = ("PORT", "SWIFTLINE_STREAMS_PORT", "SWIFTLINE_SIMULATOR_PORT")


class Line:
    """One running installation and the handles that tests need."""

    def __init__(self, var_dir: Path, env: Mapping[str, str]) -> None:
        self.var_dir = var_dir
        self.env = {**os.environ, **env, "SWIFTLINE_VAR_DIR": str(var_dir)}
        self.process: subprocess.Popen[bytes] | None = None
        self.settings: Settings = Settings()

    def start(self, *, within_s: float = 240) -> None:
        """Run `swiftline run` and wait until the line can be called."""
        log_file = self.var_dir / "run.log"
        before = log_file.stat().st_size if log_file.exists() else 0

        def said() -> str:
            return log_file.read_bytes()[before:].decode(errors="replace")

        with log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ops.cli", "run"],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
            )
        self.settings = _read_settings(self.env)
        deadline = time.monotonic() + within_s
        while "is on the line" not in said():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(said()[-3000:])
            time.sleep(0.1)
        self.settings = _read_settings(self.env)

    def stop(self) -> None:
        """Press Ctrl-C."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(120)

    def programs(self) -> dict[str, psutil.Process]:
        """The supervisor's children by what they run."""
        assert self.process is not None
        found = {}
        for child in psutil.Process(self.process.pid).children():
            line = " ".join(_command_of(child))
            for name in ("valkey", "gunicorn", "ops.streams", "ops.worker", "simulator"):
                if name in line:
                    found[name.removeprefix("ops.")] = child
        return found

    def kill(self, name: str) -> None:
        """`kill -9` one program with everything it started."""
        family = self._family(name)
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(family, timeout=10)

    @contextmanager
    def stunned(self, name: str) -> Iterator[None]:
        """A program lives and does nothing: it takes connections and answers none."""
        family = self._family(name)
        for member in family:
            member.suspend()
        try:
            yield
        finally:
            for member in reversed(family):
                with suppress(psutil.NoSuchProcess):
                    member.resume()

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """A program is dead, and nobody starts it again meanwhile."""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        program, *others = self._family(name)
        supervisor.suspend()
        try:
            for member in (program, *others):
                with suppress(psutil.NoSuchProcess):
                    member.kill()
            eventually(lambda: program.status() == psutil.STATUS_ZOMBIE)
            yield
        finally:
            supervisor.resume()

    def _family(self, name: str) -> list[psutil.Process]:
        """A program and all that it started, once the supervisor has it running."""
        program = eventually(lambda: self.programs().get(name))
        assert program is not None
        return [program, *program.children(recursive=True)]

    def url(self, path: str) -> str:
        """An address of the web process."""
        return f"http://localhost:{self.settings.web_port}{path}"

    def simulator(self, path: str) -> str:
        """An address of the simulator."""
        return f"http://localhost:{self.settings.simulator_port}{path}"

    def password(self, username: str) -> str:
        """A demo account's password."""
        accounts: dict[str, str] = json.loads((self.var_dir / "demo-accounts.json").read_text())
        return accounts[username]

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The line's own database."""
        database = Database(self.settings.database)
        try:
            yield database
        finally:
            database.close()

    def scenario(self, name: str) -> tuple[int, list[dict[str, Any]]]:
        """`make call S=NAME`, told as JSON: its exit status and its events."""
        ran = subprocess.run(
            ["make", "-s", "call", f"S={name} --json"],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=240,
        )
        events = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        if ran.returncode:
            events.append({"event": "stderr", "text": ran.stderr[-3000:]})
        return ran.returncode, events

    def ticket(self, number: str) -> dict[str, Any]:
        """`swiftline ticket NUMBER`."""
        ran = subprocess.run(
            [sys.executable, "-m", "ops.cli", "ticket", number],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    def ready(self) -> bool:
        """Whether every dependency answers."""
        try:
            return requests.get(self.url("/readyz"), timeout=10).status_code == 200
        except requests.RequestException:
            return False


@contextmanager
def line_of_its_own(folder: Path, **settings: str) -> Iterator[Line]:
    """Start a line in `folder` on free ports with these settings; stop it afterwards."""
    var_dir = folder / "var"
    var_dir.mkdir(parents=True)
    share_voice(var_dir)
    ports = dict(zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True))
    line = Line(var_dir, {**ports, **settings})
    line.start()
    try:
        yield line
    finally:
        line.stop()


def _command_of(child: psutil.Process) -> list[str]:
    """What it runs; nothing when it is over."""
    try:
        return [] if child.status() == psutil.STATUS_ZOMBIE else child.cmdline()
    except psutil.NoSuchProcess:
        return []


def seen(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Events of one kind."""
    return [event for event in events if event["event"] == kind]


def told(events: list[dict[str, Any]]) -> str:
    """The conversation for a failure message."""
    return "\n".join(json.dumps(event)[:300] for event in events[-60:])


def _read_settings(env: Mapping[str, str]) -> Settings:
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(env)
    try:
        return load_settings()
    finally:
        os.environ.clear()
        os.environ.update(kept)
