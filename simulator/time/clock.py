"""Line time: it advances in ticks of 20 ms, at real pace, faster, or simulated.

Everything that waits on the line waits here, so that a test can let a minute pass in a second and
the order of events stays the same. In simulated time (pace 0) nothing waits for the wall: time
stands still while the application is asked, jumps on as soon as everybody has done their part of a
tick, and runs at real pace only while a media socket is open, whose other end knows no other.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sized
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from simulator.sound.audio import FRAME_S

T = TypeVar("T")

SIMULATED = 0.0
"""The pace of simulated time."""
MOST_LAG_S = 0.5
"""A loop held up for longer than this lets line time stand still rather than rush after it."""
SEEDED_START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""When a seeded run begins: a Monday morning."""

_ROUNDS = 12
"""Turns of the event loop that a tick gives everybody for what follows from it, where the loop does
not tell whether anybody is left."""
_MOST_ROUNDS = 10_000
"""Who is still busy after so many turns will never be done."""
_IDLE_S = 0.002
_LATENESS_KEPT = 100_000


class Clock:
    """Counts ticks. `pace` is how many seconds of line time pass in one real second; 0: simulated.

    starts_at: the date of tick 0; the wall's when not given. one_at_a_time: what is outside the
    line (an application's answer) happens one after the other, so that a run can be repeated.
    """

    def __init__(
        self,
        pace: float = 1.0,
        *,
        starts_at: datetime | None = None,
        one_at_a_time: bool = False,
    ) -> None:
        self.pace = pace
        self.ticks = 0
        self.lateness_s: deque[float] = deque(maxlen=_LATENESS_KEPT)
        """How late each tick was at real pace: what the simulator itself adds to a frame's time."""
        self.is_idle: Callable[[], bool] = lambda: False
        """Whether nobody is on the line; simulated time then stands still. Set by the exchange."""
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = 0
        self._started_at = starts_at or datetime.now(UTC)
        self._holds = 0
        self._free = asyncio.Event()
        self._free.set()
        self._at_real_pace = 0
        self._resting = 0
        self._outside: asyncio.Task[Any] | None = None
        self._turn = asyncio.Lock() if one_at_a_time else None

    @property
    def is_simulated(self) -> bool:
        """Whether time passes without waiting."""
        return self.pace == SIMULATED

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

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[None]:
        """Held, and in a run that can be repeated one after the other, first come, first served.

        There it begins only once everybody else has done their part, so that nothing depends on
        how long it takes.
        """
        with self.held():
            me = asyncio.current_task()
            if self._turn is None or self._outside is me:
                yield
                return
            async with self._turn:
                await self._rest()
                self._outside = me
                try:
                    yield
                finally:
                    self._outside = None

    @contextmanager
    def at_real_pace(self) -> Iterator[None]:
        """Let simulated time run at real pace meanwhile: somebody outside counts real seconds."""
        self._at_real_pace += 1
        try:
            yield
        finally:
            self._at_real_pace -= 1

    async def run(self, tick: Callable[[], None]) -> None:
        """Let time pass for ever, calling `tick` every 20 ms of it."""
        while True:
            if self.is_simulated and not self._at_real_pace:
                await self._simulate(tick)
            else:
                await self._keep_pace(tick)

    async def _keep_pace(self, tick: Callable[[], None]) -> None:
        """Ticks as the wall's clock goes, for as long as that is asked for."""
        loop = asyncio.get_running_loop()
        step = FRAME_S / (self.pace or 1.0)
        due = loop.time() + step
        while not self.is_simulated or self._at_real_pace:
            late = loop.time() - due
            if late > MOST_LAG_S:
                due += late
            await asyncio.sleep(max(0.0, -late))
            await (self._settle() if self.is_simulated else self._free.wait())
            self.lateness_s.append(max(0.0, loop.time() - due))
            self.advance(tick)
            due += step

    async def _simulate(self, tick: Callable[[], None]) -> None:
        """Ticks one after the other, each once everybody has done what the last one asked."""
        while not self._at_real_pace:
            await self._settle()
            if self.is_idle() and not self._skip_rest():
                await asyncio.sleep(_IDLE_S)
                continue
            self.advance(tick)

    def _skip_rest(self) -> bool:
        """With nobody on the line, go straight to what waits next; False when nothing does."""
        self._sleepers = [one for one in self._sleepers if not one[2].done()]
        heapq.heapify(self._sleepers)
        if not self._sleepers:
            return False
        self.ticks = max(self.ticks, self._sleepers[0][0] - 1)
        return True

    async def _settle(self) -> None:
        """Everybody's turn, until nobody has anything left to do; again after each wait outside."""
        while True:
            if not self._free.is_set():
                await self._free.wait()
            await self._rest()
            if self._free.is_set():
                return

    async def _rest(self) -> None:
        """Until nobody but those who rest has anything left to do."""
        ready: Sized | None = getattr(asyncio.get_running_loop(), "_ready", None)
        self._resting += 1
        try:
            for turn in range(_MOST_ROUNDS):
                await asyncio.sleep(0)
                if turn >= _ROUNDS if ready is None else len(ready) < self._resting:
                    return
        finally:
            self._resting -= 1

    def advance(self, tick: Callable[[], None]) -> None:
        """Let one tick pass."""
        self.ticks += 1
        tick()
        while self._sleepers and self._sleepers[0][0] <= self.ticks:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)
