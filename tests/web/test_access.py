"""Who may open what: every route, every role. A route that is not listed here fails."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app import create_app
from carriers.base import Carrier
from carriers.twilio.carrier import TwilioCarrier
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.services import Services
from infra.storage.base import Storage
from infra.storage.local import LocalStorage
from tests.cities import chicago
from tests.web.conftest import Browser, browser_with, person
from voice.cache import VoiceCache
from web.access.guard import Role, rule_of, unmarked_endpoints

EVERYBODY: frozenset[Role] = frozenset()
SIGNED_IN = frozenset(Role)
OFFICE = frozenset({Role.DEPARTMENT, Role.SUPERVISOR})
CHECKERS = frozenset({Role.AGENT, Role.SUPERVISOR})
AGENTS = frozenset({Role.AGENT})
LISTENERS = frozenset({Role.QA, Role.SUPERVISOR})

WHO_MAY = {
    "ui.static": EVERYBODY,
    "web.healthz": EVERYBODY,
    "web.readyz": EVERYBODY,
    "access.sign_in": EVERYBODY,
    "access.sign_in_now": EVERYBODY,
    "web.home": SIGNED_IN,
    "access.sign_out": SIGNED_IN,
    "access.people": frozenset({Role.ADMIN}),
    "access.change_active": frozenset({Role.ADMIN}),
    "access.renew_password": frozenset({Role.ADMIN}),
    "web.system": frozenset({Role.ADMIN, Role.SUPERVISOR}),
    "web.retry_dead_letters": frozenset({Role.ADMIN, Role.SUPERVISOR}),
    "say": EVERYBODY,
    "desk.static": EVERYBODY,
    "desk.phone.hold_music": EVERYBODY,
    "desk.page.desk": AGENTS,
    "desk.page.state": AGENTS,
    "desk.page.here": AGENTS,
    "desk.page.presence": AGENTS,
    "desk.offers.accept": AGENTS,
    "desk.offers.decline": AGENTS,
    "desk.conversations.end": AGENTS,
    "desk.conversations.reconnect": AGENTS,
    "desk.conversations.said": AGENTS,
    "desk.conversations.draft": AGENTS,
    "desk.conversations.ticket": AGENTS,
    "desk.page.wrap_up_done": AGENTS,
    "desk.page.wrap_up_more": AGENTS,
    "desk.conversations.conversation": AGENTS,
    "desk.page.places": AGENTS,
    "desk.phone.token": AGENTS,
    "recordings.static": EVERYBODY,
    "recordings.index": LISTENERS,
    "recordings.replay": LISTENERS,
    "recordings.fetch_again": LISTENERS,
    "recordings.listen": LISTENERS,
    "recordings.go_on": LISTENERS,
    "recordings.listeners": LISTENERS,
    "recordings.sound": LISTENERS,
    "tickets.static": EVERYBODY,
    "tickets.inbox": OFFICE,
    "tickets.inbox_list": OFFICE,
    "tickets.find": OFFICE,
    "tickets.ticket": OFFICE,
    "tickets.ticket_part": OFFICE,
    "tickets.acknowledge": frozenset({Role.DEPARTMENT}),
    "tickets.start": frozenset({Role.DEPARTMENT}),
    "tickets.done": frozenset({Role.DEPARTMENT}),
    "tickets.return_ticket": frozenset({Role.DEPARTMENT}),
    "tickets.emergencies.alarms": CHECKERS,
    "tickets.emergencies.take": CHECKERS,
    "tickets.emergencies.called_back": CHECKERS,
    "tickets.triage.static": EVERYBODY,
    "tickets.triage.queue": CHECKERS,
    "tickets.triage.queue_list": CHECKERS,
    "tickets.triage.places": CHECKERS,
    "tickets.triage.complete": CHECKERS,
    "tickets.triage.send_on": CHECKERS,
    "tickets.triage.open_by_hand": CHECKERS,
}

NEEDS_A_LINK = {"recordings.sound"}
"""Refused to everybody who comes without a link made for them."""

WEBHOOKS = {
    "agents.back",
    "agents.queue_over",
    "agents.voice",
    "agents.voice_over",
    "agents.wait",
    "ivr.connected",
    "ivr.go_on",
    "ivr.recognised",
    "ivr.message_left",
    "ivr.rescued",
    "ivr.status",
    "ivr.turn",
    "ivr.voice",
    "recordings_webhooks.status",
}
"""Open to the carrier alone: refused without its signature."""


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    """The whole application, as `wsgi` serves it."""
    services = Services(settings, database)
    services.add(City, chicago())
    services.add(Storage, LocalStorage(settings.storage))
    services.add(Carrier, TwilioCarrier(settings))
    services.add(VoiceCache, VoiceCache(settings))
    return create_app(services=services)


def a_path(rule: Rule) -> str:
    """An address of a rule, with something that nobody has in the place of each variable."""
    return re.sub(r"<([^>]+)>", lambda found: _nobodys(found[1]), rule.rule)


def _nobodys(variable: str) -> str:
    if variable.startswith("int"):
        return "99999"
    return "x.css" if variable == "path:filename" else "10000017"


def pages(app: Flask) -> list[Rule]:
    """Every route but the webhooks."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in WEBHOOKS]


def test_every_route_is_listed_and_opens_to_whom_the_list_says(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(WHO_MAY) | WEBHOOKS
    assert unmarked_endpoints(app) == ()
    assert {name: rule_of(app, name) for name in WHO_MAY} == WHO_MAY


def test_every_webhook_without_a_signature_is_refused(app: Flask, database: Database) -> None:
    boss = browser_with(app, database, person(database, "boss", *Role))
    token = boss.token("/")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in WEBHOOKS:
            fields = {"CallSid": "CA" + "0" * 32, "csrf_token": token}
            for signature in ({}, {"X-Twilio-Signature": "AAAA"}):
                answer = boss.client.post(a_path(rule), data=fields, headers=signature)
                assert answer.status_code == 403, rule.rule


def test_each_role_is_let_in_or_refused_as_listed(app: Flask, database: Database) -> None:
    checked = 0
    for role in Role:
        browser = browser_with(app, database, person(database, f"only-{role}", role))
        token = browser.token("/")
        for rule in pages(app):
            if rule.endpoint in ("access.sign_out", "access.sign_in_now"):
                continue
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                answer = browser.client.open(
                    a_path(rule), method=method, headers={"X-CSRF-Token": token}
                )
                allowed = WHO_MAY[rule.endpoint]
                refuses = rule.endpoint in NEEDS_A_LINK or bool(allowed and role not in allowed)
                assert (answer.status_code == 403) == refuses, (role, rule.rule)
                checked += 1
    assert checked > 250


def test_nobody_gets_in_without_signing_in(app: Flask) -> None:
    client = app.test_client()
    for rule in pages(app):
        if not WHO_MAY[rule.endpoint] or "GET" not in (rule.methods or set()):
            continue
        assert client.get(a_path(rule)).status_code == 303, rule.rule
        script = client.get(a_path(rule), headers={"HX-Request": "true"})
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
    for rule in pages(app):
        if "POST" not in (rule.methods or set()):
            continue
        for role in WHO_MAY[rule.endpoint] or Role:
            for data in ({}, {"csrf_token": "wrong"}):
                answer = browsers[role].client.post(a_path(rule), data=data)
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
