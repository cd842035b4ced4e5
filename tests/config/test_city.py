"""The demo city loads whole, and a wrong file is named with what was expected."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from config.city import FOLDER, City, CityError, load_city


@pytest.fixture(scope="module")
def chicago() -> City:
    return load_city("chicago")


def test_the_demo_city_is_whole(chicago: City) -> None:
    assert len(chicago.streets) == 2582
    assert len(chicago.districts) == 98
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
    assert (chicago.grade_of("water_leak").hours, chicago.grade_of("water_leak").unit) == (
        24,
        "calendar",
    )
    assert chicago.grade_of("sidewalk").days == 15
    assert chicago.grade_of("sidewalk").unit == "working"
    for unknown in (None, "dragons"):
        assert chicago.department_of(unknown).code == "service_centre"
        assert chicago.grade_of(unknown).code == "ordinary"
    with pytest.raises(CityError, match="chicago has no category dragons"):
        chicago.category("dragons")


def test_working_days_know_weekends_and_public_holidays(chicago: City) -> None:
    assert chicago.is_working_day(date(2026, 11, 24))
    assert not chicago.is_working_day(date(2026, 11, 26))
    assert not chicago.is_working_day(date(2026, 11, 28))


@pytest.mark.parametrize(
    ("north", "east", "lat", "lon"),
    [
        (0, 0, 41.8819, -87.6278),
        (3600, -3100, 41.94665, -87.70537),
        (6400, -2432, 41.99771, -87.6911),
        (0, -1100, 41.88167, -87.65436),
        (1600, -3100, 41.91015, -87.70451),
    ],
)
def test_the_grid_finds_known_crossings_within_sixty_metres(
    chicago: City, north: float, east: float, lat: float, lon: float
) -> None:
    found = chicago.grid.point(north, east)
    assert abs(found[0] - lat) * 111_000 < 60
    assert abs(found[1] - lon) * 83_000 < 60


def test_the_first_three_miles_south_are_longer_in_numbers(chicago: City) -> None:
    miles = [chicago.grid.lat - chicago.grid.point(-n, 0)[0] for n in (1200, 2200, 3100, 3900)]
    assert miles == pytest.approx([chicago.grid.lat_per_mile * n for n in (1, 2, 3, 4)])


def test_a_point_lies_in_its_neighbourhood_or_in_none(chicago: City) -> None:
    assert (found := chicago.district_at(41.7986, -87.5959)) and found.name == "Hyde Park"
    assert chicago.district_at(41.9, -87.5) is None


def test_an_unknown_city_is_named() -> None:
    with pytest.raises(CityError, match=r"no city 'gotham'.*there is chicago"):
        load_city("gotham")


def _replace(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("city.toml", _replace("America/Chicago", "Mars/Base"), "time_zone: expected a time zone"),
        ("city.toml", _replace('"08:30"', '"half past"'), "hours: opens: expected a time of day"),
        ("city.toml", _replace('"17:00"', '"07:00"'), "closes: expected a time after"),
        ("city.toml", _replace('unit = "calendar"', 'unit = "moon"'), "calendar or working"),
        ("city.toml", _replace("name =", "nome ="), "name: expected a text, got nothing"),
        ("city.toml", _replace("[hours]", "[hours"), "not readable as TOML"),
        ("categories.toml", _replace("pothole = 4", 'pothole = "4"'), "expected a number"),
        ("categories.toml", _replace('= "streets"', '= "roads"'), "department roads is not in"),
        ("categories.toml", _replace('"ordinary"', '"soonish"'), "grade soonish is not in"),
        ("categories.toml", _replace("menu = 2", "menu = 12"), "menu must count 1, 2, 3"),
        ("categories.toml", _replace('"street_light"', '"pothole"'), "the code pothole"),
        ("grid.toml", _replace('"36 W"', '"36 N"'), "expected a position like"),
        ("grid.toml", _replace("[[1200, 1]", '[["x", 1]'), "a list of pairs"),
        ("streets.csv", _replace("min_address", "least"), "expected a column min_address"),
        ("streets.csv", _replace(",1,1199", ",one,1199"), "line 2: expected address numbers"),
    ],
)
def test_a_wrong_file_is_named_with_what_was_expected(
    tmp_path: Path, file: str, change: Callable[[str], str], message: str
) -> None:
    home = tmp_path / "chicago"
    shutil.copytree(FOLDER / "chicago", home)
    text = (home / file).read_text()
    assert change(text) != text
    (home / file).write_text(change(text))
    with pytest.raises(CityError, match=rf"{file}.*{message}|{message}"):
        load_city("chicago", home)


def test_missing_and_broken_outlines_are_named(tmp_path: Path) -> None:
    home = tmp_path / "chicago"
    shutil.copytree(FOLDER / "chicago", home)
    (home / "districts.geojson.gz").write_bytes(b"not gzip")
    with pytest.raises(CityError, match=r"districts\.geojson\.gz: expected gzipped GeoJSON"):
        load_city("chicago", home)
    (home / "districts.geojson.gz").unlink()
    with pytest.raises(CityError, match=r"districts\.geojson\.gz: expected this file"):
        load_city("chicago", home)
