"""A process that is to end in the middle of a call: nothing that its caller gave is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from asr.live import Partial, RecognitionEvent, Utterance
from carriers.media import Sound, StreamMessage
from config.settings import Settings
from infra.db import Database
from ivr.live.link import Threads
from ivr.turns import Reply
from tests.conftest import eventually
from tests.streams.conftest import TOKEN, ScriptGateway, asks, conversation, running
from tests.streams.test_recognition import SlowRecogniser


class LateRecogniser(SlowRecogniser):
    """Tells in one piece what the words sounded like and what they were, as one that is behind."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()

    def feed(self, mulaw: bytes) -> list[RecognitionEvent]:
        self.begun.set()
        events = super().feed(mulaw)
        return [Partial("a hole"), *events] if isinstance(events[0], Utterance) else events


class SlowGateway(ScriptGateway):
    """Takes its time to look at a token."""

    def __init__(self, replies: list[Reply]) -> None:
        super().__init__(replies)
        self.asked, self.looked = threading.Event(), threading.Event()

    def may_enter(self, call_sid: str, token: str) -> bool:
        self.asked.set()
        return self.looked.wait(10) and super().may_enter(call_sid, token)


async def says_late(
    recogniser: LateRecogniser, asked: asyncio.Event
) -> AsyncIterator[StreamMessage]:
    """Two pieces of sound once something was asked; the second during the first."""
    await asked.wait()
    yield Sound("inbound", b"\x01" * 320)
    await asyncio.to_thread(recogniser.begun.wait, 5)
    yield Sound("inbound", b"\x01" * 320)
    await asyncio.Event().wait()


async def end_while_recognition_is_at_work(settings: Settings) -> ScriptGateway:
    """The process is told to end before the words of a caller who speaks are told."""
    gateway, recogniser = (
        ScriptGateway([asks(1, "Hello?"), asks(2, "Where is it?")]),
        LateRecogniser(),
    )
    asked = asyncio.Event()

    async def send(text: str) -> None:
        asked.set()

    with ThreadPoolExecutor(1) as recognisers, ThreadPoolExecutor(2) as others:
        threads = Threads(recognisers, others)
        held = conversation(
            settings, gateway, says_late(recogniser, asked), send, threads, recogniser=recogniser
        )
        talk = asyncio.create_task(held.hold())
        await asyncio.to_thread(recogniser.stopped.wait, 5)
        held.drain()
        recogniser.hand_out.set()
        await talk
    return gateway


def test_words_that_are_told_as_the_process_ends_are_taken(bare: Settings) -> None:
    gateway = asyncio.run(end_while_recognition_is_at_work(bare))
    assert gateway.answers == ["speech a hole in the road"]
    assert gateway.done == ["left"]


@pytest.mark.slow
def test_a_call_that_enters_as_the_process_ends_is_given_back(bare: Settings) -> None:
    gateway = SlowGateway([asks(1, "Hello?")])
    database = Database(bare.database)
    with running(bare, database, gateway) as line:
        phone = line.dials().starts(token=TOKEN)
        assert gateway.asked.wait(5)
        line.drains()
        gateway.looked.set()
        assert phone.is_closed() == 1000
        eventually(lambda: gateway.done)
    database.close()
    assert gateway.done == ["left"]
    assert "Hello?" not in phone.heard
