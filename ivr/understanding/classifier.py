"""Texts judged by how close they lie to examples, and by the letters they are made of. Pure.

Two views of a text are added up: its sentence vector beside those of the examples (a Gaussian
kernel), which hears what is meant, and its letter and word n-grams (a linear kernel, hashed),
which hears the words themselves. Both are kernel ridge regression; `fitting.py` finds the weights.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BUCKETS = 1 << 15
_WORD = re.compile(r"[\w']+")
_WORDS_LONG = (1, 2, 3)
_LETTERS_LONG = (2, 3, 4, 5)
_REMEMBERED = 4096


def plain(text: str) -> str:
    """Words as a recogniser writes them: lower case, nothing between them but spaces."""
    return " ".join(_WORD.findall(text.lower()))


@dataclass(frozen=True)
class Space:
    """Sentence vectors, standardised and turned to the directions in which examples differ most."""

    centre: Floats
    """(size of a vector,)"""
    directions: Floats
    """(size of a vector, dimensions)"""

    def place(self, vectors: Floats) -> Floats:
        """(texts, size of a vector) to (texts, dimensions)."""
        placed = (vectors - self.centre) @ self.directions
        return placed.astype(np.float32, copy=False)


@dataclass(frozen=True)
class Examples:
    """Placed examples and how much each speaks for each output."""

    placed: Floats
    """(examples, dimensions)"""
    weights: Floats
    """(examples, outputs)"""

    def outputs(self, placed: Floats) -> Floats:
        """(texts, dimensions) to (texts, outputs)."""
        found: Floats = closeness(placed, self.placed) @ self.weights
        return found


def closeness(some: Floats, others: Floats) -> Floats:
    """1 where two placed texts are the same, towards 0 where they are far apart: (some, others)."""
    squares = (some**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * some @ others.T
    close: Floats = np.exp(-np.maximum(squares, 0)).astype(np.float32)
    return close


def grams(text: str) -> tuple[NDArray[np.intp], Floats]:
    """The buckets of a text's n-grams and how much each counts; the counts have length 1."""
    found = [bucket for words in _runs(text.split()) for bucket in words]
    found += [bucket for word in text.split() for bucket in _letters(word)]
    buckets, times = np.unique(np.array(found, dtype=np.intp), return_counts=True)
    counts = 1 + np.log(times)
    return buckets, (counts / max(float(np.linalg.norm(counts)), 1e-9)).astype(np.float32)


def gram_rows(texts: Sequence[str]) -> Floats:
    """The n-grams of each text as a row: (texts, BUCKETS)."""
    rows = np.zeros((len(texts), BUCKETS), np.float32)
    for row, text in zip(rows, texts, strict=True):
        buckets, counts = grams(text)
        row[buckets] = counts
    return rows


def pieces(text: str, *, words: int, step: int) -> list[str]:
    """The text, or where it is longer than so many words, pieces of it that overlap."""
    every = text.split()
    starts = range(0, max(len(every) - words, 0) + step, step)
    return [" ".join(every[at : at + words]) for at in starts if every[at:]] or [text]


def _runs(words: list[str]) -> Iterator[list[int]]:
    for length in _WORDS_LONG:
        ends = range(length, len(words) + 1)
        yield [_bucket(" ".join(words[end - length : end]) + "\n") for end in ends]


@lru_cache(maxsize=_REMEMBERED)
def _letters(word: str) -> tuple[int, ...]:
    edged = f" {word} "
    return tuple(
        _bucket(edged[at : at + length])
        for length in _LETTERS_LONG
        for at in range(len(edged) - length + 1)
    )


def _bucket(gram: str) -> int:
    return zlib.crc32(gram.encode("utf-8", "replace")) % BUCKETS
