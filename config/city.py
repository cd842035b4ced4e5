"""What a city decides, read from `config/city/<name>/` and checked: frozen, and pure to use.

Files: `city.toml`, `departments.toml`, `categories.toml`, `prompts.toml`; where places are is
read by `places`. An error names file, key and what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import holidays

from config.city_files import (
    CategoriesFile,
    CategoryTable,
    CityFile,
    DepartmentsFile,
    OwnPrompts,
    PromptsFile,
)
from config.toml_models import ConfigError, read_model

FOLDER = Path(__file__).resolve().parent / "city"


@dataclass(frozen=True)
class Department:
    """A part of the city that works on tickets."""

    code: str
    name: str
    names: Mapping[str, str]

    def spoken_name(self, language: str) -> str:
        """How the line says it."""
        return self.names.get(language, self.name)


@dataclass(frozen=True)
class Priority:
    """An urgency and its deadline: `hours` of calendar time, or `days` of working days."""

    code: str
    name: str
    hours: float
    unit: str
    """`calendar`: every hour counts. `working`: 24 `hours` stand for one working day."""

    @property
    def days(self) -> float:
        """The deadline in days of 24 hours, or in working days."""
        return self.hours / 24


@dataclass(frozen=True)
class Clue:
    """Words that speak for a category (or against it: negative weight). `*` is a gap."""

    words: str
    weight: float


@dataclass(frozen=True)
class Category:
    """A kind of problem: who does it, how soon, how it is named, what callers call it."""

    code: str
    name: str
    department: str
    priority: str
    names: Mapping[str, str]
    clues: Mapping[str, tuple[Clue, ...]]
    menu: int | None

    def spoken_name(self, language: str) -> str:
        """How the line says it: "a pothole in the road"."""
        return self.names.get(language, self.name)


@dataclass(frozen=True)
class Hours:
    """Working time, in the city's time zone. Monday is 1."""

    opens: time
    closes: time
    weekdays: tuple[int, ...]


@dataclass(frozen=True)
class EmergencyWords:
    """Words that need a person at once, and harmless phrases that only look like them."""

    words: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class City:
    """Everything one city decides. Compared by identity, so it can key a cache."""

    name: str
    title: str
    zone: ZoneInfo
    languages: tuple[str, ...]
    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    priorities: tuple[Priority, ...]
    hours: Hours
    country: str
    subdivision: str
    general_department: str
    emergency_priority: str
    """Code of the priority of whatever tells of somebody in danger."""
    emergency_number: str
    """What the line dials to join a caller in danger to the emergency service."""
    emergencies: Mapping[str, EmergencyWords]
    sounds: Mapping[str, Mapping[str, str]]
    """By language: what the recogniser writes for words that only this city needs."""
    geocoder: str
    """The function that reads where places are, as `places.grid_geocoder:read_geocoder`."""
    folder: Path

    @property
    def menu(self) -> tuple[Category, ...]:
        """The categories of the spoken list, in the order of their keys from 1."""
        listed = [category for category in self.categories if category.menu]
        return tuple(sorted(listed, key=lambda category: category.menu or 0))

    def category(self, code: str) -> Category:
        """The category of that code. Raises ConfigError."""
        return self._category_by_code.get(code) or _unknown("category", code, self.name)

    def department(self, code: str) -> Department:
        """The department of that code. Raises ConfigError."""
        return self._department_by_code.get(code) or _unknown("department", code, self.name)

    def priority(self, code: str) -> Priority:
        """The priority of that code. Raises ConfigError."""
        return self._priority_by_code.get(code) or _unknown("priority", code, self.name)

    def department_of(self, category: str | None) -> Department:
        """Who does this category of work; the general department for None or an unknown code."""
        known = self._category_by_code.get(category or "")
        return self.department(known.department if known else self.general_department)

    def priority_of(self, category: str | None) -> Priority:
        """The urgency of a category; that of an ordinary matter for None or an unknown code."""
        known = self._category_by_code.get(category or "")
        return self.priority(known.priority if known else "ordinary")

    def is_working_day(self, day: date) -> bool:
        """Whether the city works that day: a weekday of `hours` that is no public holiday."""
        return day.isoweekday() in self.hours.weekdays and day not in self._holidays

    @cached_property
    def _holidays(self) -> holidays.HolidayBase:
        return holidays.country_holidays(self.country, subdiv=self.subdivision or None)

    @cached_property
    def _category_by_code(self) -> dict[str, Category]:
        return {category.code: category for category in self.categories}

    @cached_property
    def _department_by_code(self) -> dict[str, Department]:
        return {department.code: department for department in self.departments}

    @cached_property
    def _priority_by_code(self) -> dict[str, Priority]:
        return {priority.code: priority for priority in self.priorities}


