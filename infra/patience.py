"""A bound on how long something may take, whatever it waits for: a lock, a pool, a frozen server.

What is not done in time goes on alone; its result is thrown away. So only give it what may
happen unseen: work that is repeatable and keeps its own books.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class OutOfTime(Exception):
    """It is not done yet, or too much else is not; it may still be done later."""


class Patience:
    """Waits `seconds` for each of at most `most` things that are under way at once."""

    def __init__(self, seconds: float, *, most: int) -> None:
        self.seconds = seconds
        self._free = threading.BoundedSemaphore(most)

    def wait_for(self, call: Callable[[], T]) -> T:
        """What `call` returns or raises; OutOfTime when it takes too long.

        It runs in a thread of its own. When everything under way is stuck, it is not begun.
        """
        if not self._free.acquire(blocking=False):
            raise OutOfTime("as much as may be under way is stuck")
        one = _One(call, self._free.release)
        threading.Thread(target=one.run, name="patience", daemon=True).start()
        return one.result(self.seconds)


class _One(Generic[T]):
    def __init__(self, call: Callable[[], T], at_end: Callable[[], object]) -> None:
        self._call, self._at_end = call, at_end
        self._done = threading.Event()
        self._value: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._value.append(self._call())
        except BaseException as error:
            self._error = error
        finally:
            self._at_end()
            self._done.set()

    def result(self, seconds: float) -> T:
        if not self._done.wait(seconds):
            raise OutOfTime(f"not done within {seconds:g} s")
        if self._error is not None:
            raise self._error
        return self._value[0]
