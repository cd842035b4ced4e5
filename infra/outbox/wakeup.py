"""RQ as a wake-up signal: it tells a worker to look into the outbox, and carries nothing else.

What RQ 3 loses on its own is measured in docs/decisions/0002-the-queue-only-wakes.md.
"""

from __future__ import annotations

import time
from contextvars import ContextVar

import redis
from rq import Queue
from rq.serializers import JSONSerializer

from infra import drain
from infra.failpoints import failpoint
from infra.log import logger
from infra.outbox.work import work
from infra.services import Services

_MOST_SIGNALS = 2
_JOB_TIMEOUT_S = 3600

_log = logger(__name__)
_services: ContextVar[Services] = ContextVar("services")
"""RQ calls `answer` by its dotted path, with ids only: ops/worker.py sets what it works with."""


def queue_at(connection: redis.Redis, name: str) -> Queue:
    """A queue whose entries are JSON."""
    return Queue(name, connection=connection, serializer=JSONSerializer)


class WakeUpSignal:
    """Wakes the workers of a queue: at most two signals wait, and a dead Redis costs little."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.2)
        self._quiet_until = 0.0

    def wake(self, queue: str) -> bool:
        """Send one signal; False when Redis is away. Never raises, never blocks for long."""
        if time.monotonic() < self._quiet_until:
            return False
        try:
            failpoint("outbox.wake.send")
            signals = queue_at(self._redis, queue)
            if signals.count < _MOST_SIGNALS:
                signals.enqueue_call(
                    "infra.outbox.wakeup.answer",
                    args=(queue,),
                    timeout=_JOB_TIMEOUT_S,
                    result_ttl=0,
                    failure_ttl=86400,
                )
            return True
        except redis.RedisError:
            self._quiet_until = time.monotonic() + 1.0
            _log.info("wake-up signal not sent", queue=queue)
            return False


def answer_with(services: Services) -> None:
    """Let this process, and those it forks, answer with these services."""
    _services.set(services)


def answer(queue: str) -> None:
    """The one RQ job: work what is due in the outbox, until this process is told to stop."""
    drain.on_signals()
    work(_services.get(), queue)
