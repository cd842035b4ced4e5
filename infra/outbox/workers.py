"""Who works the outbox: an RQ worker that is woken, and a poller that needs no signal.

Why the RQ worker differs from the stock one is measured in
docs/decisions/0002-the-queue-only-wakes.md.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

import redis
from rq import Worker
from rq.exceptions import DequeueTimeout
from rq.serializers import JSONSerializer

from infra import drain
from infra.log import logger
from infra.outbox.plan import OutboxPlan, plan_of
from infra.outbox.rows import is_due
from infra.outbox.schedule import Every, Schedule
from infra.outbox.wakeup import queue_at
from infra.outbox.work import safe_reason, work
from infra.services import Services

_HERE_AT_ONCE = 5
_BACKGROUND = 10
"""Niceness of the queues that yield (setpriority(2))."""
_log = logger(__name__)


class QueueWorker(Worker):
    """An RQ worker for exactly one queue that stops cleanly.

    The stock worker raises from its signal handler, which can lose a job between pop and
    start or be swallowed by the log; this one sets a flag and looks at it every second.
    """

    def __init__(self, queue: str, url: str) -> None:
        connection = redis.Redis.from_url(url, socket_timeout=30, socket_connect_timeout=2)
        self.is_stopping = False
        super().__init__(
            [queue_at(connection, queue)],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=30,
            maintenance_interval=15,
            job_monitoring_interval=5,
            log_job_description=False,
        )

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Set the flag, and let a job under way end after the row that it works on."""
        self.is_stopping = True
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> Any:
        """Wait for a signal in one-second steps; None ends the worker."""
        while not self.is_stopping:
            try:
                woken = super().dequeue_job_and_maintain_ttl(1, 1)
            except DequeueTimeout:
                continue
            if woken is not None:
                return woken
        return None


class Poller:
    """Looks into the outbox itself, so that no signal is needed for work to be done.

    While Redis is away the work is done here. Each queue has a thread of its own, so that a slow
    kind of work holds up no vital one then either.
    """

    def __init__(self, services: Services, *, schedule: Iterable[Every]) -> None:
        self._services = services
        self._schedule = Schedule(schedule)
        self._plan = plan_of(services.database)

    def run(self) -> None:
        """Look every second until SIGTERM, and at once again where work is left."""
        drain.on_signals()
        tasks = [partial(_keep_on, self.write_schedule, self._plan)]
        tasks += [partial(self._serve, queue) for queue in self._plan.queues]
        threads = [threading.Thread(target=task) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _serve(self, queue: str) -> None:
        yield_to_others(queue, self._plan)
        _keep_on(partial(self.look_at, queue), self._plan)

    def look_at(self, queue: str) -> bool:
        """Wake for what is due in that queue, or do it here; whether more may be left to do."""
        with self._services.database.read() as session:
            waiting = is_due(session, queue)
        if not waiting or self._plan.wake(queue):
            return False
        return work(self._services, queue, limit=_HERE_AT_ONCE) == _HERE_AT_ONCE

    def write_schedule(self) -> None:
        """Ask for what the clock asks for."""
        self._schedule.write(self._services.database)


def yield_to_others(queue: str, plan: OutboxPlan) -> None:
    """Let the calling thread, and what it starts, come after calls and tickets if it can wait."""
    if queue in plan.background:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BACKGROUND)


def _keep_on(look: Callable[[], bool | None], plan: OutboxPlan) -> None:
    """Look every second, at once again where more is left, until this process drains.

    It does when a look ends for another reason than an error.
    """
    try:
        while not drain.is_on():
            more: bool | None = False
            try:
                more = look()
            except Exception as error:
                _log.warning("outbox look failed", reason=safe_reason(error, plan))
            if not more:
                time.sleep(1)
    finally:
        drain.begin()
