"""Whether a problem gets its category: on texts of a writer whom no word was chosen for.

The anchor names the category whose own name shares most words with the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from config.city import City, load_city
from config.settings import load_settings
from ivr.understanding.category import category

TEXTS = Path(__file__).parent / "texts" / "categories"
_READ_BACK = 0.5
"""Least score that a call reads back (`ivr.dialogues.slot_filling`)."""
_NOTHING = "none"

Judge = Callable[[str], str | None]
"""The category that a text would be read back with; None asks the caller again."""


def main(_arguments: Sequence[str] = ()) -> None:
    """Print the table."""
    city = load_city(load_settings().city)
    rows = [line.split("\t") for line in (TEXTS / "unseen.tsv").read_text().splitlines()]
    reports = [(code, text) for code, text in rows if code != _NOTHING]
    nothing = [text for code, text in rows if code == _NOTHING]
    judges: dict[str, Judge] = {
        "ours": lambda text: _ours(city, text),
        "words of the name": lambda text: _by_name(city, text),
    }
    print("| judged by | right | wrong | asked again | no report, taken for one |")
    print("| --- | --- | --- | --- | --- |")
    for name, judge in judges.items():
        found = [(code, judge(text)) for code, text in reports]
        right = sum(code == given for code, given in found) / len(found)
        again = sum(given is None for _, given in found) / len(found)
        taken = sum(judge(text) is not None for text in nothing) / len(nothing)
        print(f"| {name} | {right:.1%} | {1 - right - again:.1%} | {again:.1%} | {taken:.1%} |")


def _ours(city: City, text: str) -> str | None:
    guess = category(city, text, "en")
    return guess.code if guess.score >= _READ_BACK else None


def _by_name(city: City, text: str) -> str | None:
    words = set(text.split())
    shared = {each.code: len(words & set(each.name.lower().split())) for each in city.categories}
    best = max(shared, key=lambda code: shared[code])
    return best if shared[best] else None


if __name__ == "__main__":
    main()
