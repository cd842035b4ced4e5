"""Numbers as people say them: "twelve hundred", "one two oh four", "fifty third". Pure.

A recogniser writes words; here they become house numbers, ordinals and digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from config.language import lexicon

_UNITS = dict(
    zip("zero one two three four five six seven eight nine".split(), range(10), strict=True)
)
_TEENS = dict(
    zip(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
        range(10, 20),
        strict=True,
    )
)
_TENS = dict(
    zip(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),
        range(20, 100, 10),
        strict=True,
    )
)
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50,
    "sixtieth": 60, "seventieth": 70, "eightieth": 80, "ninetieth": 90, "hundredth": 100,
}  # fmt: skip
_OH = frozenset({"oh", "o"})
_SOUNDS_LIKE_DIGIT = {
    "to": "two", "too": "two", "for": "four", "won": "one", "ate": "eight", "or": "oh", "all": "oh",
    "no": "oh", "know": "oh", "of": "oh",
}  # fmt: skip
"""Heard inside a number: between two digits, or after "twenty" and before more of the number."""
_REPEATS = {"double": 2, "triple": 3}
_WRITTEN_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_HIGHEST_NUMBERED_STREET = 199


@dataclass(frozen=True)
class Token:
    """A word of the caller, or a number they said: `house` cardinal, `ordinal` like 53rd."""

    word: str
    house: int | None = None
    ordinal: int | None = None


def tokens(words: list[str]) -> list[Token]:
    """The words with every spoken number put together."""
    read: list[Token] = []
    at = 0
    while at < len(words):
        end = _run_end(words, at)
        if end == at:
            read.append(Token(words[at]))
            at += 1
            continue
        read.extend(_run(words[at:end]))
        at = end
    return read


def spoken_digits(text: str, language: str) -> str:
    """The digits that were said, in order: "one two oh four" is "1204". Empty if none."""
    digits = lexicon(language).digits
    if digits:
        return "".join(digits.get(letter, letter if letter.isdecimal() else "") for letter in text)
    words = re.findall(r"[a-z]+|\d+", text.lower())
    return "".join(_digits_of(token) for token in tokens(words))


def house_in_words(number: int) -> str:
    """A house number as people say it: 1200 "twelve hundred", 4250 "forty two fifty"."""
    digits = str(number)
    if number < 100:
        return _below_hundred(number)
    thousands, rest = divmod(number, 1000)
    if rest == 0 and thousands < 100:
        return f"{_below_hundred(thousands)} thousand"
    if thousands % 10 == 0 and 0 < thousands < 100 and rest < 100:
        return f"{_below_hundred(thousands)} thousand {_below_hundred(rest)}"
    if number % 100 == 0 and number < 10_000:
        return f"{_below_hundred(number // 100)} hundred"
    head, tail = digits[:-2], int(digits[-2:])
    last = f"oh {_below_hundred(tail)}" if tail < 10 else _below_hundred(tail)
    if tail == 0:
        last = "hundred"
    first = _below_hundred(int(head)) if int(head) < 100 else house_in_words(int(head))
    return f"{first} {last}"


def ordinal(number: int) -> str:
    """A number with its ending: 53 is "53rd"."""
    last = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{last or 'th'}"


def _below_hundred(number: int) -> str:
    for names in (_UNITS, _TEENS, _TENS):
        for name, value in names.items():
            if value == number:
                return name
    tens, unit = divmod(number, 10)
    return f"{_below_hundred(tens * 10)} {_below_hundred(unit)}"


def _digits_of(token: Token) -> str:
    """The digits of a number as said: zeros in front are part of a code."""
    if token.house is None:
        return ""
    said = token.word.split()
    if "hundred" in said or "thousand" in said:
        return str(token.house)
    return "".join(_pieces(_spelled_out(said)))


def _is_number(word: str) -> bool:
    return (
        word in _UNITS
        or word in _TEENS
        or word in _TENS
        or word in _ORDINALS
        or word in ("hundred", "thousand")
        or word.isdecimal()
        or bool(_WRITTEN_ORDINAL.fullmatch(word))
    )


def _is_single(word: str) -> bool:
    return word in _UNITS or word in _OH


def _fills_a_gap(word: str, before: str, after: str) -> bool:
    """Whether a word that sounds like a digit stands where one must be."""
    if _SOUNDS_LIKE_DIGIT[word] == "oh":
        return (_is_single(before) or before in _TEENS or before in _TENS) and _is_single(after)
    if before in _TENS:
        return after in _TENS or after in _TEENS or after in _UNITS
    return (_is_single(before) or before in _TEENS) and _is_single(after)


def _run_end(words: list[str], start: int) -> int:
    """Where the run of number words that begins at `start` ends; `start` when none does."""
    at = start
    while at < len(words):
        word = words[at]
        before = words[at - 1] if at > start else ""
        after = words[at + 1] if at + 1 < len(words) else ""
        inside = (
            _is_number(word)
            or (
                word in _OH
                and (_is_number(before) or before in {*_OH, *_REPEATS} or _is_single(after))
            )
            or (word in _SOUNDS_LIKE_DIGIT and _fills_a_gap(word, before, after))
            or (word == "and" and before in ("hundred", "thousand") and _is_number(after))
            or (word == "a" and after in ("hundred", "thousand"))
            or (word in _REPEATS and _is_single(after))
        )
        if not inside:
            break
        at += 1
        if word in _ORDINALS or _WRITTEN_ORDINAL.fullmatch(word):
            break
    return at


def _run(words: list[str]) -> list[Token]:
    """One run as a house number, an ordinal, or both ("twelve oh four fifty third")."""
    plain = _spelled_out(words)
    if not plain:
        return _as_words(words)
    tail = _ordinal_tail(plain)
    if tail is None:
        value = _cardinal(plain)
        return [Token(" ".join(words), house=value)] if value is not None else _as_words(words)
    length, number = tail
    rest = plain[: len(plain) - length]
    value = _cardinal(rest) if rest else None
    head = [Token(" ".join(rest), house=value)] if value is not None else []
    return [*head, Token(" ".join(plain[-length:]), ordinal=number)]


def _as_words(words: list[str]) -> list[Token]:
    return [Token(word) for word in words]


def _spelled_out(words: list[str]) -> list[str]:
    """Sound-alikes as digits, "double four" as two fours, without "and"."""
    plain: list[str] = []
    repeat = 1
    for word in words:
        if word in _REPEATS:
            repeat = _REPEATS[word]
            continue
        if word == "and":
            continue
        plain.extend([{"a": "one"}.get(word, _SOUNDS_LIKE_DIGIT.get(word, word))] * repeat)
        repeat = 1
    return plain


def _ordinal_tail(words: list[str]) -> tuple[int, int] | None:
    """How many words at the end are an ordinal, and its value."""
    written = _WRITTEN_ORDINAL.fullmatch(words[-1])
    if written:
        return 1, int(written[1][:6])
    if words[-1] not in _ORDINALS:
        return None
    number, length = _ORDINALS[words[-1]], 1
    before = words[:-1]
    if number < 10 and before and before[-1] in _TENS:
        number, length = number + _TENS[before[-1]], 2
    rest = words[: len(words) - length]
    if rest and rest[-1] == "hundred" and rest[-2:-1] in (["one"], []):
        return length + len(rest[-2:]), 100 + number
    if rest[-2:] in (["one", "oh"], ["one", "o"], ["one", "zero"]) and number < 10:
        return length + 2, 100 + number
    if rest == ["one"] and 10 <= number < 100:
        return length + 1, 100 + number
    return (length, number) if number <= _HIGHEST_NUMBERED_STREET else None


def _cardinal(words: list[str]) -> int | None:
    """A cardinal: by hundreds and thousands, or by pieces put side by side."""
    if not words or len(words) > 12:
        return None
    if "hundred" in words or "thousand" in words:
        return _by_size(words)
    joined = "".join(_pieces(words))
    return int(joined) if joined.isdecimal() and len(joined) <= 12 else None


def _pieces(words: list[str]) -> list[str]:
    pieces: list[str] = []
    tens = False
    for word in words:
        if word in _TENS:
            pieces.append(str(_TENS[word]))
        elif word in _UNITS and tens and _UNITS[word]:
            pieces[-1] = str(int(pieces[-1]) + _UNITS[word])
        elif word in _UNITS:
            pieces.append(str(_UNITS[word]))
        elif word in _TEENS:
            pieces.append(str(_TEENS[word]))
        else:
            pieces.append("0" if word in _OH else word)
        tens = word in _TENS
    return pieces


def _by_size(words: list[str]) -> int | None:
    """ "four thousand fifty one", "fifty three hundred", "two thousand one hundred"."""
    total, current = 0, ""
    for word in words:
        if word not in ("hundred", "thousand"):
            current += " " + word
            continue
        head = _cardinal(current.split()) if current.strip() else 1
        if head is None or head >= 1000:
            return None
        total, current = total + head * (100 if word == "hundred" else 1000), ""
    tail = _cardinal(current.split()) if current.strip() else 0
    if tail is None or tail >= 100_000:
        return None
    return total + tail
