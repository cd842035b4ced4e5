"""A bound on how long something may take, whatever it waits for: a lock, a pool, a frozen server.

What is not done in time goes on alone; its result is thrown away. So only give it what may
happen unseen: work that is repeatable and keeps its own records.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

T = TypeVar("T")


class TimedOut(Exception):
    """It is not done yet, or too much else is not; it may still be done later."""


class Timeout:
    """Waits `seconds` for each of at most `most` things that are under way at once."""

    def __init__(self, seconds: float, *, most: int) -> None:
        self.seconds = seconds
        self._free = threading.BoundedSemaphore(most)

    def wait_for(self, call: Callable[[], T]) -> T:
        """What `call` returns or raises; TimedOut when it takes too long.

        When everything under way is stuck, it is not begun. It runs in a thread of its own that
        nobody waits for: a pool's threads would keep a process from ending while one is stuck.
        """
        if not self._free.acquire(blocking=False):
            raise TimedOut("as much as may be under way is stuck")
        done: Future[T] = Future()
        threading.Thread(target=self._run, args=(call, done), name="bounded", daemon=True).start()
        if not wait([done], self.seconds).done:
            raise TimedOut(f"not done within {self.seconds:g} s")
        return done.result()

    def _run(self, call: Callable[[], T], done: Future[T]) -> None:
        try:
            result = call()
        except BaseException as error:
            self._free.release()
            done.set_exception(error)
        else:
            self._free.release()
            done.set_result(result)
