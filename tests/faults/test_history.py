"""The checker of the proof finds what is planted: a checker that cannot fail proves nothing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from bench.proof.drive import Dialled
from bench.proof.history import Books, compared

SOUND = b"RIFF of the carrier"
A, B = "CA" + "a" * 32, "CA" + "b" * 32
REC = "RE" + "a" * 32


def dialled() -> list[Dialled]:
    done = {"event": "recording", "recording_sid": REC, "status": "completed"}
    return [
        Dialled(A, "+13125560001", "report", True, True, (done,)),
        Dialled(B, "+13125560002", "hangs up", False, True, ()),
    ]


def good_books() -> Books:
    digest = hashlib.sha256(SOUND).hexdigest()
    return Books(
        calls=frozenset({A, B}),
        reports={A: [1]},
        tickets=frozenset({1}),
        recordings={REC: ("stored", digest)},
        waiting=(),
    )


def wrong(folder: Path, books: Books, texts: tuple[str, ...] = ("+13125560001",)) -> dict[str, int]:
    """What is not zero."""
    (folder / f"{REC}.wav").write_bytes(SOUND)
    figures = compared(dialled(), texts, books, folder)
    return {figure.name: figure.wrong for figure in figures if figure.wrong}


def test_good_books_have_nothing_wrong(tmp_path: Path) -> None:
    assert wrong(tmp_path, good_books()) == {}


@pytest.mark.parametrize(
    ("books", "found"),
    [
        (replace(good_books(), calls=frozenset({A})), {"calls lost": 1}),
        (replace(good_books(), reports={}), {"reports lost": 1}),
        (
            replace(good_books(), reports={A: [1, 2]}, tickets=frozenset({1, 2})),
            {"reports doubled": 1},
        ),
        (replace(good_books(), tickets=frozenset()), {"tickets lost": 1}),
        (replace(good_books(), recordings={}), {"recordings lost": 1}),
        (replace(good_books(), recordings={REC: ("missing", None)}), {"recordings lost": 1}),
        (replace(good_books(), recordings={REC: ("stored", "0" * 64)}), {"recordings damaged": 1}),
        (replace(good_books(), waiting=("open_ticket:1",)), {"work left over": 1}),
        (replace(good_books(), parked=("send:1",)), {"work parked": 1}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_planted_loss_is_found(tmp_path: Path, books: Books, found: dict[str, int]) -> None:
    assert wrong(tmp_path, books) == found


def test_texts_that_never_came_and_that_came_twice_are_found(tmp_path: Path) -> None:
    assert wrong(tmp_path, good_books(), ()) == {"texts lost": 1}
    assert wrong(tmp_path, good_books(), ("+13125560001",) * 2) == {"texts doubled": 1}


def test_a_zero_is_printed_with_its_bound(tmp_path: Path) -> None:
    (tmp_path / f"{REC}.wav").write_bytes(SOUND)
    lines = [one.line() for one in compared(dialled(), ("+13125560001",), good_books(), tmp_path)]
    assert lines[0] == "calls lost: 0 of 2 (at most 100.00 % at 95 %)"
