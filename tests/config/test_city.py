"""The demo city loads whole, and a wrong file is named with what was expected."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from config.city import FOLDER, City, load_city
from config.toml_models import ConfigError
from tests.config.copies import Change, changed_copy, swaps


@pytest.fixture(scope="module")
def chicago() -> City:
    return load_city("chicago")


def test_the_demo_city_is_whole(chicago: City) -> None:
    assert len(chicago.categories) >= 22
    assert [category.code for category in chicago.menu] == [
        category.code for category in chicago.categories[: len(chicago.menu)]
    ]
    assert chicago.hours.opens == time(8, 30)
    for category in chicago.categories:
        for language in chicago.languages:
            assert category.clues[language], category.code
            assert category.spoken_name(language) != category.name


def test_a_category_leads_to_its_department_and_grade(chicago: City) -> None:
    assert chicago.department_of("water_leak").code == "water"
    assert (chicago.priority_of("water_leak").hours, chicago.priority_of("water_leak").unit) == (
        24,
        "calendar",
    )
    assert chicago.priority_of("sidewalk").days == 15
    assert chicago.priority_of("sidewalk").unit == "working"
    for unknown in (None, "dragons"):
        assert chicago.department_of(unknown).code == "service_centre"
        assert chicago.priority_of(unknown).code == "ordinary"
    with pytest.raises(ConfigError, match="chicago has no category dragons"):
        chicago.category("dragons")


def test_working_days_know_weekends_and_public_holidays(chicago: City) -> None:
    assert chicago.is_working_day(date(2026, 11, 24))
    assert not chicago.is_working_day(date(2026, 11, 26))
    assert not chicago.is_working_day(date(2026, 11, 28))


def test_an_unknown_city_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no city 'gotham'.*there is chicago"):
        load_city("gotham")


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("city.toml", swaps("America/Chicago", "Mars/Base"), "time_zone: expected a time zone"),
        ("city.toml", swaps('"08:30"', '"half past"'), "hours.opens: expected a time of day"),
        ("city.toml", swaps('"17:00"', '"07:00"'), "closes: expected a time after"),
        ("city.toml", swaps('unit = "calendar"', 'unit = "moon"'), "calendar or working"),
        ("city.toml", swaps("name =", "nome ="), "name: expected a text, got nothing"),
        ("city.toml", swaps("[hours]", "[hours"), "not readable as TOML"),
        ("categories.toml", swaps("pothole = 4", 'pothole = "4"'), "expected a number"),
        ("categories.toml", swaps('= "streets"', '= "roads"'), "department roads is not in"),
        ("categories.toml", swaps('"ordinary"', '"soonish"'), "priority soonish is not in"),
        ("city.toml", swaps('"+13125550199"', '"nine"'), "emergency_number: expected a number"),
        ("city.toml", swaps('y = "sudden"', 'y = "soon"'), "emergency_priority is not among"),
        ("city.toml", swaps("hours = 2", "hours = 0"), "sudden.hours: expected more than 0"),
        ("city.toml", swaps("hours = 2", "hours = 2\ndays = 1"), "either hours or days"),
        (
            "city.toml",
            swaps("weekdays", "workdays"),
            "hours.weekdays: expected a list, got not",
        ),
        ("categories.toml", swaps("spoken =", "said ="), "category.pothole.spoken: expected a"),
        ("prompts.toml", swaps("title =", "titel ="), "en.title: expected a text, got nothing"),
        ("prompts.toml", lambda text: text.replace("[ko", "[xx"), "expected a table ko"),
        ("categories.toml", swaps("menu = 2", "menu = 12"), "menu must count 1, 2, 3"),
        ("categories.toml", swaps('"street_light"', '"pothole"'), "the code pothole"),
    ],
)
def test_a_wrong_file_is_named_with_what_was_expected(
    tmp_path: Path, file: str, change: Change, message: str
) -> None:
    home = changed_copy(FOLDER / "chicago", tmp_path, file, change)
    with pytest.raises(ConfigError, match=rf"{file}.*{message}|{message}"):
        load_city("chicago", home)
