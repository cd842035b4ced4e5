"""One recogniser at work in a thread: nobody is said to be silent before their words are told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from asr.live import RecognitionEvent, SpeechStarted, Utterance
from asr.words import Heard
from ivr.live.recognition import Recognition


class SlowRecogniser:
    """Has stopped speaking a while before it hands out the words."""

    def __init__(self) -> None:
        self.speaking = False
        self.stopped, self.hand_out = threading.Event(), threading.Event()
        self._feeds = 0

    def listen(
        self,
        *,
        end_silence_ms: int = 0,
        unfinished_silence_ms: int = 0,
        is_complete: Callable[[str], bool] | None = None,
        grammar: tuple[str, ...] = (),
    ) -> None:
        """Nothing to set."""

    def feed(self, mulaw: bytes) -> list[RecognitionEvent]:
        self._feeds += 1
        if self._feeds == 1:
            self.speaking = True
            return [SpeechStarted(0.0)]
        self.speaking = False
        self.stopped.set()
        self.hand_out.wait(60)
        return [Utterance(Heard("a hole in the road"), 0.0, 1.0)]

    def flush(self) -> list[RecognitionEvent]:
        return []

    def close(self) -> None:
        """Nothing to release."""


class BusyRecogniser(SlowRecogniser):
    """Is still at its first piece when the call is over; keeps all that it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""

    def feed(self, mulaw: bytes) -> list[RecognitionEvent]:
        self.stopped.set()
        self.hand_out.wait(60)
        self.heard += mulaw
        return []

    def flush(self) -> list[RecognitionEvent]:
        return [Utterance(Heard("good night"), 0.0, 1.0)]


async def hang_up(*, flush: bool) -> tuple[bytes, list[RecognitionEvent]]:
    """What a recogniser hears, and tells, of a call that ends while it is busy."""
    recogniser, told = BusyRecogniser(), list[RecognitionEvent]()
    with ThreadPoolExecutor(1) as pool:
        recognition = Recognition(recogniser, pool, told.append)
        recognition.take(b"\x01" * 320)
        await asyncio.to_thread(recogniser.stopped.wait, 60)
        recognition.take(b"\x02" * 480)
        closing = asyncio.create_task(recognition.close(flush=flush))
        await asyncio.sleep(0)
        recogniser.hand_out.set()
        await closing
    return recogniser.heard, told


async def hear() -> tuple[bool, list[RecognitionEvent], bool]:
    recogniser, told = SlowRecogniser(), list[RecognitionEvent]()
    with ThreadPoolExecutor(1) as pool:
        recognition = Recognition(recogniser, pool, told.append)
        for _ in range(2):
            recognition.take(b"\xff" * 320)
            while not told:
                await asyncio.sleep(0)
        await asyncio.to_thread(recogniser.stopped.wait, 60)
        before = recognition.speaking
        recogniser.hand_out.set()
        while len(told) < 2:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        after = recognition.speaking
        await recognition.close()
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
