"""A caller who answers and is gone at once: the answer is taken all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from carriers.media_stream import Key, StreamMessage
from config.settings import Settings
from ivr.link import DONE, Link, LinkLost, Threads
from ivr.listening import Conversation
from tests.streams.conftest import ScriptDoor, asks
from tests.streams.phone import CALL, STREAM, FakeVoice


async def press_a_key_and_go(settings: Settings) -> ScriptDoor:
    """A key is pressed while the line speaks, and the socket closes behind it."""
    door = ScriptDoor([asks(1, "Is that right?"), asks(2, "Thank you.")])
    spoken, gone = asyncio.Event(), asyncio.Event()

    async def send(text: str) -> None:
        if gone.is_set():
            raise LinkLost
        spoken.set()

    async def close(code: int = DONE) -> None:
        """Nothing to close."""

    async def messages() -> AsyncIterator[StreamMessage]:
        await spoken.wait()
        gone.set()
        yield Key("1")

    with ThreadPoolExecutor(1) as ears, ThreadPoolExecutor(2) as others:
        conversation = Conversation(
            Link(STREAM, CALL, messages(), send, close),
            door,
            FakeVoice(),
            settings,
            Threads(ears, others),
            ear=None,
            finished=lambda question, language, words: True,
            note_answer=lambda took_ms: None,
        )
        await conversation.hold()
    return door


def test_a_key_that_stops_the_line_counts_although_the_socket_is_gone(bare: Settings) -> None:
    door = asyncio.run(press_a_key_and_go(bare))
    assert door.answers == ["keys 1"]
