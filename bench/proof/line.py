"""A line that may be killed: our processes under a supervisor, beside a phone network that is not.

`python -m bench.proof.line` runs it with the settings of the environment. Media streams are not
started: a call then goes by turns, which can pass in simulated time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import requests
from rich.console import Console

from config.settings import load_settings
from infra.supervisor import Supervisor
from ops.programs import programs
from ops.setup import prepare

_READY_S = 240
_SPARED = frozenset({"simulator"})


class Line:
    """One running line and its processes by name."""

    def __init__(self, var_dir: Path, env: dict[str, str]) -> None:
        self._log = var_dir / "line.log"
        self.env = {**os.environ, **env, "SWIFTLINE_VAR_DIR": str(var_dir)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.proof.line"], env=self.env, stdout=log, stderr=log
            )

    def wait(self) -> None:
        """Until everything is ready; raises RuntimeError with the log's end."""
        deadline = time.monotonic() + _READY_S
        while "ready" not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self._log.read_text()[-2000:])
            time.sleep(0.2)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """What may be killed, by kind: each program, and the workers below it."""
        found: dict[str, list[psutil.Process]] = {}
        for program in psutil.Process(self._process.pid).children():
            try:
                line = " ".join(program.cmdline())
                below = program.children(recursive=True)
            except psutil.NoSuchProcess:
                continue
            for name in ("valkey", "gunicorn", "worker.py"):
                if name in line and "simulator" not in line:
                    found.setdefault(name, []).append(program)
                    found.setdefault(f"{name} child", []).extend(below)
        return {name: group for name, group in found.items() if group}

    def is_ready(self, web_port: int) -> bool:
        """Whether every dependency answers."""
        try:
            url = f"http://127.0.0.1:{web_port}/healthz"
            return requests.get(url, timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def stop(self) -> None:
        """Stop everything politely."""
        self._process.terminate()
        self._process.wait(60)


def main() -> None:
    """Set up and run until a signal comes."""
    settings = prepare(Console(stderr=True))
    chosen = []
    for program in programs(settings):
        if program.name == "streams":
            continue
        if program.name in _SPARED:
            program = replace(program, command=[*program.command, "--pace", "0"])
        chosen.append(program)
    supervisor = Supervisor(settings.var_dir, chosen)
    supervisor.start()
    print("ready", flush=True)
    supervisor.run()


def settings_of(env: dict[str, str]) -> object:
    """The settings that a line with this environment has."""
    kept = dict(os.environ)
    os.environ.update(env)
    try:
        return load_settings()
    finally:
        os.environ.clear()
        os.environ.update(kept)


if __name__ == "__main__":
    main()
