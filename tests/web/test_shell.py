"""What every answer carries: headers, words for errors, health, menu, formats."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Blueprint, Flask, abort

from carriers.phones import browser_phone
from config.settings import Settings
from infra import drain
from infra.db import Database
from infra.services import Services
from infra.storage.base import Storage
from infra.storage.local import LocalStorage
from tests.web.conftest import Browser, browser_with, make_app, person
from web import health
from web.access.guard import Role, current_staff, public
from web.api import error
from web.checks import Unready, storage_takes_files
from web.headers import policy
from web.health import add_check, add_checks
from web.ui.formats import ago, duration, exact, language, local, phone
from web.ui.page import add_to_menu, menu_for


def test_every_page_says_where_its_parts_may_come_from(browser: Browser) -> None:
    answer = browser.get("/signin")
    rules = answer.headers["Content-Security-Policy"]
    nonce = rules.split("'nonce-")[1].split("'")[0]
    page = answer.get_data(as_text=True)
    assert f'nonce="{nonce}"' in page
    assert "default-src 'none'" in rules
    assert "frame-ancestors 'none'" in rules
    assert "unsafe" not in rules
    assert "http://localhost:8100" in rules
    assert "ws://localhost:8001" in rules
    assert nonce not in browser.get("/signin").headers["Content-Security-Policy"]
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    assert expected.items() <= dict(answer.headers).items()
    assert "microphone=(self)" in answer.headers["Permissions-Policy"]


def test_the_carriers_own_phone_is_allowed_when_it_is_used(settings: Settings) -> None:
    production = settings.model_copy(update={"agent_phone": "twilio"})
    rules = policy(production, browser_phone(production), "n")
    assert "wss://voice-js.roaming.twilio.com" in rules
    assert "localhost:8100" not in rules


def test_cookies_are_for_https_only_where_that_is_set(
    settings: Settings, database: Database
) -> None:
    safe = settings.model_copy(update={"secure_cookies": True})
    app = make_app(safe, database)
    person(database, "ada", Role.ADMIN)
    browser = Browser(app.test_client())
    page = browser.get("/signin")
    assert "Secure" in page.headers["Set-Cookie"]
    assert "SameSite=Strict" in page.headers["Set-Cookie"]
    assert "max-age" in page.headers["Strict-Transport-Security"]


def test_static_files_may_be_kept_for_ever_once_their_address_has_a_hash(browser: Browser) -> None:
    page = browser.get("/signin").get_data(as_text=True)
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "?v=" in address
    kept = browser.get(address)
    assert kept.status_code == 200
    assert "immutable" in kept.headers["Cache-Control"]
    assert browser.get(address.split("?")[0]).headers["Cache-Control"] == "no-cache"


def test_errors_are_told_in_words_to_people_and_as_json_to_scripts(
    app: Flask, browser: Browser
) -> None:
    app.add_url_rule("/broken", "broken", public(_broken))
    app.add_url_rule("/busy", "busy", public(_busy))
    app.testing = False
    for path, status, words in (
        ("/nowhere", 404, "There is nothing here"),
        ("/broken", 500, "Something went wrong on our side"),
        ("/busy", 409, "Ada has it"),
    ):
        page = browser.get(path)
        assert page.status_code == status
        assert words in page.get_data(as_text=True)
        assert "secret" not in page.get_data(as_text=True)
        script = browser.get(path, headers={"Sec-Fetch-Mode": "cors"})
        assert script.status_code == status
        assert script.json is not None
        assert set(script.json["error"]) == {"code", "message"}


def _broken() -> str:
    raise RuntimeError("secret inside")


def _busy() -> str:
    abort(409, description="Ada has it")


def test_one_shape_for_errors(app: Flask) -> None:
    with app.test_request_context("/"):
        answer = error(422, "bad_date", "expected a date")
    assert answer.status_code == 422
    assert answer.json == {"error": {"code": "bad_date", "message": "expected a date"}}


def test_too_large_a_form_is_refused(browser_of: Callable[..., Browser]) -> None:
    answer = browser_of(Role.ADMIN).post("/signout", {"x": "x" * 1_100_000})
    assert answer.status_code == 413


def test_alive_needs_nothing(settings: Settings, database: Database) -> None:
    app = make_app(settings, database)
    database.close()
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json == {"status": "alive"}


def test_ready_names_each_check_and_what_to_do(settings: Settings, database: Database) -> None:
    app = make_app(settings, database)
    services = Services(settings, database)
    services.add(Storage, LocalStorage(settings.storage))
    add_checks(app, services)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    checks = answer.json["checks"]
    away = {"redis", "speech_model", "voice", "streams"}
    assert set(checks) == {"process", "database", "storage"} | away
    assert checks["process"]["ok"]
    assert checks["database"]["ok"]
    assert checks["storage"]["ok"]
    for name in away:
        assert not checks[name]["ok"]
        assert len(checks[name]["text"]) > 20
    assert settings.twilio_auth_token not in answer.get_data(as_text=True)


def test_a_process_that_is_told_to_stop_is_not_ready(
    settings: Settings, database: Database
) -> None:
    app = make_app(settings, database)
    add_checks(app, Services(settings, database))
    drain.begin()
    try:
        answer = app.test_client().get("/readyz")
    finally:
        drain.forget()
    assert answer.status_code == 503
    assert answer.json is not None
    assert "about to end" in answer.json["checks"]["process"]["text"]


def test_ready_when_every_check_holds_and_not_when_one_hangs(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    add_check(app, "one", lambda: None)
    assert browser.get("/readyz").status_code == 200
    monkeypatch.setattr(health, "TIMEOUT_S", 1.0)
    add_check(app, "hangs", lambda: _hang(over))
    answer = browser.get("/readyz")
    over.set()
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["one"]["ok"]
    assert "no answer" in answer.json["checks"]["hangs"]["text"]


def _hang(over: threading.Event) -> None:
    over.wait(60)


def test_a_read_only_disk_is_found_out(settings: Settings, database: Database) -> None:
    services = Services(settings, database)
    settings.storage.parent.mkdir(parents=True)
    settings.storage.write_text("a file where the folder should be")
    with pytest.raises(Unready, match="cannot be written"):
        storage_takes_files(services)


def test_the_way_home_is_the_first_page_of_ones_menu(
    app: Flask, browser_of: Callable[..., Browser]
) -> None:
    assert browser_of(Role.ADMIN).get("/").location == "/people"
    assert browser_of(Role.SUPERVISOR).get("/").location == "/system"
    assert "Welcome" in browser_of(Role.QA).get("/").get_data(as_text=True)


def test_a_menu_leaves_out_what_an_application_lacks_or_a_role_may_not(
    app: Flask, database: Database
) -> None:
    elsewhere = Blueprint("no", __name__)
    add_to_menu(elsewhere, Role.ADMIN, "Elsewhere", "no.such_endpoint")
    with app.test_request_context("/"):
        admin = [e.endpoint for e in menu_for(person(database, "a", Role.ADMIN))]
        assert admin == ["access.people", "web.system"]
        assert menu_for(None) == ()


def test_asking_who_is_signed_in_where_nobody_is_is_a_mistake(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(LookupError):
        current_staff()


def test_signed_in_people_do_not_see_the_sign_in_page(app: Flask, database: Database) -> None:
    browser = browser_with(app, database, person(database, "ada", Role.ADMIN))
    assert browser.get("/signin?next=/system").location == "/system"


NOON = datetime(2026, 3, 3, 18, 0, 0, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3, minutes=50), "3 h ago"),
        (timedelta(days=1, hours=3), "1 day ago"),
        (timedelta(days=9), "9 days ago"),
        (timedelta(hours=-3), "in 3 h"),
    ],
)
def test_how_far_away_a_moment_is(distance: timedelta, words: str) -> None:
    assert ago(NOON - distance, NOON) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOON, "today 12:00"),
        (NOON - timedelta(hours=13), "yesterday 23:00"),
        (NOON + timedelta(days=1), "tomorrow 12:00"),
        (NOON + timedelta(days=7), "Tue 10 Mar 13:00"),
        (NOON - timedelta(days=365), "3 Mar 2025 12:00"),
    ],
)
def test_moments_are_told_by_the_citys_clock(moment: datetime, words: str) -> None:
    assert local(moment, CHICAGO, NOON) == words


def test_values_are_written_as_people_read_them() -> None:
    assert exact(NOON, CHICAGO) == "2026-03-03 12:00:00 CST"
    assert phone("+13125550123") == "+1 312-555-0123"
    assert phone("anonymous") == "anonymous"
    assert [duration(s) for s in (None, 0.4, 42, 725, 3723)] == [
        "–",
        "0:00",
        "0:42",
        "12:05",
        "1:02:03",
    ]


def test_languages_are_named_as_staff_read_them() -> None:
    assert [language(code) for code in ("en", "es", "zh-TW", "nowhere", "")] == [
        "English",
        "Spanish",
        "Chinese (Traditional, Taiwan)",
        "nowhere",
        "",
    ]


def test_who_has_no_role_reads_so_and_is_led_in_no_circle(
    browser_of: Callable[..., Browser],
) -> None:
    refused = browser_of().get("/")
    page = refused.get_data(as_text=True)
    assert refused.status_code == 403
    assert "You have no role yet" in page
    assert "Go to your first page" not in page
    assert "Go to your first page" in browser_of(Role.SUPERVISOR).get("/people").get_data(
        as_text=True
    )
