"""Where a report goes, and when a person has to look first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from config.city import City
from places.geocoder import geocoder_of
from places.typed import address_of, addresses_like
from tests.tickets.conftest import PLACE
from tickets.reports.draft import ReportDraft
from tickets.triage.routing import TRIAGE_REASONS, Route, route

FILED = datetime(2026, 6, 1, 15, tzinfo=UTC)


def routed(city: City, **changes: Any) -> Route:
    """The route of a clear report, with changes."""
    values: dict[str, Any] = {
        "source": "voice",
        "category": "pothole",
        "category_score": 0.9,
        "place": PLACE,
        "place_text": "twelve hundred north clark",
        "confirmed": True,
    }
    return route(
        city, ReportDraft(source_key="call:1", language="en", **(values | changes)), filed_at=FILED
    )


def test_a_clear_report_goes_straight_to_its_department(city: City) -> None:
    way = routed(city)
    assert way.triage_reasons == ()
    assert way.department == "streets"
    assert way.priority == "ordinary"
    assert way.place.address == "1200 North Clark Street"
    assert way.place.district == "Gold Coast"
    assert (way.deadline_at - FILED).days == 7


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"category": None}, ("no_category",)),
        ({"category": "unicorn"}, ("unknown_category",)),
        ({"category_score": 0.1}, ()),
        ({"category_score": 0.1, "confirmed": False}, ("uncertain_category",)),
        ({"category_score": None, "confirmed": False}, ("uncertain_category",)),
        ({"place": None}, ("uncertain_place",)),
        ({"place": None, "place_text": ""}, ("no_place",)),
        ({"place": {**PLACE, "score": 0.2}}, ()),
        ({"place": {**PLACE, "score": 0.2}, "confirmed": False}, ("uncertain_place",)),
        ({"place": {**PLACE, "problem": "area_only"}}, ("uncertain_place",)),
        ({"place": {**PLACE, "district": None, "lat": None}}, ("no_district",)),
        ({"source": "message"}, ("message",)),
        (
            {"source": "cut_off", "category": None, "place": None, "place_text": ""},
            ("cut_off", "no_category", "no_place"),
        ),
        ({"source": "agent", "category_score": 1.0}, ()),
    ],
)
def test_what_is_uncertain_waits_for_a_person(
    city: City, changes: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    assert routed(city, **changes).triage_reasons == reasons
    assert set(reasons) <= set(TRIAGE_REASONS)


def test_a_point_without_a_district_finds_its_own(city: City) -> None:
    way = routed(city, place={**PLACE, "district": None})
    assert way.place.district is not None
    assert way.triage_reasons == ()


@pytest.mark.parametrize("category", [None, "unicorn"])
def test_what_no_department_is_known_for_goes_to_the_general_one(
    city: City, category: str | None
) -> None:
    assert routed(city, category=category).department == city.general_department


def test_every_category_of_the_city_has_a_way(city: City) -> None:
    for category in city.categories:
        way = routed(city, category=category.code)
        assert way.department == category.department
        assert way.deadline_at > FILED


def test_typed_addresses_are_found_by_their_beginning(city: City) -> None:
    found = addresses_like(geocoder_of(city), "1200 north cla")
    assert "1200 North Clark Street" in [place.address for place in found]
    assert all(
        place.lat is not None for place in found if place.address == "1200 North Clark Street"
    )
    exact = address_of(geocoder_of(city), " 1200  n clark st")
    assert exact is not None
    assert exact.district is not None


@pytest.mark.parametrize("typed", ["", "clark", "north clark", "999999 n clark st", "1200 qqq"])
def test_what_is_no_address_finds_none(city: City, typed: str) -> None:
    assert addresses_like(geocoder_of(city), typed) == ()
    assert address_of(geocoder_of(city), typed) is None
