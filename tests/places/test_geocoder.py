"""Another city's geocoder stands behind the same interface: in words, typed, by keys, on a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from places.geocoder import Geocoder, geocoder_of
from places.in_words import street_by_keys
from places.typed import address_of, places_like
from tests import cities
from tests.places.harbour import HarbourGeocoder
from tickets.reports.draft import ReportDraft
from tickets.triage.routing import route

HARBOUR: Geocoder = HarbourGeocoder()
CITY = replace(cities.chicago(), geocoder="tests.places.harbour:read_harbour")


@pytest.mark.parametrize(
    ("said", "address", "district"),
    [
        ("three quay lane", "3 Quay Lane", "Old Harbour"),
        ("number three key lane", "3 Quay Lane", "Old Harbour"),
        ("twelve market road", "12 Market Road", "Hill"),
        ("quay and market", "Quay Lane and Market Road", "Old Harbour"),
        ("thirteen market road", "13 Market Road", None),
    ],
)
def test_places_in_words(said: str, address: str, district: str | None) -> None:
    found = HARBOUR.find(said, "en")
    assert (found.problem, found.address, found.district) == (None, address, district)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("twelve hundred north clark street", "no_street"),
        ("twelve quay lane", "no_such_number"),
        ("on the hill", "area_only"),
    ],
)
def test_what_this_city_does_not_have_is_not_found(said: str, problem: str) -> None:
    assert HARBOUR.find(said, "en").problem == problem


def test_typed_places_and_keys() -> None:
    assert [place.address for place in places_like(HARBOUR, "ma")] == ["Market Road"]
    door = address_of(HARBOUR, "12 market")
    assert door is not None
    assert (door.address, door.lat, door.district) == ("12 Market Road", 1.5, "Hill")
    assert [guess.address for guess in street_by_keys(HARBOUR, 12, "627")] == ["12 Market Road"]


def test_the_city_names_its_geocoder_and_it_is_read_once() -> None:
    assert isinstance(geocoder_of(CITY), HarbourGeocoder)
    assert geocoder_of(CITY) is geocoder_of(CITY)


def test_a_report_is_routed_to_the_district_it_knows() -> None:
    place = {"address": "12 Market Road", "lat": 1.5, "lon": 2.5, "score": 1.0}
    draft = ReportDraft("call:1", "voice", "en", category="pothole", place=place, confirmed=True)
    way = route(CITY, draft, filed_at=datetime(2026, 6, 1, tzinfo=UTC))
    assert way.place.district == "Hill"
