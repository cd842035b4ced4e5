"""News of changes, told after the commit: a topic and an id, never what changed.

Pages fetch the element again, so every fetch passes the access check. News may be lost;
pages look again by themselves now and then.
"""

from __future__ import annotations

import json

import redis
from sqlalchemy.orm import Session

from infra.db import after_commit
from infra.failpoints import failpoint
from infra.log import logger

CHANNEL = "swiftline:events"

_log = logger(__name__)
_publishers: dict[str, redis.Redis] = {}
_url: list[str] = []


def tell_through(url: str) -> None:
    """Send this process's news through the Redis at `url`."""
    _url[:] = [url]


def publish(session: Session, topic: str, id: int) -> None:
    """Tell pages, once `session` has committed, that thing `id` of kind `topic` changed."""
    after_commit(session, lambda: tell(topic, id))


def tell(topic: str, id: int) -> None:
    """Tell pages at once that thing `id` of kind `topic` changed."""
    if not _url:
        return
    try:
        failpoint("events.tell.send")
        _publisher(_url[0]).publish(CHANNEL, json.dumps({"topic": topic, "id": id}))
    except redis.RedisError:
        _log.info("news not sent", topic=topic)


def _publisher(url: str) -> redis.Redis:
    if url not in _publishers:
        _publishers[url] = redis.Redis.from_url(
            url, socket_timeout=0.2, socket_connect_timeout=0.2, retry=None
        )
    return _publishers[url]
