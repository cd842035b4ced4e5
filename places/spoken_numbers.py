"""Numbers as people say them: "twelve hundred", "one two oh four", "fifty third". Pure.

A recogniser writes words; here they become house numbers, ordinals and digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from config.language import lexicon
from places.number_words import NumberVocabulary, number_vocabulary

HIGHEST_NUMBERED_STREET = 199


@dataclass(frozen=True)
class Token:
    """A word of the caller, or a number they said: `house` cardinal, `ordinal` like 53rd."""

    word: str
    house: int | None = None
    ordinal: int | None = None


def tokens(words: list[str], language: str) -> list[Token]:
    """The words with every spoken number put together."""
    known = number_vocabulary(language)
    read: list[Token] = []
    at = 0
    while at < len(words):
        end = _run_end(known, words, at)
        if end == at:
            read.append(Token(words[at]))
            at += 1
            continue
        read.extend(_run(known, words[at:end]))
        at = end
    return read


def spoken_digits(text: str, language: str) -> str:
    """The digits that were said, in order: "one two oh four" is "1204". Empty if none."""
    digits = lexicon(language).digits
    if digits:
        return "".join(digits.get(letter, letter if letter.isdecimal() else "") for letter in text)
    known = number_vocabulary(language)
    words = re.findall(r"[a-z]+|\d+", text.lower())
    return "".join(_digits_of(known, token) for token in tokens(words, language))


def _digits_of(known: NumberVocabulary, token: Token) -> str:
    """The digits of a number as said: zeros in front are part of a code."""
    if token.house is None:
        return ""
    said = token.word.split()
    if any(word in known.sizes for word in said):
        return str(token.house)
    return "".join(_pieces(known, _spelled_out(known, said)))


def _fills_a_gap(known: NumberVocabulary, word: str, before: str, after: str) -> bool:
    """Whether a word that sounds like a digit stands where one must be."""
    behind_digit = known.is_digit(before) or before in known.teens
    if known.sound_alikes[word] in known.zeros:
        return (behind_digit or before in known.tens) and known.is_digit(after)
    if before in known.tens:
        return after in known.tens or after in known.teens or after in known.units
    return behind_digit and known.is_digit(after)


def _run_end(known: NumberVocabulary, words: list[str], start: int) -> int:
    """Where the run of number words that begins at `start` ends; `start` when none does."""
    at = start
    while at < len(words):
        before = words[at - 1] if at > start else ""
        after = words[at + 1] if at + 1 < len(words) else ""
        if not _is_inside(known, words[at], before, after):
            break
        at += 1
        if known.is_ordinal(words[at - 1]):
            break
    return at


def _is_inside(known: NumberVocabulary, word: str, before: str, after: str) -> bool:
    """Whether a word belongs to a number, with what stands before it there and after it."""
    return (
        known.is_number(word)
        or (word in known.zeros and _is_zero_here(known, before, after))
        or (word in known.sound_alikes and _fills_a_gap(known, word, before, after))
        or (word in known.joining and before in known.sizes and known.is_number(after))
        or (word in known.single and after in known.sizes)
        or (word in known.repeats and known.is_digit(after))
    )


def _is_zero_here(known: NumberVocabulary, before: str, after: str) -> bool:
    behind = known.is_number(before) or before in known.zeros or before in known.repeats
    return behind or known.is_digit(after)


def _run(known: NumberVocabulary, words: list[str]) -> list[Token]:
    """One run as a house number, an ordinal, or both ("twelve oh four fifty third")."""
    plain = _spelled_out(known, words)
    if not plain:
        return _as_words(words)
    tail = _ordinal_tail(known, plain)
    if tail is None:
        value = _cardinal(known, plain)
        return [Token(" ".join(words), house=value)] if value is not None else _as_words(words)
    length, number = tail
    rest = plain[: len(plain) - length]
    value = _cardinal(known, rest) if rest else None
    head = [Token(" ".join(rest), house=value)] if value is not None else []
    return [*head, Token(" ".join(plain[-length:]), ordinal=number)]


def _as_words(words: list[str]) -> list[Token]:
    return [Token(word) for word in words]


def _spelled_out(known: NumberVocabulary, words: list[str]) -> list[str]:
    """Sound-alikes as digits, "double four" as two fours, without "and"."""
    plain: list[str] = []
    repeat = 1
    for word in words:
        if word in known.repeats:
            repeat = known.repeats[word]
            continue
        if word in known.joining:
            continue
        plain.extend([known.single.get(word, known.sound_alikes.get(word, word))] * repeat)
        repeat = 1
    return plain


def _ordinal_tail(known: NumberVocabulary, words: list[str]) -> tuple[int, int] | None:
    """How many words at the end are an ordinal, and its value."""
    written = known.written_ordinal.fullmatch(words[-1])
    if written:
        return 1, int(written[1][:6])
    if words[-1] not in known.ordinals:
        return None
    number, length = known.ordinals[words[-1]], 1
    before = words[:-1]
    if number < 10 and before and before[-1] in known.tens:
        number, length = number + known.tens[before[-1]], 2
    hundred = _hundred_before(known, words[: len(words) - length], number)
    if hundred:
        return length + hundred, 100 + number
    return (length, number) if number <= HIGHEST_NUMBERED_STREET else None


def _hundred_before(known: NumberVocabulary, words: list[str], number: int) -> int:
    """How many words at the end mean the hundred of an ordinal: "one hundred", "one oh"."""
    if not words:
        return 0
    of_one = [known.units.get(word) == 1 for word in words]
    if known.sizes.get(words[-1]) == 100 and (len(words) == 1 or of_one[-2]):
        return min(len(words), 2)
    if len(words) > 1 and of_one[-2] and known.is_zero(words[-1]) and number < 10:
        return 2
    return 1 if of_one == [True] and 10 <= number < 100 else 0


def _cardinal(known: NumberVocabulary, words: list[str]) -> int | None:
    """A cardinal: by hundreds and thousands, or by pieces put side by side."""
    if not words or len(words) > 12:
        return None
    if any(word in known.sizes for word in words):
        return _by_size(known, words)
    joined = "".join(_pieces(known, words))
    return int(joined) if joined.isdecimal() and len(joined) <= 12 else None


def _pieces(known: NumberVocabulary, words: list[str]) -> list[str]:
    pieces: list[str] = []
    tens = False
    for word in words:
        if word in known.tens:
            pieces.append(str(known.tens[word]))
        elif word in known.units and tens and known.units[word]:
            pieces[-1] = str(int(pieces[-1]) + known.units[word])
        elif word in known.units:
            pieces.append(str(known.units[word]))
        elif word in known.teens:
            pieces.append(str(known.teens[word]))
        else:
            pieces.append("0" if word in known.zeros else word)
        tens = word in known.tens
    return pieces


def _by_size(known: NumberVocabulary, words: list[str]) -> int | None:
    """ "four thousand fifty one", "fifty three hundred", "two thousand one hundred"."""
    total = 0
    current: list[str] = []
    for word in words:
        if word not in known.sizes:
            current.append(word)
            continue
        head = _cardinal(known, current) if current else 1
        if head is None or head >= 1000:
            return None
        total, current = total + head * known.sizes[word], []
    tail = _cardinal(known, current) if current else 0
    if tail is None or tail >= 100_000:
        return None
    return total + tail
