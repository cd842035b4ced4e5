"""Ticket numbers: digits a caller can write down, the last one checks the others."""

from __future__ import annotations

FIRST = 1_000_000
"""Added to the counter, so that every number has eight digits for a long time."""

_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
"""A totally anti-symmetric quasigroup of order 10 (H. M. Damm, dissertation, Marburg 2004).

Unlike Luhn's, it also catches 09 written for 90.
"""


def number_of(counter: int) -> str:
    """The ticket number of a counter's value: seven digits or more, and a check digit."""
    body = str(FIRST + counter)
    return body + str(_interim(body))


def is_number(text: str) -> bool:
    """Whether this can be a ticket number: no wrong digit and no swap of neighbours passes."""
    return len(text) >= 8 and text.isascii() and text.isdigit() and _interim(text) == 0


def written(number: str) -> str:
    """The number as people read it back: groups of three, as the line speaks it."""
    return " ".join(number[start : start + 3] for start in range(0, len(number), 3))


def plain(text: str) -> str:
    """What somebody typed, without the spaces and hyphens of a written number."""
    return text.replace(" ", "").replace("-", "").replace("\N{NO-BREAK SPACE}", "")


def _interim(digits: str) -> int:
    """Damm's running digit; 0 after a whole number with its check digit."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim
