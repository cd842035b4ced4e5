"""Pages that stand still leave room for those who must be answered."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from infra.db import Database
from tests.web.conftest import Browser, browser_with, person
from web.access.guard import Role, public, requires
from web.bulkhead import MOST_PAGES


def test_pages_that_hang_take_no_more_than_their_share(app: Flask, database: Database) -> None:
    hang, arrived = threading.Event(), threading.Semaphore(0)

    @requires()
    def stuck() -> str:
        arrived.release()
        assert hang.wait(30)
        return "at last"

    app.add_url_rule("/stuck", "stuck", stuck)
    app.add_url_rule("/sound", "sound", public(lambda: "a sound"))
    staff = person(database, "boss", Role.SUPERVISOR)
    browsers = [browser_with(app, database, staff) for _ in range(MOST_PAGES + 1)]
    with ThreadPoolExecutor(MOST_PAGES) as pool:
        asked = [pool.submit(one.get, "/stuck") for one in browsers[:MOST_PAGES]]
        for _ in asked:
            assert arrived.acquire(timeout=30)
        refused = browsers[-1].get("/stuck")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3")
        assert Browser(app.test_client()).get("/sound").text == "a sound"
        hang.set()
        assert [each.result().text for each in asked] == ["at last"] * MOST_PAGES
    assert browsers[-1].get("/stuck").text == "at last", "each gives its place back"
