"""The fixed list of human clips, their references, and how words are counted."""

from __future__ import annotations

import csv
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

CLIPS = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "speech"
_RESAMPLES = 1000


@dataclass(frozen=True)
class Clip:
    """One recording of a person and what they say, lower case, no punctuation."""

    path: Path
    seconds: float
    text: str


def clips(folder: Path = CLIPS) -> list[Clip]:
    """Every clip of a folder with a `refs.tsv`, longer than half a second."""
    with (folder / "refs.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        Clip(folder / row["file"], float(row["seconds"]), row["text"])
        for row in rows
        if float(row["seconds"]) >= 0.5 and (folder / row["file"]).exists()
    ]


def spread(chosen: list[Clip], most: int) -> list[Clip]:
    """At most `most` of the clips (0: all), evenly spread over the list; the same each time."""
    if not most or most >= len(chosen):
        return chosen
    return [chosen[at * len(chosen) // most] for at in range(most)]


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """Errors and words of one clip; hyphens and case do not count."""
    wanted = reference.lower().replace("-", " ").split()
    return Levenshtein.distance(wanted, heard.lower().split()), len(wanted)


def rate_with_interval(pairs: Sequence[tuple[int, int]]) -> tuple[float, float, float]:
    """Word error rate and its 95 % bootstrap interval over clips, in per cent."""
    errors, words = np.array(pairs).T
    draws = np.random.default_rng(311).integers(0, len(pairs), (_RESAMPLES, len(pairs)))
    rates = errors[draws].sum(axis=1) / words[draws].sum(axis=1)
    low, high = np.percentile(rates, [2.5, 97.5])
    return 100 * errors.sum() / words.sum(), 100 * float(low), 100 * float(high)


def machine() -> str:
    """What this was measured on, and how busy it was."""
    cores = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return f"{cores}, load {os.getloadavg()[0]:.1f}"
