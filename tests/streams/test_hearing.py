"""One ear at work in a thread: nobody is said to be silent before their words are told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from asr.live import EarEvent, SpeechStarted, Utterance
from asr.words import Heard
from ivr.live.recognition import Hearing


class SlowEar:
    """Has stopped speaking a while before it hands out the words."""

    def __init__(self) -> None:
        self.speaking = False
        self.stopped, self.hand_out = threading.Event(), threading.Event()
        self._feeds = 0

    def listen(
        self,
        *,
        hang_over_ms: int = 0,
        patience_ms: int = 0,
        finished: Callable[[str], bool] | None = None,
        grammar: tuple[str, ...] = (),
    ) -> None:
        """Nothing to set."""

    def feed(self, mulaw: bytes) -> list[EarEvent]:
        self._feeds += 1
        if self._feeds == 1:
            self.speaking = True
            return [SpeechStarted(0.0)]
        self.speaking = False
        self.stopped.set()
        self.hand_out.wait(60)
        return [Utterance(Heard("a hole in the road"), 0.0, 1.0)]

    def flush(self) -> list[EarEvent]:
        return []

    def close(self) -> None:
        """Nothing to give back."""


class BusyEar(SlowEar):
    """Is still at its first piece when the call is over; keeps all that it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""

    def feed(self, mulaw: bytes) -> list[EarEvent]:
        self.stopped.set()
        self.hand_out.wait(60)
        self.heard += mulaw
        return []

    def flush(self) -> list[EarEvent]:
        return [Utterance(Heard("good night"), 0.0, 1.0)]


async def hang_up(*, flush: bool) -> tuple[bytes, list[EarEvent]]:
    """What an ear hears, and tells, of a call that ends while it is busy."""
    ear, told = BusyEar(), list[EarEvent]()
    with ThreadPoolExecutor(1) as pool:
        hearing = Hearing(ear, pool, told.append)
        hearing.take(b"\x01" * 320)
        await asyncio.to_thread(ear.stopped.wait, 60)
        hearing.take(b"\x02" * 480)
        closing = asyncio.create_task(hearing.close(flush=flush))
        await asyncio.sleep(0)
        ear.hand_out.set()
        await closing
    return ear.heard, told


async def hear() -> tuple[bool, list[EarEvent], bool]:
    ear, told = SlowEar(), list[EarEvent]()
    with ThreadPoolExecutor(1) as pool:
        hearing = Hearing(ear, pool, told.append)
        for _ in range(2):
            hearing.take(b"\xff" * 320)
            while not told:
                await asyncio.sleep(0)
        await asyncio.to_thread(ear.stopped.wait, 60)
        before = hearing.speaking
        ear.hand_out.set()
        while len(told) < 2:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        after = hearing.speaking
        await hearing.close()
    return before, told, after


def test_a_caller_counts_as_speaking_until_the_words_are_told() -> None:
    before, told, after = asyncio.run(hear())
    assert before
    assert isinstance(told[-1], Utterance)
    assert not after


def test_what_was_said_last_is_heard_even_when_the_ear_is_behind() -> None:
    heard, told = asyncio.run(hang_up(flush=True))
    assert heard == b"\x01" * 320 + b"\x02" * 480
    assert told == [Utterance(Heard("good night"), 0.0, 1.0)]


def test_nobody_waits_for_words_that_are_not_wanted_any_more() -> None:
    heard, told = asyncio.run(hang_up(flush=False))
    assert heard == b"\x01" * 320
    assert told == []
