"""A process that is to end in the middle of a call: nothing that its caller gave is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from asr.live import EarEvent, Partial, Utterance
from carriers.media_stream import Sound, StreamMessage
from config.settings import Settings
from ivr.link import DONE, Link, Threads
from ivr.listening import Conversation
from tests.streams.conftest import ScriptDoor, asks
from tests.streams.phone import CALL, STREAM, FakeVoice
from tests.streams.test_hearing import SlowEar


class LateEar(SlowEar):
    """Tells in one piece what the words sounded like and what they were, as one that is behind."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()

    def feed(self, mulaw: bytes) -> list[EarEvent]:
        self.begun.set()
        events = super().feed(mulaw)
        return [Partial("a hole"), *events] if isinstance(events[0], Utterance) else events


async def says_late(ear: LateEar, asked: asyncio.Event) -> AsyncIterator[StreamMessage]:
    """Two pieces of sound once something was asked; the second when the ear is at the first."""
    await asked.wait()
    yield Sound("inbound", b"\x01" * 320)
    await asyncio.to_thread(ear.begun.wait, 5)
    yield Sound("inbound", b"\x01" * 320)
    await asyncio.Event().wait()


async def end_while_the_ear_is_at_work(settings: Settings) -> ScriptDoor:
    """The process is told to end before the words of a caller who speaks are told."""
    door, ear = ScriptDoor([asks(1, "Hello?"), asks(2, "Where is it?")]), LateEar()
    asked = asyncio.Event()

    async def send(text: str) -> None:
        asked.set()

    async def close(code: int = DONE) -> None:
        """Nothing to close."""

    with ThreadPoolExecutor(1) as ears, ThreadPoolExecutor(2) as others:
        conversation = Conversation(
            Link(STREAM, CALL, says_late(ear, asked), send, close),
            door,
            FakeVoice(),
            settings,
            Threads(ears, others),
            ear=ear,
            finished=lambda question, language, words: True,
            note_answer=lambda took_ms: None,
        )
        talk = asyncio.create_task(conversation.hold())
        await asyncio.to_thread(ear.stopped.wait, 5)
        conversation.drain()
        ear.hand_out.set()
        await talk
    return door


def test_words_that_are_told_as_the_process_ends_are_taken(bare: Settings) -> None:
    door = asyncio.run(end_while_the_ear_is_at_work(bare))
    assert door.answers == ["speech a hole in the road"]
    assert door.done == ["left"]
