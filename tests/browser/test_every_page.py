"""No page is forgotten: what answers with a page of its own is among the looks of house.py."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.wrappers import Response

from tests.browser.house import LOOKS, House
from tests.web.test_access import WEBHOOKS, app
from web.access.guard import rule_of

__all__ = ["app"]

IN_PAGES = {
    "web.healthz": "/healthz",
    "web.readyz": "/readyz",
    "say": "",
    "desk.phone.hold_music": "/agents/hold-music.wav",
    "desk.phone.token": "/agents/token",
    "desk.page.state": "/agents/state",
    "desk.page.places": "/agents/places?q=1200+n+clark",
    "desk.conversations.conversation": "/agents/conversations/{handover}",
    "desk.conversations.said": "/agents/conversations/{handover}/said",
    "tickets.inbox_list": "/tickets/list",
    "tickets.find": "/tickets/find?number={ticket}",
    "tickets.ticket_part": "/tickets/{ticket}/part",
    "tickets.emergencies.alarms": "/tickets/emergencies/alarms",
    "tickets.triage.queue_list": "/tickets/triage/list",
    "tickets.triage.places": "/tickets/triage/places?address=1200+n+clark",
    "recordings.listeners": "/recordings/{recording}/listeners",
    "recordings.sound": "/recordings/{recording}/sound",
}
"""Parts of pages, values, sound and redirects, each with an address that shows it to be none."""
OF_AGENTS = ("tickets.emergencies.", "tickets.triage.")
WHO = {"desk": "talking", "tickets": "officer", "recordings": "qa", "web": "admin"}


def test_every_page_is_looked_at(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    seen = {adapter.match(_anybodys(look.path))[0] for look in LOOKS}
    readable = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and rule.endpoint not in WEBHOOKS
        and not rule.endpoint.endswith("static")
    }
    assert readable - seen == set(IN_PAGES), "put a new page into LOOKS of tests/browser/house.py"


@pytest.mark.slow
def test_what_is_not_looked_at_is_no_page(house: House) -> None:
    for endpoint, path in IN_PAGES.items():
        if endpoint in house.app.view_functions:
            of_agents = endpoint.startswith(OF_AGENTS)
            who = "away" if of_agents else WHO[endpoint.partition(".")[0]]
            answer = house.browser_of(who).get(
                path.format(
                    handover=house.handovers["talking"],
                    ticket=house.numbers[1],
                    recording=house.recording.public_id,
                )
            )
            assert not _is_a_page(answer), (endpoint, rule_of(house.app, endpoint))


def _anybodys(path: str) -> str:
    """The path of a look with something in each variable, without its query."""
    tickets = dict.fromkeys(("ticket", "at_work", "in_triage", "emergency"), "10000017")
    return path.format(recording="x", **tickets).partition("?")[0]


def _is_a_page(answer: Response) -> bool:
    return answer.status_code != 303 and answer.get_data()[:15].lower() == b"<!doctype html>"
