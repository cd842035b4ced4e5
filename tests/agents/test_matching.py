"""Who talks to whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agents.routing.matching import Free, Match, Waiting, match

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def caller(id: int, *, waited_s: int, priority: int = 0, no: set[int] | None = None) -> Waiting:
    return Waiting(id, priority, NOON - timedelta(seconds=waited_s), frozenset(no or ()))


def agent(id: int, *, ready_s: int) -> Free:
    return Free(id, NOON - timedelta(seconds=ready_s))


@pytest.mark.parametrize(
    ("waiting", "free", "expected"),
    [
        ([], [agent(1, ready_s=1)], ()),
        ([caller(1, waited_s=1)], [], ()),
        (
            [caller(1, waited_s=10), caller(2, waited_s=20)],
            [agent(7, ready_s=5)],
            (Match(2, 7),),
        ),
        (
            [caller(1, waited_s=99), caller(2, waited_s=1, priority=10)],
            [agent(7, ready_s=5)],
            (Match(2, 7),),
        ),
        (
            [caller(1, waited_s=10)],
            [agent(7, ready_s=5), agent(8, ready_s=50)],
            (Match(1, 8),),
        ),
        (
            [caller(1, waited_s=20), caller(2, waited_s=10)],
            [agent(7, ready_s=5), agent(8, ready_s=50)],
            (Match(1, 8), Match(2, 7)),
        ),
        (
            [caller(1, waited_s=20, no={8}), caller(2, waited_s=10)],
            [agent(7, ready_s=5), agent(8, ready_s=50)],
            (Match(1, 7), Match(2, 8)),
        ),
        ([caller(1, waited_s=20, no={7})], [agent(7, ready_s=5)], ()),
        (
            [caller(2, waited_s=5), caller(1, waited_s=5)],
            [agent(8, ready_s=5), agent(7, ready_s=5)],
            (Match(1, 7), Match(2, 8)),
        ),
    ],
    ids=[
        "nobody waits",
        "nobody is free",
        "the longest waiting goes first",
        "urgency goes before waiting",
        "the longest ready agent is asked",
        "everyone is used once",
        "who declined is passed over",
        "who declined is not asked again",
        "ties go by id",
    ],
)
def test_pairs(waiting: list[Waiting], free: list[Free], expected: tuple[Match, ...]) -> None:
    assert match(waiting, free) == expected
