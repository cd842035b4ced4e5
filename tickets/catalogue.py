"""The kinds of problem that a person picks from, with the words that find them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from config.city import City


@dataclass(frozen=True)
class Entry:
    """A kind of problem: its usual department by code and name, and what callers call it."""

    code: str
    name: str
    department: str
    department_name: str
    words: tuple[str, ...]


def catalogue(city: City) -> tuple[Entry, ...]:
    """Every category, in the order of the city's list."""
    language = city.languages[0]
    return tuple(
        Entry(
            code=category.code,
            name=category.name,
            department=category.department,
            department_name=city.department(category.department).name,
            words=(
                category.spoken_name(language),
                *(clue.words for clue in category.clues.get(language, ()) if clue.weight > 0),
            ),
        )
        for category in city.categories
    )
