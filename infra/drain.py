"""Ending without anybody noticing (reliability 3.1, DR): between SIGTERM and the exit of a process.

A process that drains says that it is not ready, takes nothing new, and ends what it has in
hand: a web process its requests, a streams process the answers being given, a worker its row.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

IN_HAND_S = 30.0
"""The longest that anything in hand may take; then the process ends all the same."""
STOP_S = IN_HAND_S + 5.0
"""How long whoever stops a process must wait before killing it."""

_begun = threading.Event()


def begin() -> None:
    """Take nothing new from now on."""
    _begun.set()


def is_on() -> bool:
    """Whether this process is on its way out."""
    return _begun.is_set()


def on_signals(then: Callable[[], object] = lambda: None) -> None:
    """Let SIGTERM and SIGINT begin the drain of this process, and call `then`.

    The handler raises nothing and only sets a flag, so no work is lost in the middle.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        begin()
        then()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def forget() -> None:
    """Not draining: for a process that was forked from one that was, and for tests."""
    _begun.clear()
