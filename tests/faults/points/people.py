"""Drives of people: what the pages of agents, officers, listeners and admins commit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import click
from sqlalchemy import select, update

from agents import duty
from agents.handovers import actions, connecting
from agents.models import Handover, Offer, Presence
from agents.routing import offers
from calls.models import Call
from infra.clock import now
from ops import cli
from recordings.models import Listening, Recording
from tests.faults.points.world import Drive, World, handover_is, presence_is
from tests.recordings.sounds import call_wav
from tests.tickets.conftest import a_report
from tests.web.conftest import PASSWORD, Browser, person
from tickets.models import Report, Ticket, TicketEvent
from web.access.guard import Role
from web.access.models import SignIn, Staff

LEG = "CA" + "a" * 32
SOUND = "RE" + "3" * 32


def duty_begins(world: World) -> None:
    """Ada is at her desk and ready."""
    world.person("ada", "agent")
    with world.database.transaction() as session:
        duty.here(session, staff_id=1)
        actions.set_presence(session, staff_id=1, wanted="ready")


def rings(world: World) -> None:
    """A caller rings at Ada."""
    duty_begins(world)
    world.posts("/ivr/voice")
    with world.database.transaction() as session:
        actions.ask_for_person(session, call_id=session.scalars(select(Call.id)).one())
    world.works("live")


def talks(world: World) -> None:
    """Ada talks with a caller."""
    rings(world)
    with world.database.transaction() as session:
        offers.accept(session, staff_id=1, offer_id=1)
    with world.database.transaction() as session:
        connecting.connect_leg(session, staff_id=1, offer_id=1, leg_sid=LEG)


def wraps_up(world: World) -> None:
    """Ada's conversation is over; she wraps up."""
    talks(world)
    with world.database.transaction() as session:
        actions.end_conversation(session, staff_id=1, handover_id=1)


def was_cut_off(world: World) -> None:
    """Ada has lost the caller, who waits at the front."""
    talks(world)
    with world.database.transaction() as session:
        actions.agent_lost(session, session.get_one(Handover, 1))


def reported(world: World, **changes: Any) -> None:
    """A report and its ticket."""
    with world.database.transaction() as session:
        a_report(session, **changes)
    world.settles()


def listened_to(world: World) -> None:
    """A recording in the archive, and Quinn, who may hear it."""
    world.person("quinn", "qa")
    world.desk.records.sounds[SOUND] = call_wav(2.0)
    world.posts("/ivr/voice")
    world.tells_of_recording(SOUND)
    world.settles()


def _click(
    place: str,
    path: str | Callable[[World], str],
    prepare: Callable[[World], object],
    check: Callable[[World], object],
    *,
    who: str = "ada",
    json: Any = None,
    form: dict[str, str] | None = None,
    before: Callable[[World], object] = lambda world: None,
) -> Drive:
    """A person clicks, and clicks again when nothing seems to have happened."""

    def act(world: World) -> object:
        at = path if isinstance(path, str) else path(world)
        return world.clicks(who, at, json=json, form=form)

    return Drive(place, act, check, prepare, before)


def _declined(world: World) -> None:
    assert world.one(Offer).state == "declined"
    assert world.one(Handover).state == "waiting"


def _drafted(world: World) -> None:
    assert world.one(Handover).draft["problem_text"] == "a hole"


def _filed_by_hand(world: World) -> None:
    assert world.one(Report).number == world.one(Handover).report_number


def _extended(world: World) -> None:
    assert world.one(Presence).extended


def _in_triage(world: World) -> None:
    world.person("ada", "agent")
    reported(world, category=None, place=None, place_text="near the mill", source="message")


def _for_an_officer(world: World) -> None:
    reported(world)
    ticket = world.one(Ticket)
    world.person("dee", "department", department=ticket.department)


def _in_danger(world: World) -> None:
    reported(world, emergency="fire")
    world.person("ada", "agent")


def _alarm_taken(world: World) -> None:
    assert world.one(Ticket).alarm_taken_at is not None
    assert world.count(TicketEvent, TicketEvent.action == "alarm_taken") == 1


def _acknowledged(world: World) -> None:
    assert world.one(Ticket).state == "acknowledged"
    assert world.count(TicketEvent, TicketEvent.action == "acknowledged") == 1


def _sent_on(world: World) -> None:
    assert world.one(Ticket).state == "dispatched"
    assert world.count(TicketEvent, TicketEvent.action == "dispatched") == 1


def _without_ticket(world: World) -> None:
    world.person("ada", "agent")
    with world.database.transaction() as session:
        a_report(session)


def _number(world: World) -> str:
    with world.database.read() as session:
        return session.scalars(select(Report.number)).one()


def _public_id(world: World) -> str:
    with world.database.read() as session:
        return session.scalars(select(Recording.public_id)).one()


def _listening(world: World) -> None:
    assert world.count(Listening) >= 1
    assert world.one(Recording).state == "transcribed"


def _listens(world: World) -> None:
    listened_to(world)
    world.clicks("quinn", f"/recordings/{_public_id(world)}/listen", json={})


