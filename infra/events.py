"""Events: that something changed, sent after the commit; a topic and an id, never what changed.

Pages fetch the element again, so every fetch passes the access check. Events may be lost;
pages look again by themselves now and then.
"""

from __future__ import annotations

import json
from typing import Protocol

import redis
from sqlalchemy.orm import Session

from infra.db import after_commit, attached
from infra.failpoints import failpoint
from infra.log import logger

CHANNEL = "swiftline:events"
"""The streams process listens there (web/live_feed.py)."""

_log = logger(__name__)


class Notifier(Protocol):
    """Whoever passes events on to pages; ops/services.py attaches one to the database."""

    def notify(self, topic: str, id: int) -> None:
        """Say that thing `id` of kind `topic` changed. Never raises for a lost event."""


class RedisNotifier:
    """Sends events through the Redis at `url`."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=0.2, socket_connect_timeout=0.2, retry=None
        )

    def notify(self, topic: str, id: int) -> None:
        """Send it at once; it is lost when Redis is away."""
        try:
            failpoint("events.notify.send")
            self._redis.publish(CHANNEL, json.dumps({"topic": topic, "id": id}))
        except redis.RedisError:
            _log.info("event not sent", topic=topic)


def publish(session: Session, topic: str, id: int) -> None:
    """Notify pages, once `session` has committed, that thing `id` of kind `topic` changed."""
    notifier = attached(session, Notifier)
    if notifier is not None:
        after_commit(session, lambda: notifier.notify(topic, id))
