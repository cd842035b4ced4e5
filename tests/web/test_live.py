"""Pages in a real Chromium: they hear of changes, keep their policy, and need no mouse."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, TimeoutError, expect
from sqlalchemy import create_engine
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

import tickets.pages
from carriers.base import Carrier
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.services import Services
from migrations.tables import metadata
from tests.browser.conftest import OpensPage, chromium_page, playwright_driver
from tests.cities import chicago
from tests.conftest import eventually
from tests.serving import serving
from tests.tickets.conftest import PaperCarrier, a_report, work_all
from tests.web.conftest import PASSWORD, make_app, person
from tickets import actions
from tickets.models import Ticket
from web.access.guard import Role

__all__ = ["chromium_page", "playwright_driver"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass
class Live:
    """A running application and a socket that tells its pages of changes."""

    origin: str
    services: Services
    viewers: list[ServerConnection]

    def tell(self, topic: str, id: int) -> None:
        """Send the event to every open page."""
        for viewer in list(self.viewers):
            with suppress(ConnectionClosed):
                viewer.send(json.dumps({"topic": topic, "id": id}))

    def file(self, key: str, **changes: object) -> int:
        """File a report, work its jobs, tell of it; gives the ticket's id."""
        with self.services.database.transaction() as session:
            number = a_report(session, key, **changes).number
        work_all(self.services)
        with self.services.database.read() as session:
            ticket_id = session.query(Ticket.id).filter_by(number=number).scalar()
        self.tell("ticket", ticket_id)
        return int(ticket_id)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """The shell with the tickets' pages, served on free ports."""
    url = f"sqlite:///{tmp_path / 'live.db'}"
    metadata.create_all(create_engine(url))
    viewers: list[ServerConnection] = []

    def hold(viewer: ServerConnection) -> None:
        viewers.append(viewer)
        for _ in viewer:
            pass
        viewers.remove(viewer)

    with serve(hold, "localhost", 0) as socket:
        port = socket.socket.getsockname()[1]
        threading.Thread(target=socket.serve_forever, daemon=True).start()
        app = _app(tmp_path, url, port)
        with serving(app, host="localhost") as address:
            yield Live(address, app.extensions["swiftline"], viewers)


def _app(folder: Path, url: str, live_port: int) -> Flask:
    settings = Settings(
        _env_file=None,
        var_dir=folder / "var",
        database_url=url,
        secret_key="k" * 32,
        live_url=f"ws://localhost:{live_port}/live",
    )
    database = Database(url)
    app = make_app(settings, database, tickets.pages)
    services: Services = app.extensions["swiftline"]
    services.add(Carrier, PaperCarrier())
    services.add(City, chicago())
    person(database, "officer", Role.DEPARTMENT, department="streets")
    person(database, "agent", Role.AGENT)
    return app


@pytest.fixture
def page_of(chromium_page: OpensPage, live: Live) -> Callable[..., Page]:
    """A function that signs somebody in and collects what breaks the page's policy."""

    def opens(who: str, **options: bool) -> Page:
        page = chromium_page(**options)  # type: ignore[arg-type]
        page.add_init_script(
            "window.breaches = [];"
            "addEventListener('securitypolicyviolation',"
            " (event) => window.breaches.push(event.violatedDirective + ' ' + event.blockedURI));"
        )
        page.goto(f"{live.origin}/signin")
        page.get_by_label("Name").fill(who)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/signin" not in url)
        return page

    return opens


def breaches(page: Page) -> list[str]:
    """What the page's own policy stopped."""
    found: list[str] = page.evaluate("window.breaches")
    return found


