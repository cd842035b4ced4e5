"""The desk as a whole: its page, its state, and the agent's own presence."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, render_template, request

from agents import duty
from agents.desk import queries, view
from agents.desk.pages.answers import conversation_in_words, desk_answer, desk_in_words, sent_json
from agents.desk.pages.phone import phone_script
from agents.handovers import actions
from config.city import City
from places.geocoder import geocoder_of
from places.typed import places_like
from web.access.guard import Role, current_staff, requires
from web.api import error
from web.services import services

blueprint = Blueprint("page", __name__)


@blueprint.get("/desk")
@requires(Role.AGENT)
def desk() -> str:
    """The desk."""
    settings, me = services().settings, current_staff()
    with services().database.read() as session:
        shown = queries.desk(session, me.id)
        conversation = view.at_hand(shown)
        facts = {
            "me": me.id,
            "at": shown.at.isoformat(),
            "phone": {"kind": settings.agent_phone, "script": phone_script()},
            "offer_s": settings.offer_s,
        }
        in_words = conversation_in_words(session, conversation) if conversation else {}
        return render_template("agents/desk.html", facts=facts, **desk_in_words(shown) | in_words)


@blueprint.get("/state")
@requires(Role.AGENT)
def state() -> Response:
    """All that this agent's desk shows now."""
    with services().database.read() as session:
        return desk_answer(session)


@blueprint.post("/here")
@requires(Role.AGENT)
def here() -> Response:
    """A sign of life of the page, every five seconds; the answer keeps it right."""
    with services().database.transaction("agents.desk.here") as session:
        duty.here(session, staff_id=current_staff().id)
        return desk_answer(session)


@blueprint.post("/presence")
@requires(Role.AGENT)
def presence() -> Response:
    """The agent's own switch."""
    wanted = sent_json().get("wanted")
    if wanted not in ("ready", "away"):
        return error(400, "bad_presence", "expected wanted to be `ready` or `away`")
    with services().database.transaction("agents.desk.presence") as session:
        actions.set_presence(session, staff_id=current_staff().id, wanted=wanted)
        return desk_answer(session)


@blueprint.post("/wrap-up/done")
@requires(Role.AGENT)
def wrap_up_done() -> Response:
    """End the wrap-up time."""
    with services().database.transaction("agents.desk.wrap_up_done") as session:
        duty.end_wrap_up(session, staff_id=current_staff().id)
        return desk_answer(session)


@blueprint.post("/wrap-up/more")
@requires(Role.AGENT)
def wrap_up_more() -> Response:
    """Double the wrap-up time, once."""
    with services().database.transaction("agents.desk.wrap_up_more") as session:
        duty.extend_wrap_up(session, staff_id=current_staff().id)
        return desk_answer(session)


@blueprint.get("/places")
@requires(Role.AGENT)
def places() -> Response:
    """Places in the city that begin like what is typed."""
    typed = request.args.get("q", "")[:120]
    found = places_like(geocoder_of(services().get(City)), typed)
    return jsonify(places=[asdict(place) for place in found])
