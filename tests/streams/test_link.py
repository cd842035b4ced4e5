"""Waiting for what happens next on a call."""

from __future__ import annotations

import asyncio
import time

from ivr.live.link import next_within


async def heard_as_time_is_up() -> str | None:
    """The machine is busy just then, so that both are due in one turn of the loop."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.call_soon(time.sleep, 0.1)
    loop.call_later(0.06, queue.put_nowait, "the last word")
    return await next_within(queue, 0.05)


def test_what_comes_as_the_time_is_up_is_not_passed_over() -> None:
    assert asyncio.run(heard_as_time_is_up()) == "the last word"


async def nothing_said() -> str | None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    return await next_within(queue, 0.01)


def test_a_quiet_wait_ends_with_nothing() -> None:
    assert asyncio.run(nothing_said()) is None
