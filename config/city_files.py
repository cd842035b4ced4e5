"""The TOML files of a city as they stand in its folder, checked key by key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, RootModel, model_validator

from config.language import Phrases
from config.toml_models import ConfigModel, Number, Text


def _clock(value: object) -> time:
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise ValueError('expected a time of day like "08:30"') from None


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError('expected a time zone like "Europe/Berlin"') from None
    return name


def _weekday(day: int) -> int:
    if not 1 <= day <= 7:
        raise ValueError("expected days from 1 (Monday) to 7")
    return day


def _dialled(number: str) -> str:
    if not re.fullmatch(r"\+?[0-9]{2,15}", number):
        raise ValueError('expected a number as it is dialled, like "112" or "+13125550199"')
    return number


Clock = Annotated[time, BeforeValidator(_clock)]
Zone = Annotated[Text, AfterValidator(_zone)]
Weekday = Annotated[int, AfterValidator(_weekday)]


class HoursTable(ConfigModel):
    """Working time."""

    opens: Clock
    closes: Clock
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> HoursTable:
        if self.closes <= self.opens:
            raise ValueError("closes: expected a time after `opens`")
        return self


class PriorityTable(ConfigModel):
    """A deadline: `hours`, or `days` of 24 hours, of calendar or working time."""

    name: Text
    hours: Annotated[Number, Field(gt=0)] | None = None
    days: Annotated[Number, Field(gt=0)] | None = None
    unit: Literal["calendar", "working"]

    @model_validator(mode="after")
    def _one_length(self) -> PriorityTable:
        if (self.hours is None) == (self.days is None):
            raise ValueError("expected either hours or days")
        return self

    @property
    def length_h(self) -> float:
        """The deadline in hours."""
        return self.hours if self.hours is not None else (self.days or 0) * 24


class EmergencyTable(ConfigModel):
    """Words that need a person at once, and harmless phrases that only look like them."""

    words: tuple[Text, ...]
    unless: tuple[Text, ...]


class CityFile(ConfigModel):
    """`city.toml`."""

    name: Text
    time_zone: Zone
    languages: Annotated[tuple[Text, ...], Field(min_length=1)]
    country: Text
    subdivision: str = ""
    geocoder: Text
    general_department: Text
    emergency_priority: Text
    emergency_number: Annotated[Text, AfterValidator(_dialled)]
    hours: HoursTable
    priorities: Mapping[str, PriorityTable]
    emergency: Mapping[str, EmergencyTable]
    sounds: Mapping[str, Mapping[str, Text]] = {}


class DepartmentTable(ConfigModel):
    """A part of the city that works on tickets."""

    code: Text
    name: Text
    spoken: Mapping[str, Text]


class DepartmentsFile(ConfigModel):
    """`departments.toml`."""

    department: Annotated[tuple[DepartmentTable, ...], Field(min_length=1)]


class CategoryTable(ConfigModel):
    """A kind of problem; `words` by language, each with its weight."""

    code: Text
    name: Text
    department: Text
    priority: Text
    spoken: Mapping[str, Text]
    words: Mapping[str, Mapping[str, Number]]
    menu: int | None = None


class CategoriesFile(ConfigModel):
    """`categories.toml`."""

    category: Annotated[tuple[CategoryTable, ...], Field(min_length=1)]


class OwnPrompts(ConfigModel):
    """What the city says of itself in one language."""

    title: Text
    """How it signs its messages."""
    say: Mapping[str, Phrases]
    """Its own prompts, the greeting above all."""


class PromptsFile(RootModel[Mapping[str, OwnPrompts]]):
    """`prompts.toml`: what the city says of itself, by language."""
