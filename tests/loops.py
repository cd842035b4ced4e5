"""Asynchronous servers of tests, each in an event loop and a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Self, TypeVar

T = TypeVar("T")


class InALoop:
    """Something that serves, while a block runs, beside the test that talks to it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open = AsyncExitStack()

    def serving(self) -> AbstractAsyncContextManager[object]:
        """What is open in the loop meanwhile."""
        raise NotImplementedError

    def in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop; its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def __enter__(self) -> Self:
        self._thread.start()
        self.in_loop(self._open.enter_async_context(self.serving()))
        return self

    def __exit__(self, *_: object) -> None:
        self.in_loop(self._open.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()
