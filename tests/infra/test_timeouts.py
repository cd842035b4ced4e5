"""What takes too long is given up, and what is stuck cannot use up everything."""

from __future__ import annotations

import threading

import pytest

from infra.timeouts import TimedOut, Timeout


def test_what_is_done_in_time_is_handed_on_with_its_error() -> None:
    timeout = Timeout(30, most=1)
    assert timeout.wait_for(lambda: 42) == 42
    with pytest.raises(KeyError):
        timeout.wait_for(lambda: {"one": 1}["two"])
    assert timeout.wait_for(lambda: 43) == 43, "one that failed gives its place back"


def test_what_is_stuck_is_given_up_and_goes_on_alone() -> None:
    go_on, done = threading.Event(), threading.Event()

    def stuck() -> None:
        go_on.wait(30)
        done.set()

    with pytest.raises(TimedOut):
        Timeout(0.01, most=1).wait_for(stuck)
    go_on.set()
    assert done.wait(30)


def test_when_all_are_stuck_nothing_more_is_begun_until_one_is_free() -> None:
    go_on = threading.Event()
    timeout = Timeout(0.01, most=2)
    for _ in range(2):
        with pytest.raises(TimedOut):
            timeout.wait_for(lambda: go_on.wait(30))
    begun: list[int] = []
    with pytest.raises(TimedOut):
        timeout.wait_for(lambda: begun.append(1))
    assert begun == []
    go_on.set()
    while not begun:
        try:
            timeout.wait_for(lambda: begun.append(1))
        except TimedOut:
            continue
