"""Messages on disk: in order, through crashes, one replay at a time, nothing thrown away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.spool import Spool, TryLater
from tests.conftest import eventually


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def taken(spool: Spool) -> list[int]:
    seen: list[int] = []
    spool.replay(lambda message: seen.append(message["n"]))
    return seen


def test_kept_messages_are_replayed_once_in_order(spool: Spool) -> None:
    for number in range(5):
        spool.keep({"n": number, "text": "line\nbreak \u00e9"})
    assert spool.waiting()
    assert taken(spool) == [0, 1, 2, 3, 4]
    assert not spool.waiting()
    assert taken(spool) == []


def test_what_cannot_be_taken_yet_stays_in_front_of_what_comes_later(spool: Spool) -> None:
    spool.keep({"n": 1})
    spool.keep({"n": 2})

    def away(message: dict[str, int]) -> None:
        raise TryLater

    assert spool.replay(away) == 0
    spool.keep({"n": 3})
    assert taken(spool) == [1, 2, 3]


def test_a_message_that_fails_is_a_dead_letter_and_holds_up_nobody(spool: Spool) -> None:
    for number in (1, 2, 3):
        spool.keep({"n": number})
    seen = []

    def fails_at_two(message: dict[str, int]) -> None:
        if message["n"] == 2:
            raise ValueError("not what was expected")
        seen.append(message["n"])

    assert spool.replay(fails_at_two) == 3
    assert seen == [1, 3]
    assert b'"n": 2' in (spool.folder / "dead-letters.spool").read_bytes()
    assert not spool.waiting()


def test_a_line_cut_short_by_a_crash_costs_only_itself(spool: Spool) -> None:
    spool.keep({"n": 1})
    file = spool.folder / "open.spool"
    with file.open("ab") as half:
        half.write(b'\n12 00000000 {"n": ')
    spool.keep({"n": 3})
    assert taken(spool) == [1, 3]


def test_a_changed_byte_is_noticed(spool: Spool) -> None:
    spool.keep({"n": 1})
    file = spool.folder / "open.spool"
    file.write_bytes(file.read_bytes().replace(b'"n": 1', b'"n": 7'))
    assert taken(spool) == []


def test_a_crash_in_the_middle_of_a_replay_forgets_nothing(spool: Spool) -> None:
    for number in (1, 2):
        spool.keep({"n": number})

    def dies(message: dict[str, int]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool.replay(dies)
    assert taken(spool) == [1, 2]


def test_only_the_owner_may_read_what_was_said(spool: Spool) -> None:
    spool.keep({"n": 1})
    modes = [path.stat().st_mode & 0o077 for path in (spool.folder, *spool.folder.iterdir())]
    assert modes == [0] * len(modes)


def test_a_disk_that_takes_no_more_is_an_error_to_whoever_keeps(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        spool.keep({"n": 1})


_WRITES = """
import sys
from pathlib import Path
from infra.spool import Spool
spool = Spool(Path(sys.argv[1]))
for number in range(100000):
    spool.keep({"n": number})
    print(number, flush=True)
"""


def test_what_was_kept_is_there_after_kill_9(spool: Spool) -> None:
    run = [sys.executable, "-c", _WRITES, str(spool.folder)]
    with subprocess.Popen(run, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            told = int(writer.stdout.readline())
        writer.kill()
    found = taken(spool)
    assert found == list(range(len(found)))
    assert len(found) > told


_REPLAYS = """
import sys, time
from pathlib import Path
from infra.spool import Spool
def slow(message):
    Path(sys.argv[2]).touch()
    time.sleep(60)
Spool(Path(sys.argv[1])).replay(slow)
"""


def test_two_processes_do_not_replay_at_once(spool: Spool, tmp_path: Path) -> None:
    spool.keep({"n": 1})
    begun = tmp_path / "begun"
    with subprocess.Popen([sys.executable, "-c", _REPLAYS, spool.folder, begun]) as other:
        eventually(begun.exists)
        assert taken(spool) == []
        other.kill()
    assert taken(spool) == [1]
