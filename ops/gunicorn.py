"""How gunicorn serves the web process: `gunicorn --config ops/gunicorn.py wsgi:app`.

The application is loaded once and forked, so that a worker that dies is back at once and not
only after its imports. Threads do not survive a fork: each worker starts its own.
"""

from __future__ import annotations

from typing import Any

from web.spooling import start_replaying

preload_app = True
worker_class = "gthread"
threads = 24
keepalive = 75
graceful_timeout = 8
loglevel = "warning"


def post_worker_init(worker: Any) -> None:
    """A worker begins: let it take the callbacks that were kept while the database was away."""
    start_replaying(worker.wsgi)
