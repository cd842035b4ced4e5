"""Who may open what: every route, every role. A route that is not listed here fails."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

import tickets.pages
from config.settings import Settings
from infra.db import Database
from tests.web.conftest import Browser, browser_with, make_app, person
from web.access import Role, rule_of, unmarked_endpoints

EVERYBODY: frozenset[Role] = frozenset()
SIGNED_IN = frozenset(Role)
OFFICE = frozenset({Role.DEPARTMENT, Role.SUPERVISOR})
CHECKERS = frozenset({Role.AGENT, Role.SUPERVISOR})

WHO_MAY = {
    "web.static": EVERYBODY,
    "web.healthz": EVERYBODY,
    "web.readyz": EVERYBODY,
    "web.sign_in": EVERYBODY,
    "web.sign_in_now": EVERYBODY,
    "web.home": SIGNED_IN,
    "web.sign_out": SIGNED_IN,
    "web.people": frozenset({Role.ADMIN}),
    "web.change_active": frozenset({Role.ADMIN}),
    "web.renew_password": frozenset({Role.ADMIN}),
    "web.system": frozenset({Role.ADMIN, Role.SUPERVISOR}),
    "tickets.static": EVERYBODY,
    "tickets.inbox": OFFICE,
    "tickets.inbox_list": OFFICE,
    "tickets.find": OFFICE,
    "tickets.ticket": OFFICE,
    "tickets.ticket_part": OFFICE,
    "tickets.sign_for": frozenset({Role.DEPARTMENT}),
    "tickets.start": frozenset({Role.DEPARTMENT}),
    "tickets.done": frozenset({Role.DEPARTMENT}),
    "tickets.give_back": frozenset({Role.DEPARTMENT}),
    "tickets.check.static": EVERYBODY,
    "tickets.check.queue": CHECKERS,
    "tickets.check.queue_list": CHECKERS,
    "tickets.check.places": CHECKERS,
    "tickets.check.complete": CHECKERS,
    "tickets.check.send_on": CHECKERS,
    "tickets.check.open_by_hand": CHECKERS,
}

_VALUES = {
    "path:filename": "app.css",
    "string(minlength=8):number": "10000017",
    "int:staff_id": "999",
    "int:report_id": "999",
}


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    """The shell with the tickets' pages."""
    return make_app(settings, database, tickets.pages)


def a_path(rule: str) -> str:
    """An address of a rule, with something in the place of each variable."""
    return re.sub(r"<([^>]+)>", lambda found: _VALUES[found[1]], rule)


def test_every_route_is_listed_and_opens_to_whom_the_list_says(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints == set(WHO_MAY)
    assert unmarked_endpoints(app) == ()
    assert {name: rule_of(app, name) for name in endpoints} == WHO_MAY


def test_each_role_is_let_in_or_refused_as_listed(app: Flask, database: Database) -> None:
    checked = 0
    for role in Role:
        browser = browser_with(app, database, person(database, f"only-{role}", role))
        token = browser.token("/")
        for rule in app.url_map.iter_rules():
            if rule.endpoint in ("web.sign_out", "web.sign_in_now"):
                continue
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                answer = browser.client.open(
                    a_path(rule.rule), method=method, headers={"X-CSRF-Token": token}
                )
                allowed = WHO_MAY[rule.endpoint]
                is_refused = answer.status_code == 403
                assert is_refused == bool(allowed and role not in allowed), (role, rule.rule)
                checked += 1
    assert checked > 100


def test_nobody_gets_in_without_signing_in(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if not WHO_MAY[rule.endpoint] or "GET" not in (rule.methods or set()):
            continue
        assert client.get(a_path(rule.rule)).status_code == 303, rule.rule
        script = client.get(a_path(rule.rule), headers={"HX-Request": "true"})
        assert script.status_code == 401, rule.rule
        assert script.headers["HX-Redirect"] == "/signin"
        assert script.json == {
            "error": {
                "code": "signed_out",
                "message": "sign in again; this page will lead you there",
            }
        }


def test_every_change_without_our_token_is_refused(app: Flask, database: Database) -> None:
    browsers = {}
    for role in Role:
        browsers[role] = browser_with(app, database, person(database, f"only-{role}", role))
    tried = 0
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or set()):
            continue
        for role in WHO_MAY[rule.endpoint] or Role:
            for data in ({}, {"csrf_token": "wrong"}):
                answer = browsers[role].client.post(a_path(rule.rule), data=data)
                assert answer.status_code == 403, rule.rule
                tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_right_token_from_another_site_is_refused(
    browser_of: Callable[..., Browser], headers: dict[str, str]
) -> None:
    assert browser_of(Role.ADMIN).post("/signout", headers=headers).status_code == 403


def test_one_persons_token_is_no_use_in_another_browser(
    app: Flask, browser_of: Callable[..., Browser], database: Database
) -> None:
    stolen = browser_of(Role.ADMIN).token("/")
    person(database, "qa", Role.QA)
    other = Browser(app.test_client())
    other.sign_in("qa")
    assert other.client.post("/signout", data={"csrf_token": stolen}).status_code == 403


def test_a_view_without_a_rule_is_closed_to_everyone(app: Flask, database: Database) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    person(database, "boss", *Role)
    browser = Browser(app.test_client())
    browser.sign_in("boss")
    assert browser.get("/forgotten").status_code == 403
    assert unmarked_endpoints(app) == ("forgotten",)
