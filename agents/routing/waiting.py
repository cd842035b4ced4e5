"""What a waiting caller hears next, or that they have waited enough: values in, value out."""

from __future__ import annotations

from dataclasses import dataclass

PIECE_S = 8
"""Longest piece of music between two looks at the clock."""

_SHORT_S = 2
_EVERY = 4
_BRIDGE_S = 10
"""How long an agent's phone may take from the accept until the caller is taken."""


@dataclass(frozen=True)
class Wait:
    """One look at a waiting caller. Times in seconds.

    look: how many pieces this caller has heard in this round, 0 at first.
    waited_s: since this round began; limit_s: how long it may last.
    in_conversation_s: since an agent accepted; None while nobody has.
    came_back: the caller was cut off from an agent. next_in_line: nobody is before them.
    in_danger: what they said tells of an emergency.
    """

    look: int
    waited_s: float
    limit_s: float
    ringing: bool
    in_conversation_s: float | None
    came_back: bool
    next_in_line: bool
    in_danger: bool


@dataclass(frozen=True)
class Hear:
    """Play a prompt (a key), if any, then music for so many seconds, then look again."""

    prompt: str | None
    music_s: int


@dataclass(frozen=True)
class AgentLost:
    """An agent accepted but their phone never took the caller: offer them anew."""


@dataclass(frozen=True)
class Enough:
    """Nobody came in time: the caller leaves the queue."""


def next_piece(wait: Wait) -> Hear | AgentLost | Enough:
    """What follows this look."""
    if wait.in_conversation_s is not None:
        if wait.look > 0 and wait.in_conversation_s > _BRIDGE_S:
            return AgentLost()
        return Hear(_prompt(wait), _SHORT_S)
    left_s = wait.limit_s - wait.waited_s
    if left_s <= 0 and not wait.ringing:
        return Enough()
    return Hear(_prompt(wait), min(PIECE_S, max(_SHORT_S, round(left_s))))


def _prompt(wait: Wait) -> str | None:
    if wait.look == 0:
        return "trouble" if wait.came_back else None
    if wait.look % _EVERY:
        return None
    if wait.in_danger:
        return "emergency_again"
    return "waiting_next" if wait.next_in_line else "waiting"
