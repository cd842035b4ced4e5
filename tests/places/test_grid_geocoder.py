"""The demo city's places are whole, and a wrong file of them is named with what was expected."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.city import FOLDER, load_city
from config.toml_models import ConfigError
from places.geocoder import geocoder_of
from places.grid_geocoder import GridGeocoder, read_geocoder
from tests.config.copies import Change, changed_copy, swaps


@pytest.fixture(scope="module")
def chicago() -> GridGeocoder:
    return read_geocoder(FOLDER / "chicago")


def test_the_demo_city_is_whole(chicago: GridGeocoder) -> None:
    assert len(chicago.streets) == 2582
    assert len(chicago.districts) == 98


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
    chicago: GridGeocoder, north: float, east: float, lat: float, lon: float
) -> None:
    found = chicago.grid.point(north, east)
    assert abs(found[0] - lat) * 111_000 < 60
    assert abs(found[1] - lon) * 83_000 < 60


def test_the_first_three_miles_south_are_longer_in_numbers(chicago: GridGeocoder) -> None:
    miles = [chicago.grid.lat - chicago.grid.point(-n, 0)[0] for n in (1200, 2200, 3100, 3900)]
    assert miles == pytest.approx([chicago.grid.lat_per_mile * n for n in (1, 2, 3, 4)])


def test_a_point_lies_in_its_neighbourhood_or_in_none(chicago: GridGeocoder) -> None:
    assert chicago.district_at(41.7986, -87.5959) == "Hyde Park"
    assert chicago.district_at(41.9, -87.5) is None


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (
            "city.toml",
            swaps("places.grid_geocoder:read_geocoder", "places.sundial:read"),
            "geocoder: expected the path of a function",
        ),
        ("grid.toml", swaps('"36 W"', '"36 N"'), "expected a position like"),
        ("grid.toml", swaps('"en"', '"tlh"'), "no language 'tlh'"),
        ("grid.toml", swaps('"en"', '"ko"'), "ko/lexicon.toml: expected a table streets"),
        ("grid.toml", swaps("[[1200, 1]", '[["x", 1]'), "a list of pairs"),
        ("streets.csv", swaps("min_address", "least"), "expected a column min_address"),
        ("streets.csv", swaps(",1,1199", ",one,1199"), "line 2: expected address numbers"),
    ],
)
def test_a_wrong_file_is_named_with_what_was_expected(
    tmp_path: Path, file: str, change: Change, message: str
) -> None:
    home = changed_copy(FOLDER / "chicago", tmp_path, file, change)
    with pytest.raises(ConfigError, match=rf"{file}.*{message}|{message}"):
        geocoder_of(load_city("chicago", home))


def test_missing_and_broken_outlines_are_named(tmp_path: Path) -> None:
    home = tmp_path / "chicago"
    shutil.copytree(FOLDER / "chicago", home)
    (home / "districts.geojson.gz").write_bytes(b"not gzip")
    with pytest.raises(ConfigError, match=r"districts\.geojson\.gz: expected gzipped GeoJSON"):
        geocoder_of(load_city("chicago", home))
    (home / "districts.geojson.gz").unlink()
    with pytest.raises(ConfigError, match=r"districts\.geojson\.gz: expected this file"):
        geocoder_of(load_city("chicago", home))
