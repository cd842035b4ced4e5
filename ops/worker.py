"""The worker: RQ worker processes for each queue, and the poller that needs no queue.

`python -m ops.worker` serves every queue; `python -m ops.worker live asr` serves those. The parent
loads and warms the recogniser once and forks, so that every job starts with a warm one.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import agents.jobs
import ivr.jobs
import recordings.jobs
from config.settings import Settings, load_settings
from infra import drain
from infra.log import configure, logger
from infra.outbox.jobs import name_of
from infra.outbox.plan import plan_of
from infra.outbox.schedule import Every
from infra.outbox.wakeup import answer_with
from infra.outbox.workers import Poller, QueueWorker, yield_to_others
from infra.services import Services
from ops.queues import QUEUES
from ops.services import build_services
from ops.supervisor import die_with_parent

_SPEECH_QUEUES = frozenset({"live", "asr"})
_log = logger(__name__)


def schedule(settings: Settings) -> tuple[Every, ...]:
    """Jobs that come round by the clock."""
    return (
        Every(name_of(ivr.jobs.reconcile), "reconcile", settings.reconcile_s),
        Every(name_of(ivr.jobs.reconcile_day), "carrier", 3600),
        Every(name_of(ivr.jobs.reconcile_week), "carrier", 86_400),
        Every(name_of(ivr.jobs.adopt_messages), "tickets", settings.reconcile_s),
        Every(name_of(ivr.jobs.look_into_messages), "tickets", 5),
        Every(name_of(ivr.jobs.forget_phrases), "tickets", 86_400),
        Every(name_of(recordings.jobs.reconcile), "reconcile", settings.reconcile_s),
        Every(name_of(recordings.jobs.reconcile_day), "carrier", 3600),
        Every(name_of(recordings.jobs.reconcile_week), "carrier", 86_400),
        Every(name_of(agents.jobs.tidy), "live", 5),
    )


def main(queues: tuple[str, ...]) -> None:
    """Fork the processes of each queue and the poller; start again what dies."""
    settings = load_settings()
    configure(settings.log_level, process="worker")
    services = build_services(settings, speech=bool(_SPEECH_QUEUES & set(queues)))
    answer_with(services)
    tasks: dict[str, Callable[[], None]] = {
        name: (lambda queue=queue: _serve(services, queue))  # type: ignore[misc]
        for queue in queues
        for name in _process_names(queue, settings)
    }
    tasks["poller"] = lambda: Poller(services, schedule=schedule(settings)).run()
    _Parent(services, tasks).run()


class _Parent:
    """Forks the tasks and keeps them alive until SIGTERM."""

    def __init__(self, services: Services, tasks: dict[str, Callable[[], None]]) -> None:
        self._ready = services.settings.var_dir / "worker.ready"
        self._tasks = tasks
        self._pids: dict[int, str] = {}

    def run(self) -> None:
        """Fork, watch, and stop politely."""
        drain.on_signals()
        gc.freeze()  # else each fork copies the pages of every object that its collector looks at
        for name in self._tasks:
            self._fork(name)
        self._ready.parent.mkdir(parents=True, exist_ok=True)
        self._ready.write_text(str(os.getpid()))
        _log.info("ready", processes=len(self._tasks))
        while not drain.is_on():
            self._look()
            time.sleep(0.2)
        self._end()

    def _end(self) -> None:
        """Let every process finish its job; one that waits for a dead Redis is killed."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + drain.IN_HAND_S
        while self._pids and time.monotonic() < deadline:
            self._look()
            time.sleep(0.05)
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _look(self) -> None:
        while self._pids:
            pid, _status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            name = self._pids.pop(pid, None)
            if name and not drain.is_on():
                _log.warning("process ended and is started again", task=name)
                time.sleep(0.2)
                self._fork(name)

    def _fork(self, name: str) -> None:
        pid = os.fork()
        if pid:
            self._pids[pid] = name
            return
        code = 1
        try:
            drain.forget()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            die_with_parent()
            configure(load_settings().log_level, process=name)
            self._tasks[name]()
            code = 0
        finally:
            os._exit(code)


def _process_names(queue: str, settings: Settings) -> list[str]:
    """One process for each queue, and several for downloads, which mostly wait."""
    more = settings.downloads if queue == "carrier" else 1
    return [queue, *(f"{queue}-{number}" for number in range(2, more + 1))]


def _serve(services: Services, queue: str) -> None:
    yield_to_others(queue, plan_of(services.database))
    while True:
        try:
            worker = QueueWorker(queue, services.settings.redis)
            break
        except OSError:
            time.sleep(1)
    worker.work(logging_level="WARNING")


def _asked_queues(arguments: list[str]) -> tuple[str, ...]:
    unknown = sorted(set(arguments) - set(QUEUES))
    if unknown:
        raise SystemExit(f"no queue is called {unknown[0]}; expected {', '.join(QUEUES)}")
    return tuple(arguments) or QUEUES


if __name__ == "__main__":
    main(_asked_queues(sys.argv[1:]))
