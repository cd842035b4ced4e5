"""The desk through its front door: who gets in, and that nobody sees another's conversation."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import soundfile
from flask import Flask
from sqlalchemy import select

from agents.desk import pages
from agents.handovers import actions, connecting
from agents.models import Handover
from agents.routing import offers
from calls.actions import say
from config.settings import Settings
from infra.db import Database
from tests.agents.conftest import Floor
from tests.cities import chicago
from tests.web.conftest import Browser, browser_with, make_app, person
from tickets.emergencies.actions import record_emergency
from tickets.models import Report
from tickets.reports.draft import ReportDraft
from web.access.guard import Role
from web.access.models import Staff


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    return make_app(settings, database, pages)


def browser(app: Flask, floor: Floor, staff_id: int) -> Browser:
    with floor.database.read() as session:
        staff = session.get_one(Staff, staff_id)
    return browser_with(app, floor.database, staff)


GETS = (
    "/agents/desk",
    "/agents/state",
    "/agents/token",
    "/agents/places?q=clark",
    "/agents/conversations/1",
    "/agents/conversations/1/said",
)
POSTS = (
    "/agents/here",
    "/agents/presence",
    "/agents/offers/1/accept",
    "/agents/offers/1/decline",
    "/agents/conversations/1/end",
    "/agents/conversations/1/reconnect",
    "/agents/conversations/1/draft",
    "/agents/conversations/1/ticket",
    "/agents/wrap-up/done",
    "/agents/wrap-up/more",
)


def test_only_agents_get_in(app: Flask, floor: Floor) -> None:
    floor.talks()
    others = (Role.QA, Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMIN)
    quinn = browser(app, floor, person(floor.database, "quinn", *others).id)
    assert {path: quinn.get(path).status_code for path in GETS} == dict.fromkeys(GETS, 403)
    assert {path: quinn.send(path).status_code for path in POSTS} == dict.fromkeys(POSTS, 403)


def test_who_is_signed_out_is_sent_to_sign_in(app: Flask, floor: Floor) -> None:
    client = app.test_client()
    assert client.get("/agents/desk").status_code == 303
    assert client.get("/agents/state", headers={"Accept": "application/json"}).status_code == 401


def test_a_change_without_the_pages_token_is_refused(app: Flask, floor: Floor) -> None:
    agent = browser(app, floor, floor.agent())
    assert {path: agent.send(path, csrf="other").status_code for path in POSTS} == dict.fromkeys(
        POSTS, 403
    )


def test_the_page_carries_the_desk(app: Flask, floor: Floor) -> None:
    staff_id, _ = floor.talks()
    agent = browser(app, floor, staff_id)
    page = agent.get("/agents/desk").get_data(as_text=True)
    assert 'id="desk-facts"' in page
    assert '"pothole"' in page


def test_from_ready_to_done(app: Flask, floor: Floor) -> None:
    me = floor.agent(ready=False)
    desk = browser(app, floor, me)
    assert (
        desk.send("/agents/presence", {"wanted": "ready"}).get_json()["presence"]["state"]
        == "ready"
    )
    handover = floor.asks()
    floor.works()
    rings = desk.send("/agents/here").get_json()
    assert rings["offer"]["handover"] == handover
    assert "+1312" not in str(rings)
    talks = desk.send(f"/agents/offers/{rings['offer']['id']}/accept").get_json()
    assert talks["conversation"]["caller_number"] == "+13125550101"
    with floor.database.transaction() as session:
        connecting.connect_leg(
            session, staff_id=me, offer_id=talks["conversation"]["offer"], leg_sid="CA" + "c" * 32
        )
    ended = desk.send(f"/agents/conversations/{handover}/end").get_json()
    assert ended["presence"]["state"] == "wrapping_up"
    assert desk.send("/agents/wrap-up/more").get_json()["presence"]["extended"] is True
    assert desk.send("/agents/wrap-up/done").get_json()["presence"]["state"] == "ready"
    assert desk.get("/agents/state").get_json()["conversation"] is None


def test_a_late_accept_says_so(app: Flask, floor: Floor) -> None:
    me, handover = floor.agent(), floor.asks()
    floor.works()
    offer = floor.rings_at(me).id
    with floor.database.transaction() as session:
        actions.caller_gone(session, floor.handover(handover).call_id)
    answer = browser(app, floor, me).send(f"/agents/offers/{offer}/accept")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "offer_gone")


def test_no_agent_reaches_anothers_conversation(app: Flask, floor: Floor) -> None:
    _, handover = floor.talks()
    other = browser(app, floor, floor.agent())
    assert other.get(f"/agents/conversations/{handover}/said").status_code == 404
    for what in ("end", "reconnect", "draft", "ticket"):
        answer = other.send(f"/agents/conversations/{handover}/{what}", {"problem_text": "x"})
        assert answer.status_code == 404, what
    assert "+13125550101" not in other.get("/agents/state").get_data(as_text=True)
    assert floor.handover(handover).draft == {}
    assert floor.handover(handover).state == "in_conversation"


def test_an_agent_who_had_the_caller_before_is_named(app: Flask, floor: Floor) -> None:
    first, handover = floor.talks()
    call_id = floor.handover(handover).call_id
    with floor.database.transaction() as session:
        say(session, call_id=call_id, speaker="agent", text="one moment")
    with floor.database.transaction() as session:
        actions.agent_lost(session, session.get_one(Handover, handover))
        session.get_one(Staff, first).name = "Ada"
    second = floor.agent()
    floor.works()
    offer = floor.rings_at(second)
    with floor.database.transaction() as session:
        offers.accept(session, staff_id=second, offer_id=offer.id)
    with floor.database.transaction() as session:
        connecting.connect_leg(session, staff_id=second, offer_id=offer.id, leg_sid="CA" + "d" * 32)
    with floor.database.transaction() as session:
        say(session, call_id=call_id, speaker="agent", text="where is it")
    page = browser(app, floor, second).get("/agents/desk").get_data(as_text=True)
    assert re.findall(r'said-who">(\w+ ?\w*?) \W', page) == ["Agent Ada", "You"]


def test_what_was_said_comes_in_order_and_only_what_is_new(app: Flask, floor: Floor) -> None:
    me, handover = floor.talks()
    call_id, other = floor.handover(handover).call_id, floor.call()
    with floor.database.transaction() as session:
        say(session, call_id=call_id, speaker="caller", text="a hole")
        say(session, call_id=other.id, speaker="caller", text="somebody else")
        say(session, call_id=call_id, speaker="agent", text="where is it")
    desk = browser(app, floor, me)
    said = desk.get(f"/agents/conversations/{handover}/said").get_json()["said"]
    assert [one["text"] for one in said] == ["a hole", "where is it"]
    newer = desk.get(f"/agents/conversations/{handover}/said?after={said[0]['id']}").get_json()[
        "said"
    ]
    assert [one["text"] for one in newer] == ["where is it"]


def test_a_draft_survives_a_reload(app: Flask, floor: Floor) -> None:
    me, handover = floor.talks()
    desk = browser(app, floor, me)
    desk.send(
        f"/agents/conversations/{handover}/draft", {"problem_text": "a <b>hole</b>", "notes": "n"}
    )
    kept = desk.get("/agents/state").get_json()["conversation"]["draft"]
    assert (kept["problem_text"], kept["notes"]) == ("a <b>hole</b>", "n")
    page = desk.get("/agents/desk").get_data(as_text=True)
    assert "<b>hole" not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"category": "no-such"},
        {"problem_text": ["x"]},
        {"notes": "x" * 5000},
        {"place": "here"},
        {"place": {"lat": "north"}},
    ],
)
def test_a_draft_that_cannot_be_is_refused_in_words(
    app: Flask, floor: Floor, wrong: dict[str, Any]
) -> None:
    me, handover = floor.talks()
    answer = browser(app, floor, me).send(f"/agents/conversations/{handover}/draft", wrong)
    assert answer.status_code == 422
    assert "expected" in answer.get_json()["error"]["message"]


def test_filing_gives_the_number_at_once_and_only_one(app: Flask, floor: Floor) -> None:
    me, handover = floor.talks()
    desk = browser(app, floor, me)
    place = desk.get("/agents/places?q=1200 n clark").get_json()["places"][0]
    body = {"category": "pothole", "problem_text": "a hole", "notes": "school", "place": place}
    number = desk.send(f"/agents/conversations/{handover}/ticket", body).get_json()["number"]
    again = desk.send(f"/agents/conversations/{handover}/ticket", body).get_json()["number"]
    assert number == again
    with floor.database.read() as session:
        report = session.scalars(select(Report)).one()
        assert report.number == number
        assert (report.source, report.category) == ("agent", "pothole")
        assert report.place is not None
        assert report.place["address"] == place["address"]
        assert report.problem_text == "a hole\n\nschool"
    assert desk.get("/agents/state").get_json()["conversation"]["report_number"] == number


def test_an_empty_draft_is_not_filed(app: Flask, floor: Floor) -> None:
    me, handover = floor.talks()
    answer = browser(app, floor, me).send(f"/agents/conversations/{handover}/ticket", {})
    assert answer.status_code == 422
    with floor.database.read() as session:
        assert session.scalars(select(Report)).all() == []
        assert session.get_one(Handover, handover).report_number is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1200 north clark", "1200 North Clark Street"),
        ("clark street", "North Clark Street"),
        ("1200 n cla", "1200 North Clark Street"),
        ("99999 n clark", None),
        ("zzzz", None),
        ("²", None),
        ("² clark", None),
        ("1200", None),
    ],
)
def test_places_are_found_while_typing(
    app: Flask, floor: Floor, typed: str, found: str | None
) -> None:
    desk = browser(app, floor, floor.agent())
    places = desk.get(f"/agents/places?q={typed}").get_json()["places"]
    addresses = [place["address"] for place in places]
    assert (found in addresses) if found else addresses == []


def test_ids_beyond_any_row_are_not_found(app: Flask, floor: Floor) -> None:
    desk = browser(app, floor, floor.agent())
    huge = "9" * 30
    assert desk.get(f"/agents/conversations/{huge}/said").status_code == 404
    assert desk.send(f"/agents/offers/{huge}/accept").status_code == 404
    assert desk.send("/agents/offers/2147483647/accept").status_code == 409


def test_a_token_names_this_agent_only(app: Flask, floor: Floor) -> None:
    me = floor.agent()
    answer = browser(app, floor, me).get("/agents/token")
    assert answer.get_json()["identity"] == f"agent_{me}"
    assert answer.headers["Cache-Control"] == "no-store"


def test_hold_music_is_open_to_the_carrier_in_parts(app: Flask) -> None:
    client = app.test_client()
    for path in ("?from=8&for=8", "?from=38&for=8"):
        answer = client.get(f"/agents/hold-music.wav{path}")
        assert answer.content_type == "audio/wav"
        sound = soundfile.info(io.BytesIO(answer.data))
        assert (sound.frames, sound.samplerate, sound.subtype) == (64000, 8000, "ULAW")
    assert client.get("/agents/hold-music.wav?for=0").status_code == 400
    assert client.get("/agents/hold-music.wav?from=-1").status_code == 400


def test_the_card_of_a_caller_in_danger_says_what_it_is(app: Flask, floor: Floor) -> None:
    me, other = floor.agent(), floor.asks(priority=1)
    in_danger = floor.asks(priority=actions.EMERGENCY, reason="emergency")
    told = ReportDraft(
        source_key="call:emergency",
        source="voice",
        language="en",
        call_id=floor.handover(in_danger).call_id,
        problem_text="he is not breathing",
        emergency="breathing",
    )
    with floor.database.transaction() as session:
        record_emergency(session, chicago(), told)
    floor.works()
    desk = browser(app, floor, me)
    offer = desk.get("/agents/state").get_json()["offer"]
    assert (offer["handover"], offer["emergency"]) == (in_danger, "breathing")
    page = desk.get("/agents/desk").get_data(as_text=True)
    assert "Not understood yet" not in page
    assert page.index("Somebody cannot breathe") < page.index('id="accept"')
    assert floor.handover(other).state == "waiting"
