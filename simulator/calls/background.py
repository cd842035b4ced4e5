"""Work in the background of calls: begun, seen through, stopped with the exchange."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from simulator.calls.call import Call

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Background:
    """Whatever goes on beside what a caller waits for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def run(self, work: Coroutine[Any, Any, None], *, of: Call | None = None) -> None:
        """Do something beside everything else; what goes wrong is logged.

        of: the call that is not settled before it is done.
        """
        task = self._begun(work, of)
        task.add_done_callback(_logged)

    async def see_through(self, work: Coroutine[Any, Any, T], *, of: Call) -> T:
        """Wait for something that goes on although nobody may wait for it any more."""
        task = self._begun(work, of)
        task.add_done_callback(_noted)
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """Cancel whatever still goes on."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begun(self, work: Coroutine[Any, Any, T], of: Call | None) -> asyncio.Task[T]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if of is not None:
            of.begin_work()
            task.add_done_callback(lambda _: of.end_work())
        return task


def _noted(task: asyncio.Task[Any]) -> None:
    """Whoever waited has the exception; asyncio need not warn that nobody took it."""
    if not task.cancelled():
        task.exception()


def _logged(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("a task of the simulator failed", exc_info=task.exception())
