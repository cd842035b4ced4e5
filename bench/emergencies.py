"""Whether callers in danger are noticed, and how many others are: on texts that no pattern saw.

The anchor is a list of words as hotlines commonly have it: any of them anywhere is an emergency.
With --spoken the texts are said by a voice down a noisy line, and what was recognised is judged.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.spoken_emergencies import NoisyLine
from config.city import City, load_city
from config.settings import load_settings
from ivr.understanding.emergencies import Certainty, emergency

TEXTS = Path(__file__).parent / "texts" / "emergencies"
_WORDS = frozenset(
    "fire flames explosion unconscious collapsed bleeding overdose drowning trapped shooting gun "
    "knife stabbed robbed emergency suicide ambulance choking".split()
)
_Z = 1.96

Judge = Callable[[str], Certainty]
Said = Sequence[Sequence[str]]
"""The utterances of each caller."""


def main(arguments: Sequence[str] = ()) -> None:
    """Print the table, and with --misses the texts that were judged wrong."""
    parser = argparse.ArgumentParser(prog="bench emergencies")
    parser.add_argument("--lang", default="en")
    parser.add_argument("--misses", action="store_true", help="print what was judged wrong")
    parser.add_argument("--spoken", type=int, default=0, help="speak so many texts of each list")
    parser.add_argument("--noise", type=Path, help="folder of *.flac to mix in at 15 dB")
    given = parser.parse_args(arguments)
    city = load_city(load_settings().city)
    told, harmless = _lines("told.txt"), _lines("harmless.txt")
    judges: dict[str, Judge] = {
        "ours": lambda text: emergency(city, text, given.lang).certainty,
        "a list of words": _by_words,
    }
    print(_times(judges, told + harmless))
    if given.spoken:
        line = NoisyLine(given.lang, given.noise)
        _table(
            judges,
            line.heard(_spread(told, given.spoken)),
            line.heard(_spread(harmless, given.spoken)),
        )
    else:
        _table(judges, [[text] for text in told], [[text] for text in harmless])
    if given.misses:
        _print_misses(city, given.lang, told, harmless)


def _table(judges: Mapping[str, Judge], told: Said, harmless: Said) -> None:
    print("| judged by | told: at once | told: at once or asked | harmless: sent away | asked |")
    print("| --- | --- | --- | --- | --- |")
    for name, judge in judges.items():
        row = _row([_strongest(judge, t) for t in told], [_strongest(judge, t) for t in harmless])
        print(f"| {name} | {row} |")


def _strongest(judge: Judge, utterances: Sequence[str]) -> Certainty:
    """What a call does in the end: it listens to each utterance as it comes."""
    judged = {judge(text) for text in utterances}
    return next(
        (each for each in (Certainty.YES, Certainty.UNSURE) if each in judged), Certainty.NO
    )


def _times(judges: Mapping[str, Judge], texts: Sequence[str]) -> str:
    """CPU time of a text for each judge, and the ratio of ours to the anchor."""
    took = []
    for judge in judges.values():
        start = time.process_time()
        for text in texts:
            judge(text)
        took.append((time.process_time() - start) / len(texts) * 1000)
    ours, anchor = took
    return f"{ours:.1f} ms of CPU a text, the list of words {anchor:.4f}: {ours / anchor:.0f} times"


def _spread(texts: list[str], most: int) -> list[str]:
    """At most so many texts, evenly spread over the list; the same each time."""
    return [texts[at * len(texts) // most] for at in range(min(most, len(texts)))]


def _row(told: list[Certainty], harmless: list[Certainty]) -> str:
    yes, unsure = Certainty.YES, Certainty.UNSURE
    cells = (
        (told.count(yes), len(told)),
        (told.count(yes) + told.count(unsure), len(told)),
        (harmless.count(yes), len(harmless)),
        (harmless.count(unsure), len(harmless)),
    )
    return " | ".join(_share(part, whole) for part, whole in cells)


def _share(part: int, whole: int) -> str:
    """A share with its 95 % interval after Wilson."""
    share = part / whole
    middle = (share + _Z**2 / (2 * whole)) / (1 + _Z**2 / whole)
    half = math.sqrt(share * (1 - share) / whole + _Z**2 / (4 * whole**2)) * _Z
    half /= 1 + _Z**2 / whole
    return f"{share:.1%} ({max(0.0, middle - half):.1%}-{min(1.0, middle + half):.1%})"


def _by_words(text: str) -> Certainty:
    return Certainty.YES if _WORDS & set(text.split()) else Certainty.NO


def _print_misses(city: City, language: str, told: list[str], harmless: list[str]) -> None:
    for texts, wanted in ((told, Certainty.YES), (harmless, Certainty.NO)):
        for text in texts:
            found = emergency(city, text, language)
            if found.certainty is not wanted:
                print(f"{wanted} judged {found.certainty}: {text}")


def _lines(name: str) -> list[str]:
    return (TEXTS / name).read_text().splitlines()


if __name__ == "__main__":
    main()
