"""Ticket numbers: what a slip of the pen turns them into is never another number."""

from __future__ import annotations

import pytest

from tickets.reports.numbers import is_number, number_of, plain, written

NUMBERS = [number_of(counter) for counter in (1, 2, 9, 10, 89, 90, 99, 4711, 90909, 8_999_999)]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_has_eight_digits_and_passes(number: str) -> None:
    assert len(number) == 8
    assert is_number(number)


@pytest.mark.parametrize("number", NUMBERS)
def test_no_single_wrong_digit_passes(number: str) -> None:
    for at in range(len(number)):
        for digit in "0123456789":
            if digit != number[at]:
                assert not is_number(number[:at] + digit + number[at + 1 :])


@pytest.mark.parametrize("number", NUMBERS)
def test_no_swap_of_neighbours_passes(number: str) -> None:
    for at in range(len(number) - 1):
        if number[at] != number[at + 1]:
            swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
            assert not is_number(swapped)


@pytest.mark.parametrize("text", ["", "0", "1234567", "1000001x", "١٠٠٠٠٠١٤", "-10000014"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert not is_number(text)


def test_numbers_differ_and_read_back_as_written() -> None:
    assert len({number_of(counter) for counter in range(1, 2000)}) == 1999
    assert plain(written(NUMBERS[0])) == NUMBERS[0]
    assert plain("100-000 17") == "10000017"