def _missing(world: World) -> None:
    listened_to(world)
    with world.database.transaction() as session:
        recording = session.scalars(select(Recording)).one()
        recording.state, recording.storage_key = "missing", None
        recording.media_type = "audio/wav"


def _fetched(world: World) -> None:
    assert world.one(Recording).storage_key


def _signs_in(world: World) -> object:
    return Browser(world.app.test_client()).sign_in("pat")


def _in(world: World) -> None:
    assert world.count(SignIn, SignIn.ended_at.is_(None)) >= 1
    assert _signs_in(world).status_code == 303  # type: ignore[attr-defined]


def _out(world: World) -> None:
    assert world.one(SignIn).ended_at is not None


def _admin(world: World) -> None:
    world.person("alex", "admin")
    world.person("ada", "agent")


def _stopped(world: World) -> None:
    assert not world.one(Staff, Staff.username == "ada").active
    assert world.clicks("ada", "/agents/here", json={}).status_code in (401, 303, 403)


def _renewed(world: World) -> None:
    assert world.one(Staff, Staff.username == "ada").password_hash


def _long_idle(world: World) -> None:
    with world.database.engine.begin() as connection:
        at = now() - timedelta(minutes=10)
        connection.execute(update(SignIn).values(seen_at=at))


def _seen(world: World) -> None:
    assert world.one(SignIn).seen_at > now() - timedelta(minutes=5)


def commands(*words: str) -> None:
    """A person enters `swiftline WORDS`, and may be refused; other errors are raised."""
    with suppress(SystemExit, click.ClickException):
        cli.main.main(list(words), prog_name="swiftline", standalone_mode=False)


def _adds_user(_world: World) -> None:
    commands("user", "add", "new", "--name", "New", "--role", "agent", "--password", PASSWORD)


def _user_added(world: World) -> None:
    assert world.one(Staff).username == "new"


_TICKET = {
    "problem_text": "a hole",
    "category": "pothole",
    "place": {"address": "1200 North Clark Street"},
    "place_text": "1200 north clark",
}
_CHECKED = {
    "category": "pothole",
    "department": "streets",
    "address": "1200 n clark st",
    "district": "",
    "note": "spoke to her",
}

DRIVES = (
    _click("agents.here", "/agents/here", duty_begins, presence_is("ready"), json={}),
    _click(
        "agents.presence",
        "/agents/presence",
        duty_begins,
        presence_is("away"),
        json={"wanted": "away"},
    ),
    _click(
        "agents.accept", "/agents/offers/1/accept", rings, handover_is("in_conversation"), json={}
    ),
    _click("agents.decline", "/agents/offers/1/decline", rings, _declined, json={}),
    _click("agents.end", "/agents/conversations/1/end", talks, handover_is("ended"), json={}),
    _click(
        "agents.reconnect",
        "/agents/conversations/1/reconnect",
        was_cut_off,
        handover_is("cut_off", "in_conversation"),
        json={},
    ),
    _click("agents.draft", "/agents/conversations/1/draft", talks, _drafted, json=_TICKET),
    _click("agents.ticket", "/agents/conversations/1/ticket", talks, _filed_by_hand, json=_TICKET),
    _click("agents.wrap_up_done", "/agents/wrap-up/done", wraps_up, presence_is("ready"), json={}),
    _click("agents.wrap_up_more", "/agents/wrap-up/more", wraps_up, _extended, json={}),
    _click(
        "tickets.act",
        lambda w: f"/tickets/{_number(w)}/acknowledge",
        _for_an_officer,
        _acknowledged,
        who="dee",
    ),
    _click(
        "emergencies.take",
        lambda w: f"/tickets/emergencies/{_number(w)}/take",
        _in_danger,
        _alarm_taken,
    ),
    _click(
        "tickets.send_on",
        lambda w: f"/tickets/triage/{_number(w)}",
        _in_triage,
        _sent_on,
        form=_CHECKED,
    ),
    _click(
        "tickets.open_by_hand",
        "/tickets/triage/reports/1/open",
        _without_ticket,
        lambda w: w.one(Ticket),
    ),
    _click(
        "recordings.listen",
        lambda w: f"/recordings/{_public_id(w)}/listen",
        listened_to,
        _listening,
        who="quinn",
        json={},
    ),
    _click(
        "recordings.go_on",
        lambda w: f"/recordings/{_public_id(w)}/listen/1",
        _listens,
        _listening,
        who="quinn",
        json={},
    ),
    _click(
        "recordings.fetch_again",
        lambda w: f"/recordings/{_public_id(w)}/fetch-again",
        _missing,
        _fetched,
        who="quinn",
    ),
    Drive("signing in", _signs_in, _in, lambda w: person(w.database, "pat", Role.AGENT)),
    _click("signing out", "/signout", lambda w: w.person("ada", "agent"), _out),
    _click(
        "stopping somebody", "/people/2/active", _admin, _stopped, who="alex", form={"active": "no"}
    ),
    _click("a new password", "/people/2/password", _admin, _renewed, who="alex"),
    _click(
        "a sign of life",
        "/agents/here",
        lambda w: w.person("ada", "agent"),
        _seen,
        json={},
        before=_long_idle,
    ),
    Drive("adding somebody", _adds_user, _user_added),
)
