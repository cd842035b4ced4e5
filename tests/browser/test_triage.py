"""The triage form as an agent fills it in: what is typed finds kinds and addresses."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpensPage
from tests.browser.house import House

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_address_is_found_while_it_is_typed(house: House, chromium_page: OpensPage) -> None:
    page = chromium_page()
    house.enter(page.context, "away")
    page.goto(f"{house.address}/tickets/triage/{house.numbers[-1]}")
    field = page.get_by_role("combobox", name="Place")
    field.press_sequentially("1200 n cla")
    option = page.get_by_role("option", name="1200 North Clark Street")
    expect(option).to_contain_text("Rush & Division")

    option.click()

    expect(field).to_have_value("1200 North Clark Street")
    hint = "1200 North Clark Street is in Rush & Division."
    expect(page.locator("#address-hint")).to_have_text(hint)
    expect(page.locator("#address-list")).to_be_hidden()


def test_words_that_are_no_address_are_kept_as_they_are(
    house: House, chromium_page: OpensPage
) -> None:
    page = chromium_page()
    house.enter(page.context, "away")
    page.goto(f"{house.address}/tickets/triage/{house.numbers[-1]}")
    field = page.get_by_role("combobox", name="Place")
    with page.expect_response("**/tickets/triage/places?*") as answer:
        field.press_sequentially("behind the old mill")
    assert answer.value.ok
    expect(page.locator("#address-hint")).to_contain_text("Begin with the house number")
    field.press("Tab")
    expect(field).to_have_value("behind the old mill")
