"""What may be said of how well a number is reached."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.registries.reach import BadReach, Reach

NUMBER = "+13125550130"


def test_a_number_of_which_nothing_was_said_is_reached() -> None:
    reach = Reach()
    assert reach.of_texts(NUMBER).status == "delivered" and reach.of_calls(NUMBER) is None
    assert reach.shown() == []


def test_what_was_said_last_holds_until_it_is_forgotten() -> None:
    reach = Reach()
    reach.describe(NUMBER, {"texts": "landline", "calls": 21215})
    assert (reach.of_texts(NUMBER).code, reach.of_calls(NUMBER)) == (30006, 21215)
    reach.describe(NUMBER, {"texts": "blocked"})
    assert (reach.of_texts(NUMBER).code, reach.of_calls(NUMBER)) == (30004, None)
    reach.forget(NUMBER)
    assert reach.of_texts(NUMBER).code is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"texts": "maybe"}, "texts: expected one of delivered"),
        ({"calls": 12345}, "calls: expected one of 13227"),
        ({"letters": "delivered"}, "unknown key 'letters'; allowed: address, calls, texts"),
    ],
)
def test_a_wrong_description_says_what_was_expected(source: dict[str, Any], expected: str) -> None:
    with pytest.raises(BadReach, match=expected):
        Reach().describe(NUMBER, source)
