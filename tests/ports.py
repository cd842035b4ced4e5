"""Ports for programs that a test starts."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, suppress

_BELOW_WHAT_SYSTEMS_GIVE_AWAY = range(20_000, 32_000)
"""Neither a connection that somebody opens meanwhile nor a bind to port 0 gets one of these."""


def free_ports(count: int) -> list[int]:
    """Ports that are free at this moment, and that nobody is given by chance."""
    found: list[int] = []
    draw = random.SystemRandom()
    with ExitStack() as held:
        while len(found) < count:
            port = draw.choice(_BELOW_WHAT_SYSTEMS_GIVE_AWAY)
            with suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                found.append(port)
    return found
