"""Places typed by people: short or in full, with odd digits, and what must not be found."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from places.geocoder import geocoder_of
from places.typed import MOST_PLACES, address_of, addresses_like, places_like
from tests import cities

CHICAGO = geocoder_of(cities.chicago())


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("1200 north cla", "1200 North Clark Street"),
        ("1200 N. Clark St.", "1200 North Clark Street"),
        ("1200 clark street", "1200 North Clark Street"),
        ("101 west 53rd", "101 West 53rd Street"),
        ("north clark", "North Clark Street"),
        ("cla boulevard", None),
        ("999999 n clark st", None),
        ("1200 qqq", None),
        ("1200", None),
        ("", None),
    ],
)
def test_places_are_found_by_the_beginnings_of_their_words(typed: str, address: str | None) -> None:
    found = [place.address for place in places_like(CHICAGO, typed)]
    assert (address in found) if address else not found


def test_a_street_alone_has_no_point_and_is_no_address() -> None:
    street = places_like(CHICAGO, "north clark")[0]
    assert (street.house_number, street.lat, street.district) == (None, None, None)
    assert addresses_like(CHICAGO, "north clark") == ()
    assert address_of(CHICAGO, "north clark") is None


@pytest.mark.parametrize("number", ["1200", "１２００", "١٢٠٠"])
def test_digits_of_any_script_are_a_house_number(number: str) -> None:
    found = address_of(CHICAGO, f"{number} n clark st")
    assert found is not None and found.house_number == 1200


_DIGITS = "".join(
    chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Nd", "No", "Nl")
)


@pytest.mark.parametrize("typed", ["²", "² clark", "1² clark", "Ⅷ clark", "½ clark", "㊿ clark"])
def test_what_only_looks_like_a_digit_is_no_number(typed: str) -> None:
    assert places_like(CHICAGO, typed) == ()


@given(st.text(st.sampled_from(_DIGITS), max_size=7), st.sampled_from(["", " clark", " n", ".,"]))
def test_no_digits_break_it(number: str, rest: str) -> None:
    found = places_like(CHICAGO, number + rest)
    assert len(found) <= MOST_PLACES
    assert all(place.street for place in found)


@given(st.text(max_size=120))
def test_no_text_breaks_it(typed: str) -> None:
    assert address_of(CHICAGO, typed) is None or addresses_like(CHICAGO, typed)


@pytest.mark.parametrize("typed", ["412 w 87th st", "412 W 87TH ST N", "412 West 87th Street"])
def test_lanes_beside_a_street_are_written_like_it(typed: str) -> None:
    found = [place.address for place in addresses_like(CHICAGO, typed)]
    assert found.count("412 West 87th Street") == 1
    place = address_of(CHICAGO, typed)
    assert place is not None and place.address == "412 West 87th Street"


@pytest.mark.parametrize("typed", ["1200 n clark st", "1200 north clark street", "1200 N. Clark"])
def test_a_typed_address_is_written_as_a_spoken_one(typed: str) -> None:
    spoken = CHICAGO.find("twelve hundred north clark street", "en")
    place = address_of(CHICAGO, typed)
    assert place is not None
    assert (place.address, place.street) == (spoken.address, spoken.street)
    assert place.district == spoken.district
