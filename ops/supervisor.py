"""Starts the programs of one machine, waits until each is ready, restarts what dies.

For the embedded default; production uses systemd or containers (docs/runbook.md).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from infra.drain import STOP_S

_READY_S = 90.0
_MOST_RESTARTS_A_MINUTE = 30
_PR_SET_PDEATHSIG = 1


class StartError(Exception):
    """Something prevents the start; the text is one sentence that says what to do."""


@dataclass(frozen=True)
class Program:
    """One program: how to start it and how to tell that it is ready."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    stops_last: bool = False
    """Others need it to end cleanly: a store."""


@dataclass
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    started: list[float]


class Supervisor:
    """Holds the programs of one var folder; only one supervisor may hold it at a time."""

    def __init__(self, var_dir: Path, programs: Sequence[Program]) -> None:
        self._var = var_dir
        self._programs = programs
        self._running: list[_Running] = []
        self._lock: IO[str] | None = None
        self._stop = False

    def start(self, on_ready: Callable[[str], None] = lambda name: None) -> None:
        """Start everything and wait until all are ready; StartError names what is not."""
        self._lock = _lock(self._var)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        try:
            for program in self._programs:
                self._running.append(self._launch(program))
            for running in self._running:
                self._wait_ready(running)
                on_ready(running.program.name)
        except BaseException:
            self.stop()
            raise

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Restart what dies, until a signal comes or `until` says so; then stop everything."""
        try:
            while not self._stop and not until():
                for running in self._running:
                    self._revive(running)
                time.sleep(0.1)
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop everything, stores last: once politely, then for good."""
        for last in (False, True):
            group = [r for r in self._running if r.program.stops_last is last]
            for running in group:
                with suppress(ProcessLookupError):
                    running.process.terminate()
            deadline = time.monotonic() + STOP_S
            for running in group:
                _wait_or_kill(running.process, max(0.1, deadline - time.monotonic()))
        self._running.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def pid(self, name: str) -> int:
        """Process id of a running program."""
        return next(r.process.pid for r in self._running if r.program.name == name)

    def _launch(self, program: Program) -> _Running:
        logs = self._var / "log"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"{program.name}.log").open("ab") as log:
            process = subprocess.Popen(
                list(program.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **program.env},
                preexec_fn=_die_with_parent,
                start_new_session=True,
            )
        return _Running(program, process, [time.monotonic()])

    def _wait_ready(self, running: _Running) -> None:
        deadline = time.monotonic() + _READY_S
        while not running.program.ready():
            name = running.program.name
            log = self._var / "log" / f"{name}.log"
            if self._stop:
                raise StartError("stopped before everything was ready")
            if running.process.poll() is not None:
                raise StartError(f"{name} ended at its start; its last words are in {log}")
            if time.monotonic() > deadline:
                raise StartError(f"{name} is not ready after {_READY_S:.0f} s; see {log}")
            time.sleep(0.05)

    def _revive(self, running: _Running) -> None:
        if running.process.poll() is None or self._stop:
            return
        moment = time.monotonic()
        running.started = [at for at in running.started if moment - at < 60]
        if len(running.started) >= _MOST_RESTARTS_A_MINUTE:
            return
        print(f"{running.program.name} ended and is started again", file=sys.stderr)
        fresh = self._launch(running.program)
        running.process = fresh.process
        running.started.append(moment)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Make this process get a signal when its parent dies (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def check_ports(ports: Mapping[str, tuple[str, int]]) -> None:
    """Refuse to start when a port is taken: StartError names it and its setting."""
    for setting, (host, port) in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise StartError(
                    f"port {port} is taken ({error.strerror}); stop what uses it"
                    f" or set {setting} to a free port"
                ) from None


def check_disk(folder: Path, *, least_mb: int) -> None:
    """Refuse to start on a full disk."""
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < least_mb:
        raise StartError(
            f"only {free_mb} MB are free for {folder}; free at least {least_mb} MB"
            " or set SWIFTLINE_VAR_DIR to another disk"
        )


def _die_with_parent() -> None:
    die_with_parent(signal.SIGTERM)


def _lock(var_dir: Path) -> IO[str]:
    var_dir.mkdir(parents=True, exist_ok=True)
    file = (var_dir / "run.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StartError(
            f"Swiftline already runs with {var_dir}; stop it there or set SWIFTLINE_VAR_DIR"
        ) from None
    return file


def _wait_or_kill(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