def test_a_new_ticket_appears_by_itself_in_the_open_inbox(
    live: Live, page_of: Callable[..., Page]
) -> None:
    page = page_of("officer")
    expect(page.get_by_text("Nothing waits here")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-live-url", live_url(page))
    page.wait_for_function("document.querySelector('[data-live]') && window.htmx")
    wait_for_viewer(live)
    live.file("call:1")
    expect(page.get_by_role("link", name="Pothole")).to_be_visible()
    assert breaches(page) == []


def test_a_link_counts_though_its_list_changes_while_it_is_pressed(
    live: Live, page_of: Callable[..., Page]
) -> None:
    live.file("call:1")
    page = page_of("officer")
    wait_for_viewer(live)
    held: list[Route] = []
    page.route("**/tickets/list*", lambda route: held.append(route))
    link = page.get_by_role("link", name="Pothole")
    link.hover()
    live.file("call:2", category="graffiti")
    while not held:
        page.wait_for_timeout(20)
    page.mouse.down()
    with page.expect_response("**/tickets/list*"):
        held[0].continue_()
    page.wait_for_timeout(200)
    page.mouse.up()
    page.wait_for_url("**/tickets/1*")


def test_a_list_that_changed_while_something_was_pressed_is_fetched_anew(
    live: Live, page_of: Callable[..., Page]
) -> None:
    page = page_of("officer")
    wait_for_viewer(live)
    page.get_by_role("heading").first.hover()
    page.mouse.down()
    with page.expect_response("**/tickets/list*"):
        live.file("call:1")
    page.wait_for_timeout(200)
    expect(page.get_by_role("link", name="Pothole")).to_have_count(0)
    page.mouse.up()
    expect(page.get_by_role("link", name="Pothole")).to_be_visible()


def live_url(page: Page) -> str:
    """The address from which the page hears of changes."""
    return str(page.evaluate("document.documentElement.dataset.liveUrl"))


def wait_for_viewer(live: Live, *, beside: Sequence[ServerConnection] = ()) -> None:
    """Until the page's socket is open; that of the page before it may still be."""
    eventually(lambda: any(viewer not in beside for viewer in list(live.viewers)))


def test_what_is_being_written_is_not_swept_away_by_news(
    live: Live, page_of: Callable[..., Page]
) -> None:
    ticket_id = live.file("call:1")
    with live.services.database.transaction() as session:
        actions.acknowledge(session, ticket_id, actor="staff:1")
        number = actions.start_work(session, ticket_id, actor="staff:1").number
    page = page_of("officer")
    before = list(live.viewers)
    page.goto(f"{live.origin}/tickets/{number}")
    wait_for_viewer(live, beside=before)
    words = page.get_by_label("What was done")
    words.fill("filled the hole, ")
    live.tell("ticket", ticket_id)
    words.press_sequentially("put up a sign", delay=60)
    words.blur()
    live.tell("ticket", ticket_id)
    with pytest.raises(TimeoutError), page.expect_request("**/part", timeout=800):
        pass
    expect(words).to_have_value("filled the hole, put up a sign")
    page.get_by_role("button", name="Report it done").click()
    expect(page.get_by_text("reported done").first).to_be_visible()
    expect(page.get_by_text("filled the hole, put up a sign")).to_be_visible()
    assert breaches(page) == []


def test_an_agent_completes_a_ticket_with_the_keyboard_alone(
    live: Live, page_of: Callable[..., Page]
) -> None:
    live.file("call:1", category=None, place=None, place_text="by the mill")
    page = page_of("agent")
    page.get_by_role("link", name="Kind not known yet").click()
    kind = page.get_by_role("combobox", name="Kind of problem")
    expect(kind).to_be_focused()
    kind.press_sequentially("leak")
    expect(page.get_by_role("option").first).to_have_text("Water leak")
    kind.press("Enter")
    expect(kind).to_have_value("Water leak")
    expect(page.get_by_label("Department", exact=True)).to_have_value("water")
    place = page.get_by_role("combobox", name="Place")
    place.fill("1200 n clark st")
    expect(page.get_by_text("1200 North Clark Street is in")).to_be_visible()
    place.press("Enter")
    expect(place).to_have_value("1200 North Clark Street")
    place.press("Enter")
    expect(page.get_by_text("Nothing to check")).to_be_visible()
    assert breaches(page) == []


def test_without_its_socket_a_page_says_so_and_looks_again(
    live: Live, page_of: Callable[..., Page]
) -> None:
    page = page_of("officer")
    page.route_web_socket("**/live", lambda socket: socket.close())
    page.reload()
    badge = page.locator("#live-state")
    expect(badge).to_be_visible()
    live.file("call:1")
    expect(page.get_by_role("link", name="Pothole")).to_be_visible()
