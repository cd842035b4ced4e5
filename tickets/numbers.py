"""Ticket numbers: digits a caller can write down, the last one checks the others."""

from __future__ import annotations

FIRST = 1_000_000
"""Added to the counter, so that every number has eight digits for a long time."""


def number_of(counter: int) -> str:
    """The ticket number of a counter's value: seven digits or more, and a check digit."""
    body = str(FIRST + counter)
    return body + _check_digit(body)


def is_number(text: str) -> bool:
    """Whether this can be a ticket number: catches any one wrong digit and most swaps."""
    return (
        len(text) >= 8 and text.isdigit() and text.isascii() and _check_digit(text[:-1]) == text[-1]
    )


def _check_digit(body: str) -> str:
    """Luhn (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
