"""Simulated time of callers who are led from outside, step by step.

Between two steps nobody says what the caller does next, so line time stands still until the next
step comes; otherwise it would run hours ahead of whoever thinks about it. After a step that failed
none may come: nobody waits for that caller any more. While a scenario is played time runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from simulator.calls.call import Call
from simulator.calls.events import Event
from simulator.time.clock import Clock


class ClockHold:
    """Lets simulated time run only while a step is being done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._led: set[str] = set()
        self._steps = 0
        self._held: ExitStack | None = None

    def take(self, call: Call) -> None:
        """A call is led from outside from now on, until it ends."""

        def watch(event: Event) -> None:
            if event["event"] == "ended":
                self._led.discard(call.sid)
                self._look()

        self._led.add(call.sid)
        call.log.follow(watch)
        self._look()

    @contextmanager
    def step(self, call: Call) -> Iterator[None]:
        """Time runs meanwhile, and on if the step fails."""
        with self.released():
            self._led.discard(call.sid)
            yield
            if not call.is_over:
                self._led.add(call.sid)

    @contextmanager
    def released(self) -> Iterator[None]:
        """Time runs meanwhile."""
        self._steps += 1
        self._look()
        try:
            yield
        finally:
            self._steps -= 1
            self._look()

    def _look(self) -> None:
        wait = self._clock.is_simulated and bool(self._led) and self._steps == 0
        if wait and self._held is None:
            self._held = ExitStack()
            self._held.enter_context(self._clock.held())
        elif not wait and self._held is not None:
            self._held.close()
            self._held = None
