"""Numbers as the line says and writes them: "twelve oh four", "53rd". Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from config.language import lexicon
from config.lexicon import NumberWords


@lru_cache(maxsize=4096)
def house_in_words(number: int, language: str) -> str:
    """A house number as people say it: 1200 "twelve hundred"; digits where it has no words."""
    numbers = lexicon(language).numbers
    return _house(number, numbers, _names(language)) if numbers.are_said else str(number)


def ordinal(number: int, language: str) -> str:
    """A number with its ending: 53 is "53rd"."""
    numbers = lexicon(language).numbers
    by_tens = numbers.endings.get(number % 100)
    return f"{number}{by_tens or numbers.endings.get(number % 10, numbers.ending)}"


@lru_cache(maxsize=32)
def _names(language: str) -> Mapping[int, str]:
    numbers = lexicon(language).numbers
    every = {**numbers.units, **numbers.teens, **numbers.tens}
    return {value: word for word, value in every.items()}


def _house(number: int, numbers: NumberWords, names: Mapping[int, str]) -> str:
    if number < 100:
        return _below_hundred(number, names)
    thousands, rest = divmod(number, 1000)
    if rest == 0 and thousands < 100:
        return f"{_below_hundred(thousands, names)} {numbers.thousand}"
    if thousands % 10 == 0 and 0 < thousands < 100 and rest < 100:
        first = f"{_below_hundred(thousands, names)} {numbers.thousand}"
        return f"{first} {_below_hundred(rest, names)}"
    if number % 100 == 0 and number < 10_000:
        return f"{_below_hundred(number // 100, names)} {numbers.hundred}"
    head, tail = divmod(number, 100)
    first = _below_hundred(head, names) if head < 100 else _house(head, numbers, names)
    return f"{first} {_last_two(tail, numbers, names)}"


def _last_two(tail: int, numbers: NumberWords, names: Mapping[int, str]) -> str:
    if tail == 0:
        return numbers.hundred
    said = _below_hundred(tail, names)
    return f"{numbers.zeros[0]} {said}" if tail < 10 else said


def _below_hundred(number: int, names: Mapping[int, str]) -> str:
    if number in names:
        return names[number]
    tens, unit = divmod(number, 10)
    return f"{names[tens * 10]} {names[unit]}"
