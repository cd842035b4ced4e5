"""A process that is to end in the middle of a call: nothing that its caller gave is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from asr.live import EarEvent, Partial, Utterance
from carriers.media_stream import Sound, StreamMessage
from config.settings import Settings
from infra.db import Database
from ivr.live.link import Threads
from ivr.turns import Reply
from tests.conftest import eventually
from tests.streams.conftest import TOKEN, ScriptDoor, asks, conversation, running
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


class SlowDoor(ScriptDoor):
    """Takes its time to look at a token."""

    def __init__(self, replies: list[Reply]) -> None:
        super().__init__(replies)
        self.asked, self.looked = threading.Event(), threading.Event()

    def may_enter(self, call_sid: str, token: str) -> bool:
        self.asked.set()
        return self.looked.wait(10) and super().may_enter(call_sid, token)


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

    with ThreadPoolExecutor(1) as ears, ThreadPoolExecutor(2) as others:
        threads = Threads(ears, others)
        held = conversation(settings, door, says_late(ear, asked), send, threads, ear=ear)
        talk = asyncio.create_task(held.hold())
        await asyncio.to_thread(ear.stopped.wait, 5)
        held.drain()
        ear.hand_out.set()
        await talk
    return door


def test_words_that_are_told_as_the_process_ends_are_taken(bare: Settings) -> None:
    door = asyncio.run(end_while_the_ear_is_at_work(bare))
    assert door.answers == ["speech a hole in the road"]
    assert door.done == ["left"]


@pytest.mark.slow
def test_a_call_that_enters_as_the_process_ends_is_given_back(bare: Settings) -> None:
    door = SlowDoor([asks(1, "Hello?")])
    database = Database(bare.database)
    with running(bare, database, door) as line:
        phone = line.dials().starts(token=TOKEN)
        assert door.asked.wait(5)
        line.drains()
        door.looked.set()
        assert phone.is_closed() == 1000
        eventually(lambda: door.done)
    database.close()
    assert door.done == ["left"]
    assert "Hello?" not in phone.heard
