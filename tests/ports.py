"""Ports for programs that a test starts."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, suppress

_UNASKED = range(20_001, 32_000, 2)
"""What no connection gets by itself: below Linux's usual range, and odd (it takes even ones)."""


def free_ports(count: int) -> list[int]:
    """Ports that are free at this moment, and that nobody is given by chance."""
    found: list[int] = []
    # Test processes share the seed of `random`, and would draw the same ports.
    draw = random.SystemRandom()
    with ExitStack() as held:
        while len(found) < count:
            port = draw.choice(_UNASKED)
            with suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                found.append(port)
    return found
