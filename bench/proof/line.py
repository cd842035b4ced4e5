"""The line under proof: its programs as children, started again when they die, as in production.

The simulator runs beside them and is never killed: its log is the ground truth.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from rich.console import Console

from bench.proof.store import Store
from config.settings import Settings, load_settings
from ops.programs import programs, simulator_secrets
from ops.setup import prepare
from ops.supervisor import Program
from simulator.speech.synthesiser import Speaker
from web.webhooks import sentence

ROOT = Path(__file__).resolve().parents[2]
_READY_S = 90.0
_STOP_S = 15.0
_LOOK_S = 0.2


class Line:
    """One installation in `folder`. Use `running()`."""

    def __init__(self, folder: Path, store: Store, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.store = store
        self.var_dir = folder / "var"
        self._outer = dict(os.environ)
        self._given = {**env, "SWIFTLINE_VAR_DIR": str(self.var_dir)}
        self._programs: dict[str, Program] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._simulator: subprocess.Popen[bytes] | None = None
        self._held: set[str] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.settings = Settings()

    @contextmanager
    def running(self) -> Iterator[Line]:
        """Everything started and ready; stopped at the end, whatever happened."""
        self.store.start()
        try:
            self._start()
            yield self
        finally:
            self._stop()
            self.store.stop()

    @property
    def env(self) -> dict[str, str]:
        """Settings of its programs; the store's address is known only once it has started."""
        return {**self._given, **self.store.env}

    @property
    def simulator_url(self) -> str:
        """Root of the simulator's API."""
        return f"http://127.0.0.1:{self.settings.simulator_port}"

    def kill(self, name: str, *, child: int | None = None) -> bool:
        """`kill -9` a program, or one of its children with all of its own; False: none now.

        A child that has children (a queue's worker with a job in hand) is taken first.
        """
        with self._lock:
            process = self._processes.get(name)
        if process is None or process.poll() is not None:
            return False
        if child is None:
            process.kill()
            return True
        with suppress(psutil.Error):
            family = {one: one.children() for one in psutil.Process(process.pid).children()}
            busy = [one for one, its in family.items() if its] or list(family)
            if busy:
                chosen = sorted(busy, key=lambda one: one.pid)[child % len(busy)]
                for one in (chosen, *family[chosen]):
                    one.kill()
                return True
        return False

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """The program is away meanwhile: killed and not started again.

        Raises RuntimeError if it answers all the same.
        """
        with self._lock:
            self._held.add(name)
        self.kill(name)
        try:
            self._must_be_away(name)
            yield
            self._must_be_away(name)
        finally:
            with self._lock:
                self._held.discard(name)

    def _must_be_away(self, name: str) -> None:
        with self._lock:
            self._processes[name].wait(_STOP_S)
        if self._programs[name].ready():
            raise RuntimeError(f"{name} answers, though it was killed: no outage was measured")

    def wait_ready(self) -> None:
        """Wait until every program answers. Raises TimeoutError naming what does not."""
        for name, program in self._programs.items():
            deadline = time.monotonic() + _READY_S
            while not program.ready():
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{name} is not ready; see {self.folder / name}.log")
                time.sleep(0.1)

    def _start(self) -> None:
        self.var_dir.mkdir(parents=True)
        share_voice(self.var_dir)
        with _environment(self.env):
            self.settings = prepare(Console(file=(self.folder / "prepare.log").open("w")))
            self.settings = load_settings()
            found = {program.name: program for program in programs(self.settings)}
        _speak_ahead(self.var_dir)
        simulator = found.pop("simulator")
        secrets = simulator_secrets(self.settings)
        if not self.settings.speech_on:
            found.pop("streams")
        self._programs = found
        self._simulator = self._launch(
            Program("simulator", simulator.command, simulator.ready, dict(simulator.env) | secrets)
        )
        for program in self._programs.values():
            self._processes[program.name] = self._launch(program)
        threading.Thread(target=self._keep, daemon=True).start()
        while not simulator.ready():
            time.sleep(0.1)
        self.wait_ready()

    def _launch(self, program: Program) -> subprocess.Popen[bytes]:
        with (self.folder / f"{program.name}.log").open("ab") as log:
            return subprocess.Popen(
                list(program.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**self._outer, **self.env, **program.env},
                start_new_session=True,
            )

    def _keep(self) -> None:
        """Start again what died, unless it is held."""
        while not self._over.wait(_LOOK_S):
            with self._lock:
                for name, process in self._processes.items():
                    if process.poll() is not None and name not in self._held:
                        self._processes[name] = self._launch(self._programs[name])

    def _stop(self) -> None:
        self._over.set()
        with self._lock:
            last = [self._processes.pop(name) for name in ("valkey",) if name in self._processes]
            first = list(self._processes.values())
        if self._simulator is not None:
            last.append(self._simulator)
        for group in (first, last):
            for process in group:
                process.send_signal(signal.SIGTERM)
            for process in group:
                _wait_or_kill(process)


def share_voice(var_dir: Path) -> None:
    """Use the prompts and models that `make setup` made in this checkout, if it did."""
    own = ROOT / "var"
    if (own / "models").is_dir():
        (var_dir / "models").symlink_to(own / "models")
    if (own / "voice").is_dir():
        shutil.copytree(own / "voice", var_dir / "voice")


def _speak_ahead(var_dir: Path) -> None:
    """What the carrier's own voice will say: the real one needs no time to load its voice."""
    speaker = Speaker(var_dir / "simulator" / "speech")
    for prompt in ("apology", "last_words"):
        speaker.speak(sentence(prompt, "en"), "en")


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    kept = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
