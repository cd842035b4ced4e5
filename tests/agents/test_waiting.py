"""What a waiting caller hears next, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.routing.waiting import AgentLost, Enough, Hear, Wait, next_piece

FRESH = Wait(
    look=0,
    waited_s=0,
    limit_s=90,
    ringing=False,
    in_conversation_s=None,
    came_back=False,
    next_in_line=False,
    in_danger=False,
)


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (FRESH, Hear(None, 8)),
        (replace(FRESH, look=1, waited_s=8), Hear(None, 8)),
        (replace(FRESH, look=4, waited_s=32), Hear("waiting", 8)),
        (replace(FRESH, look=4, waited_s=32, next_in_line=True), Hear("waiting_next", 8)),
        (replace(FRESH, look=4, waited_s=32, in_danger=True), Hear("emergency_again", 8)),
        (replace(FRESH, look=9, waited_s=86), Hear(None, 4)),
        (replace(FRESH, look=9, waited_s=89.9), Hear(None, 2)),
        (replace(FRESH, look=9, waited_s=90), Enough()),
        (replace(FRESH, limit_s=0), Enough()),
        (replace(FRESH, look=9, waited_s=95, ringing=True), Hear(None, 2)),
        (replace(FRESH, came_back=True), Hear("trouble", 8)),
        (replace(FRESH, look=1, came_back=True), Hear(None, 8)),
        (replace(FRESH, look=1, in_conversation_s=1), Hear(None, 2)),
        (replace(FRESH, look=1, waited_s=200, in_conversation_s=1), Hear(None, 2)),
        (replace(FRESH, look=0, in_conversation_s=300, came_back=True), Hear("trouble", 2)),
        (replace(FRESH, look=1, in_conversation_s=11), AgentLost()),
    ],
)
def test_next_piece(wait: Wait, expected: Hear | AgentLost | Enough) -> None:
    assert next_piece(wait) == expected
