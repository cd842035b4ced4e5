"""One media socket and the threads behind it, as a live conversation needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from carriers.base import MediaFormat
from carriers.media import StreamMessage

P = ParamSpec("P")
T = TypeVar("T")

DONE = 1000
NOT_UNDERSTOOD = 1002
"""WebSocket close codes (RFC 6455, 7.4.1)."""


class LinkLost(Exception):
    """The socket is gone, so nothing can be sent any more."""


class Close(Protocol):
    """Closes the socket; a second time does nothing."""

    def __call__(self, code: int = DONE) -> Awaitable[None]: ...


@dataclass(frozen=True)
class Link:
    """The media socket of one call. `send` raises LinkLost, `messages` raises StreamError."""

    stream_sid: str
    call_sid: str
    media: MediaFormat
    messages: AsyncIterator[StreamMessage]
    send: Callable[[str], Awaitable[None]]
    close: Close


@dataclass(frozen=True)
class Threads:
    """Where blocking work goes: recognition has the processors to itself, so that a wait for
    the database or a slow voice never makes a caller's recogniser late."""

    recognisers: Executor
    others: Executor


async def in_thread(pool: Executor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `call` in a thread of the pool."""
    return await asyncio.get_running_loop().run_in_executor(pool, lambda: call(*args, **kwargs))


async def next_within(queue: asyncio.Queue[T], seconds: float) -> T | None:
    """The next of the queue, or None when nothing has come for so long.

    What comes in the very moment the time is up still counts: on a busy machine a caller's
    last word and the end of the wait are often seen together.
    """
    with suppress(TimeoutError):
        return await asyncio.wait_for(queue.get(), seconds)
    return None if queue.empty() else queue.get_nowait()
