"""RQ as a doorbell: it tells a worker to look into the outbox, and carries nothing else.

What RQ 3 loses on its own, and why the worker below differs from the stock one, is
measured in docs/decisions/0002-the-queue-is-a-doorbell.md.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import redis
from rq import Queue, Worker
from rq.exceptions import DequeueTimeout
from rq.serializers import JSONSerializer

from infra import drain, jobs
from infra.failpoints import failpoint
from infra.log import logger
from infra.services import Services

_MOST_RINGS = 2
_HERE_AT_ONCE = 5
_JOB_TIMEOUT_S = 3600
_CAN_WAIT = frozenset({"carrier", "asr"})
"""Queues of downloads and transcripts: where the processor is short, they give way."""
_LATER = 10
"""Their niceness (setpriority(2))."""
_log = logger(__name__)
_services: list[Services] = []


def connect(url: str) -> redis.Redis:
    """A connection that fails fast, for ringing."""
    return redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.2)


class Doorbell:
    """Rings at a queue: at most two rings wait at a time, and a dead Redis costs little."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url)
        self._quiet_until = 0.0

    def ring(self, queue: str) -> bool:
        """Ring once; False when Redis is away. Never raises, never blocks for long."""
        if time.monotonic() < self._quiet_until:
            return False
        try:
            failpoint("doorbell.ring.send")
            bell = Queue(queue, connection=self._redis, serializer=JSONSerializer)
            if bell.count < _MOST_RINGS:
                bell.enqueue_call(
                    "infra.doorbell.answer",
                    args=(queue,),
                    timeout=_JOB_TIMEOUT_S,
                    result_ttl=0,
                    failure_ttl=86400,
                )
            return True
        except redis.RedisError:
            self._quiet_until = time.monotonic() + 1.0
            _log.info("doorbell out of reach", queue=queue)
            return False


def install(services: Services) -> None:
    """Give this process, and those it forks, what jobs are built with."""
    _services[:] = [services]


def answer(queue: str) -> None:
    """The one RQ job: work what is due in the outbox, until this process is told to stop."""
    drain.on_signals()
    jobs.work(_services[0], queue)


class BellWorker(Worker):
    """An RQ worker for exactly one queue that stops cleanly.

    The stock worker raises from its signal handler, which can lose a job between pop and
    start or be swallowed by the log; this one sets a flag and looks at it every second.
    """

    def __init__(self, queue: str, url: str) -> None:
        connection = redis.Redis.from_url(url, socket_timeout=30, socket_connect_timeout=2)
        bell = Queue(queue, connection=connection, serializer=JSONSerializer)
        super().__init__(
            [bell],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=30,
            maintenance_interval=15,
            job_monitoring_interval=5,
            log_job_description=False,
        )

    def _shutdown(self) -> None:
        """Set the flag, and let a job under way end after the row that it works on."""
        self._stop_requested = True
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> Any:
        """Wait for a ring in one-second steps; None ends the worker."""
        while not self._stop_requested:
            try:
                rung = super().dequeue_job_and_maintain_ttl(1, 1)
            except DequeueTimeout:
                continue
            if rung is not None:
                return rung
        return None


class Poller:
    """Looks into the outbox itself, so that no ring is needed for work to be done.

    While Redis is away the work is done here. Each queue has a thread of its own, so that a slow
    kind of work holds up no vital one then either.
    """

    def __init__(self, services: Services, *, schedule: tuple[tuple[str, str, int], ...]) -> None:
        self._services = services
        self._schedule = schedule
        self._slots: dict[str, int] = {}

    def run(self) -> None:
        """Look every second until SIGTERM, and at once again where work is left."""
        drain.on_signals()
        tasks = [partial(_keep_on, self.write_schedule)]
        tasks += [partial(self._serve, queue) for queue in jobs.QUEUES]
        threads = [threading.Thread(target=task) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _serve(self, queue: str) -> None:
        give_way(queue)
        _keep_on(partial(self.look_at, queue))

    def look_at(self, queue: str) -> bool:
        """Ring for what is due in that queue, or do it here; whether more may be left to do."""
        with self._services.database.read() as session:
            waiting = jobs.due(session, queue)
        if not waiting or jobs.ring(queue):
            return False
        return jobs.work(self._services, queue, limit=_HERE_AT_ONCE) == _HERE_AT_ONCE

    def write_schedule(self) -> None:
        """Ask for what the clock asks for."""
        for name, queue, period_s in self._schedule:
            slot = int(time.time() // period_s)
            if slot == self._slots.get(name):
                continue
            with self._services.database.transaction("doorbell.schedule") as session:
                jobs.enqueue(session, queue=queue, job=name, key=f"every:{name}:{slot}")
            self._slots[name] = slot


def give_way(queue: str) -> None:
    """Let the calling thread, and what it starts, come after calls and tickets if it can wait."""
    if queue in _CAN_WAIT:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LATER)


def _keep_on(look: Callable[[], bool | None]) -> None:
    """Look every second, at once again where more is left, until this process drains.

    It does when a look ends for another reason than an error.
    """
    try:
        while not drain.is_on():
            more: bool | None = False
            try:
                more = look()
            except Exception as error:
                _log.warning("outbox look failed", reason=jobs.park_reason(error))
            if not more:
                time.sleep(1)
    finally:
        drain.begin()