def load_city(name: str, folder: Path | None = None) -> City:
    """Read the city called `name` from `config/city/`, or from `folder`. Raises ConfigError."""
    home = folder or FOLDER / name
    if not (home / "city.toml").is_file():
        known = ", ".join(sorted(file.parent.name for file in FOLDER.glob("*/city.toml")))
        raise ConfigError(
            f"no city {name!r}: expected a folder config/city/{name}/; there is {known}"
        )
    return _check(_read(name, home))


def own_prompts(name: str, language: str, folder: Path | None = None) -> OwnPrompts:
    """What the city says of itself in that language. Raises ConfigError."""
    found = _own_prompts((folder or FOLDER / name) / "prompts.toml")
    if language not in found:
        raise ConfigError(f"{name}/prompts.toml: expected a table {language}")
    return found[language]


@lru_cache(maxsize=8)
def _own_prompts(file: Path) -> Mapping[str, OwnPrompts]:
    return read_model(file, PromptsFile).root


def _read(name: str, home: Path) -> City:
    own = read_model(home / "city.toml", CityFile)
    departments = read_model(home / "departments.toml", DepartmentsFile).department
    categories = read_model(home / "categories.toml", CategoriesFile).category
    return City(
        name=name,
        title=own.name,
        zone=ZoneInfo(own.time_zone),
        languages=own.languages,
        departments=tuple(Department(one.code, one.name, one.spoken) for one in departments),
        categories=tuple(_category(one) for one in categories),
        priorities=tuple(
            Priority(code, one.name, one.length_h, one.unit) for code, one in own.priorities.items()
        ),
        hours=Hours(own.hours.opens, own.hours.closes, own.hours.weekdays),
        country=own.country,
        subdivision=own.subdivision,
        general_department=own.general_department,
        emergency_priority=own.emergency_priority,
        emergency_number=own.emergency_number,
        emergencies={
            language: EmergencyWords(one.words, one.unless)
            for language, one in own.emergency.items()
        },
        sounds=own.sounds,
        geocoder=own.geocoder,
        folder=home,
    )


def _category(table: CategoryTable) -> Category:
    clues = {
        language: tuple(Clue(words, weight) for words, weight in weighed.items())
        for language, weighed in table.words.items()
    }
    return Category(
        code=table.code,
        name=table.name,
        department=table.department,
        priority=table.priority,
        names=table.spoken,
        clues=clues,
        menu=table.menu,
    )


def _check(city: City) -> City:
    """Refuse a city whose files do not fit together."""
    departments = {department.code for department in city.departments}
    priorities = {priority.code for priority in city.priorities}
    _no_doubles("categories.toml", [category.code for category in city.categories])
    _no_doubles("departments.toml", [department.code for department in city.departments])
    for category in city.categories:
        here = f"{city.name}/categories.toml: {category.code}"
        if category.department not in departments:
            raise ConfigError(
                f"{here}: department {category.department} is not in departments.toml"
            )
        if category.priority not in priorities:
            raise ConfigError(f"{here}: priority {category.priority} is not in city.toml")
    if city.general_department not in departments:
        raise ConfigError(f"{city.name}/city.toml: general_department is not in departments.toml")
    for language in city.languages:
        own_prompts(city.name, language, city.folder)
    if city.emergency_priority not in priorities:
        raise ConfigError(f"{city.name}/city.toml: emergency_priority is not among the priorities")
    if "ordinary" not in priorities:
        raise ConfigError(f"{city.name}/city.toml: expected a priority called ordinary")
    if [category.menu for category in city.menu] != list(range(1, len(city.menu) + 1)):
        raise ConfigError(f"{city.name}/categories.toml: menu must count 1, 2, 3 without a gap")
    for language in city.languages:
        if language not in city.emergencies:
            raise ConfigError(f"{city.name}/city.toml: expected emergency.{language}")
    return city


def _no_doubles(file: str, codes: list[str]) -> None:
    for code in codes:
        if codes.count(code) > 1:
            raise ConfigError(f"{file}: two entries have the code {code}")


def _unknown(kind: str, code: str, city: str) -> NoReturn:
    raise ConfigError(f"{city} has no {kind} {code}")
