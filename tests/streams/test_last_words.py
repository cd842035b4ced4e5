"""A caller who answers and is gone at once: the answer is taken all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from carriers.media import Key, StreamMessage
from config.settings import Settings
from ivr.live.link import LinkLost, Threads
from tests.streams.conftest import ScriptGateway, asks, conversation


async def press_a_key_and_go(settings: Settings) -> ScriptGateway:
    """A key is pressed while the line speaks, and the socket closes behind it."""
    gateway = ScriptGateway([asks(1, "Is that right?"), asks(2, "Thank you.")])
    spoken, gone = asyncio.Event(), asyncio.Event()

    async def send(text: str) -> None:
        if gone.is_set():
            raise LinkLost
        spoken.set()

    async def messages() -> AsyncIterator[StreamMessage]:
        await spoken.wait()
        gone.set()
        yield Key("1")

    with ThreadPoolExecutor(1) as recognisers, ThreadPoolExecutor(2) as others:
        await conversation(settings, gateway, messages(), send, Threads(recognisers, others)).hold()
    return gateway


def test_a_key_that_stops_the_line_counts_although_the_socket_is_gone(bare: Settings) -> None:
    gateway = asyncio.run(press_a_key_and_go(bare))
    assert gateway.answers == ["keys 1"]
