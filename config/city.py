"""What a city decides, read from `config/city/<name>/` and checked: frozen, and pure to use.

Files: `city.toml`, `departments.toml`, `categories.toml`; where places are is read by
`places`. An error names file, key and what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import holidays

from config.tables import CityError, Table, read_table

__all__ = [
    "Category",
    "City",
    "CityError",
    "Clue",
    "Department",
    "EmergencyWords",
    "Hours",
    "Priority",
    "load_city",
]

FOLDER = Path(__file__).resolve().parent / "city"
UNITS = ("calendar", "working")


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
    emergencies: Mapping[str, EmergencyWords]
    sounds: Mapping[str, Mapping[str, str]]
    homophones: Mapping[str, Mapping[str, str]]
    geocoder: str
    """The function that reads where places are, as `places.grid_geocoder:read_geocoder`."""
    folder: Path

    @property
    def menu(self) -> tuple[Category, ...]:
        """The categories of the spoken list, in the order of their keys from 1."""
        listed = [category for category in self.categories if category.menu]
        return tuple(sorted(listed, key=lambda category: category.menu or 0))

    def category(self, code: str) -> Category:
        """The category of that code. Raises CityError."""
        return self._category_by_code.get(code) or _unknown("category", code, self.name)

    def department(self, code: str) -> Department:
        """The department of that code. Raises CityError."""
        return self._department_by_code.get(code) or _unknown("department", code, self.name)

    def priority(self, code: str) -> Priority:
        """The priority of that code. Raises CityError."""
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
    """Read the city called `name` from `config/city/`, or from `folder`. Raises CityError."""
    home = folder or FOLDER / name
    if not (home / "city.toml").is_file():
        known = ", ".join(sorted(file.parent.name for file in FOLDER.glob("*/city.toml")))
        raise CityError(
            f"no city {name!r}: expected a folder config/city/{name}/; there is {known}"
        )
    return _check(_read(name, home))


def _read(name: str, home: Path) -> City:
    table = read_table(home / "city.toml")
    languages = table.texts("languages")
    return City(
        name=name,
        title=table.text("name"),
        zone=table.zone("time_zone"),
        languages=languages,
        departments=tuple(
            _department(each) for each in read_table(home / "departments.toml").tables("department")
        ),
        categories=tuple(
            _category(each) for each in read_table(home / "categories.toml").tables("category")
        ),
        priorities=tuple(
            _priority(code, each) for code, each in table.table("priorities").children()
        ),
        hours=_hours(table.table("hours")),
        country=table.text("country"),
        subdivision=table.text("subdivision", ""),
        general_department=table.text("general_department"),
        emergencies={
            language: EmergencyWords(each.texts("words"), each.texts("unless"))
            for language, each in table.table("emergency").children()
        },
        sounds={language: each.text_map() for language, each in table.table("sounds").children()},
        homophones={
            language: each.text_map() for language, each in table.table("homophones").children()
        },
        geocoder=table.text("geocoder"),
        folder=home,
    )


def _department(table: Table) -> Department:
    return Department(table.text("code"), table.text("name"), table.table("spoken").text_map())


def _category(table: Table) -> Category:
    clues = {
        language: tuple(Clue(words, weight) for words, weight in each.number_map().items())
        for language, each in table.table("words").children()
    }
    return Category(
        code=table.text("code"),
        name=table.text("name"),
        department=table.text("department"),
        priority=table.text("priority"),
        names=table.table("spoken").text_map(),
        clues=clues,
        menu=int(table.number("menu")) if table.has("menu") else None,
    )


def _priority(code: str, table: Table) -> Priority:
    unit = table.text("unit")
    if unit not in UNITS:
        raise table.wrong("unit", "calendar or working")
    hours = table.number("days") * 24 if table.has("days") else table.number("hours")
    if hours <= 0:
        raise table.wrong("hours", "more than 0")
    return Priority(code, table.text("name"), hours, unit)


def _hours(table: Table) -> Hours:
    opens, closes = table.clock("opens"), table.clock("closes")
    weekdays = tuple(int(day) for day in table.numbers("weekdays"))
    if closes <= opens:
        raise table.wrong("closes", "a time after `opens`")
    if not weekdays or any(not 1 <= day <= 7 for day in weekdays):
        raise table.wrong("weekdays", "days from 1 (Monday) to 7")
    return Hours(opens, closes, weekdays)


def _check(city: City) -> City:
    """Refuse a city whose files do not fit together."""
    departments = {department.code for department in city.departments}
    priorities = {priority.code for priority in city.priorities}
    _no_doubles("categories.toml", [category.code for category in city.categories])
    _no_doubles("departments.toml", [department.code for department in city.departments])
    for category in city.categories:
        here = f"{city.name}/categories.toml: {category.code}"
        if category.department not in departments:
            raise CityError(f"{here}: department {category.department} is not in departments.toml")
        if category.priority not in priorities:
            raise CityError(f"{here}: priority {category.priority} is not in city.toml")
    if city.general_department not in departments:
        raise CityError(f"{city.name}/city.toml: general_department is not in departments.toml")
    if "ordinary" not in priorities:
        raise CityError(f"{city.name}/city.toml: expected a priority called ordinary")
    if [category.menu for category in city.menu] != list(range(1, len(city.menu) + 1)):
        raise CityError(f"{city.name}/categories.toml: menu must count 1, 2, 3 without a gap")
    for language in city.languages:
        if language not in city.emergencies:
            raise CityError(f"{city.name}/city.toml: expected emergency.{language}")
    return city


def _no_doubles(file: str, codes: list[str]) -> None:
    for code in codes:
        if codes.count(code) > 1:
            raise CityError(f"{file}: two entries have the code {code}")


def _unknown(kind: str, code: str, city: str) -> NoReturn:
    raise CityError(f"{city} has no {kind} {code}")
