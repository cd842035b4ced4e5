"""Line time: it advances in ticks of 20 ms, at real pace or faster.

Everything that waits on the line waits here, so that a test can let a minute pass in a second and
the order of events stays the same.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from simulator.audio import FRAME_S

T = TypeVar("T")

MOST_LAG_S = 0.5
"""A loop held up for longer than this lets line time stand still rather than rush after it."""


class Clock:
    """Counts ticks. `pace` is how many seconds of line time pass in one real second."""

    def __init__(self, pace: float = 1.0) -> None:
        self.pace = pace
        self.ticks = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = 0
        self._started_at = datetime.now(UTC)
        self._holds = 0
        self._free = asyncio.Event()
        self._free.set()

    @property
    def now_s(self) -> float:
        """Seconds of line time since the clock was made."""
        return self.ticks * FRAME_S

    @property
    def date(self) -> datetime:
        """The date and time on the line, UTC; equals the wall's at real pace."""
        if self.pace == 1.0:
            return datetime.now(UTC)
        return self._started_at + timedelta(seconds=self.now_s)

    async def sleep(self, seconds: float) -> None:
        """Wait for that much line time."""
        due = self.ticks + max(1, round(seconds / FRAME_S))
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (due, self._order, future))
        await future

    async def within(self, seconds: float, awaited: Awaitable[T]) -> T:
        """The result of `awaited`; raises TimeoutError after that much line time."""
        task = asyncio.ensure_future(awaited)
        alarm = asyncio.ensure_future(self.sleep(seconds))
        try:
            await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise TimeoutError
            return task.result()
        finally:
            alarm.cancel()
            if not task.done():
                task.cancel()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let line time stand still meanwhile, unless it runs at real pace.

        What takes real time (an application's answer, speaking a sentence) then takes none on the
        line, so that a fast call goes as a slow one does.
        """
        if self.pace == 1.0:
            yield
            return
        self._holds += 1
        self._free.clear()
        try:
            yield
        finally:
            self._holds -= 1
            if not self._holds:
                self._free.set()

    async def run(self, tick: Callable[[], None]) -> None:
        """Let time pass for ever, calling `tick` every 20 ms of it."""
        loop = asyncio.get_running_loop()
        step = FRAME_S / self.pace
        due = loop.time() + step
        while True:
            late = loop.time() - due
            if late > MOST_LAG_S:
                due += late
            await asyncio.sleep(max(0.0, -late))
            await self._free.wait()
            self.advance(tick)
            due += step

    def advance(self, tick: Callable[[], None]) -> None:
        """Let one tick pass."""
        self.ticks += 1
        tick()
        while self._sleepers and self._sleepers[0][0] <= self.ticks:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)
