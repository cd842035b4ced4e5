"""How gunicorn serves the web process: `gunicorn --config ops/gunicorn.py wsgi:app`.

The application is loaded once and forked, so that a worker that dies is back at once and not
only after its imports. Threads do not survive a fork: each worker starts its own.

A worker that is told to stop goes on taking requests for `SWIFTLINE_DRAIN_NOTICE_S`, with
/readyz red, so that a proxy can look elsewhere and the next worker can begin; then it ends its
running requests. A worker whose master was killed ends at once: it would hold the port and
answer nobody.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from config.settings import load_settings
from infra import drain
from ops.supervisor import die_with_parent
from web.spooling import start_replaying

preload_app = True
worker_class = "gthread"
threads = 24
keepalive = 75
graceful_timeout = 60
"""Seconds from SIGTERM to SIGKILL: the longest notice and the longest request together."""
loglevel = "warning"


def post_fork(_server: Any, _worker: Any) -> None:
    """In a new worker, before anything else."""
    die_with_parent(signal.SIGKILL)


def post_worker_init(worker: Any) -> None:
    """A worker begins: let it take the callbacks that were kept while the database was away,
    and stop in two steps."""
    start_replaying(worker.wsgi)
    notice_s = load_settings().drain_notice_s

    def stop(number: int, frame: FrameType | None) -> None:
        if drain.is_on():
            return
        drain.begin()
        if notice_s:
            threading.Timer(notice_s, worker.handle_exit, (number, frame)).start()
        else:
            worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, stop)
