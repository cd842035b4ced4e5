"""Signing in and out: who gets in, for how long, and how guessing is slowed down."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from infra.db import Database
from tests.web.conftest import PASSWORD, Browser, browser_with, person
from web.access import staff
from web.access.guard import Role
from web.access.models import SignIn
from web.access.passwords import PasswordRefused

pytestmark = pytest.mark.slow

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_the_right_password_opens_the_page_that_was_wanted(
    browser: Browser, database: Database
) -> None:
    person(database, "ada", Role.ADMIN)
    refused = browser.get("/people")
    assert refused.status_code == 303
    assert refused.location == "/signin?next=/people"
    assert browser.sign_in("ADA ", next="/people").location == "/people"
    assert "Ada" in browser.get("/people").get_data(as_text=True)


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(
    browser: Browser, database: Database, wanted: str
) -> None:
    person(database, "ada", Role.ADMIN)
    assert browser.sign_in("ada", next=wanted).location == "/"


def test_a_wrong_name_and_a_wrong_password_get_the_same_words(
    browser: Browser, database: Database
) -> None:
    person(database, "ada", Role.ADMIN)
    wrong_password = browser.sign_in("ada", "not this one, no")
    wrong_name = browser.sign_in("eve", "not this one, no")
    assert wrong_password.status_code == wrong_name.status_code == 422
    pages = [
        answer.get_data(as_text=True).replace(name, "")
        for answer, name in ((wrong_password, "ada"), (wrong_name, "eve"))
    ]
    notices = [page.split('role="alert"')[1].split("</p>")[0] for page in pages]
    assert notices[0] == notices[1]


def test_only_a_hash_of_the_cookie_is_kept_and_each_sign_in_has_a_new_one(
    browser: Browser, database: Database
) -> None:
    person(database, "ada", Role.ADMIN)
    browser.sign_in("ada")
    first = browser.client.get_cookie(staff.COOKIE)
    assert first is not None
    assert first.http_only
    assert first.same_site == "Lax"
    browser.client.delete_cookie(staff.COOKIE)
    browser.sign_in("ada")
    second = browser.client.get_cookie(staff.COOKIE)
    assert second is not None
    assert first.value != second.value
    with database.read() as session:
        kept = " ".join(row.token_hash for row in session.scalars(select(SignIn)))
    assert first.value not in kept
    assert second.value not in kept


def test_a_token_planted_before_signing_in_is_not_taken_over(
    browser: Browser, database: Database
) -> None:
    person(database, "ada", Role.ADMIN)
    browser.client.set_cookie(staff.COOKIE, "planted")
    browser.sign_in("ada")
    cookie = browser.client.get_cookie(staff.COOKIE)
    assert cookie is not None
    assert cookie.value != "planted"


def test_signing_out_ends_the_token_itself(browser: Browser, database: Database) -> None:
    person(database, "ada", Role.ADMIN)
    browser.sign_in("ada")
    cookie = browser.client.get_cookie(staff.COOKIE)
    assert cookie is not None
    assert browser.post("/signout").status_code == 303
    browser.client.set_cookie(staff.COOKIE, cookie.value)
    assert browser.get("/people").status_code == 303


def test_half_an_hour_without_doing_anything_ends_it(app: Flask, database: Database) -> None:
    person(database, "ada", Role.ADMIN)
    browser = Browser(app.test_client())
    with time_machine.travel(NOON, tick=False) as clock:
        browser.sign_in("ada")
        for _ in range(4):
            clock.shift(timedelta(minutes=25))
            assert browser.get("/people").status_code == 200
        clock.shift(timedelta(minutes=31))
        assert browser.get("/people").status_code == 303


def test_a_page_that_refreshes_itself_does_not_count_as_doing_something(
    app: Flask, database: Database
) -> None:
    person(database, "ada", Role.ADMIN)
    browser = Browser(app.test_client())
    with time_machine.travel(NOON, tick=False) as clock:
        browser.sign_in("ada")
        for _ in range(3):
            clock.shift(timedelta(minutes=11))
            status = browser.get("/people", headers={"X-Live": "1"}).status_code
        assert status == 303


def test_twelve_hours_end_it_however_busy_the_person_is(app: Flask, database: Database) -> None:
    person(database, "ada", Role.ADMIN)
    browser = Browser(app.test_client())
    with time_machine.travel(NOON, tick=False) as clock:
        browser.sign_in("ada")
        for _ in range(36):
            assert browser.get("/people").status_code == 200
            clock.shift(timedelta(minutes=20))
        clock.shift(timedelta(minutes=1))
        assert browser.get("/people").status_code == 303


def test_stopping_a_person_ends_their_work_at_once(
    app: Flask, browser_of: Callable[..., Browser], database: Database
) -> None:
    boss = browser_of(Role.ADMIN)
    qa = person(database, "qa", Role.SUPERVISOR)
    theirs = browser_with(app, database, qa)
    assert theirs.get("/system").status_code == 200
    boss.post(f"/people/{qa.id}/active", {"active": "no"})
    assert theirs.get("/system").status_code == 303
    assert theirs.sign_in("qa").status_code == 422
    boss.post(f"/people/{qa.id}/active", {"active": "yes"})
    assert theirs.get("/system").status_code == 303
    assert theirs.sign_in("qa").status_code == 303


def test_a_renewed_password_is_shown_once_and_ends_what_was_open(
    app: Flask, browser_of: Callable[..., Browser], database: Database
) -> None:
    boss = browser_of(Role.ADMIN)
    qa = person(database, "qa", Role.SUPERVISOR)
    theirs = browser_with(app, database, qa)
    page = boss.post(f"/people/{qa.id}/password").get_data(as_text=True)
    found = re.search(r'class="secret">([^<]+)<', page)
    assert found
    assert found[1] not in boss.get("/people").get_data(as_text=True)
    assert theirs.get("/system").status_code == 303
    assert theirs.sign_in("qa").status_code == 422
    assert theirs.sign_in("qa", found[1]).status_code == 303


def test_an_administrator_cannot_lock_themselves_out(
    browser_of: Callable[..., Browser], database: Database
) -> None:
    boss = browser_of(Role.ADMIN)
    boss.post("/people/1/active", {"active": "no"})
    assert boss.get("/people").status_code == 200


def test_guessing_waits_longer_each_time_and_the_right_password_waits_too(
    app: Flask, database: Database
) -> None:
    person(database, "ada", Role.ADMIN)
    browser = Browser(app.test_client())
    with time_machine.travel(NOON, tick=False) as clock:
        statuses = [browser.sign_in("ada", f"guess number {n} here").status_code for n in range(4)]
        assert statuses == [422] * 4
        refused = browser.sign_in("ada")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "15"
        clock.shift(timedelta(seconds=16))
        assert browser.sign_in("ada", "guess number 6 here").status_code == 422
        assert browser.sign_in("ada").headers["Retry-After"] == "60"
        clock.shift(timedelta(seconds=61))
        assert browser.sign_in("ada").status_code == 303


def test_at_most_ten_guesses_an_hour_are_looked_at(app: Flask, database: Database) -> None:
    person(database, "ada", Role.ADMIN)
    browser = Browser(app.test_client())
    token = browser.token()
    fields = {"csrf_token": token, "username": "ada", "password": "a wrong password"}
    with time_machine.travel(NOON, tick=False) as clock:
        looked_at = 0
        for _ in range(360):
            looked_at += browser.client.post("/signin", data=fields).status_code == 422
            clock.shift(timedelta(seconds=10))
    assert looked_at <= 10


def test_a_stranger_elsewhere_cannot_lock_somebody_out(app: Flask, database: Database) -> None:
    person(database, "ada", Role.ADMIN)
    stranger, own = Browser(app.test_client()), Browser(app.test_client())
    fields = {"csrf_token": stranger.token(), "username": "ada", "password": "a wrong password"}
    for _ in range(6):
        elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
        stranger.client.post("/signin", data=fields, environ_overrides=elsewhere)
    assert own.sign_in("ada").status_code == 303


def test_a_token_works_outside_the_web_process(database: Database) -> None:
    ada = person(database, "ada", Role.AGENT)
    with database.transaction() as session:
        token = staff.sign_in(session, ada.id)
    with database.transaction() as session:
        found = staff.staff_for_token(session, token)
        assert found is not None
        assert found.id == ada.id
        assert staff.staff_for_token(session, token + "x") is None
        staff.set_active(session, ada.id, active=False)
        assert staff.staff_for_token(session, token) is None


@pytest.mark.parametrize(
    ("username", "password", "error"),
    [
        ("ada", PASSWORD, staff.StaffError),
        (" ADA ", PASSWORD, staff.StaffError),
        ("", PASSWORD, staff.StaffError),
        ("eve", "too short", PasswordRefused),
    ],
)
def test_people_who_cannot_be_added_are_refused_in_words(
    database: Database, username: str, password: str, error: type[Exception]
) -> None:
    person(database, "ada", Role.AGENT)
    with pytest.raises(error), database.transaction() as session:
        staff.add_staff(session, username=username, name="x", password=password, roles=())
