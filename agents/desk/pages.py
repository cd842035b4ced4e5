"""The agent's desk: one page, and the small requests with which it keeps itself right.

An agent sees the talk on their own desk and nothing of any other call.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Response, abort, jsonify, make_response, render_template, request, url_for
from sqlalchemy.orm import Session

from agents import duty
from agents.desk import filing, queries, view
from agents.desk.queries import Desk, TalkSeen
from agents.handovers import actions
from agents.routing import music, offers
from carriers.base import Carrier, CarrierError
from carriers.phones import browser_phone
from config.city import City
from infra.clock import now
from infra.lifecycle import NotAllowed
from places.geocoder import geocoder_of
from places.typed import places_like
from tickets.cards import category_name
from tickets.catalogue import catalogue
from tickets.reports.numbers import written
from web.access.guard import Role, current_staff, public, requires
from web.api import error
from web.services import services
from web.ui.formats import clock
from web.ui.page import add_to_menu, page_blueprint

blueprint = page_blueprint("desk", "agents", url_prefix="/agents")

_TOKEN_S = 3600
_MOST_ID = 2**31 - 1
_LONGEST_PART_S = 20


@blueprint.get("/desk")
@requires(Role.AGENT)
def desk() -> str:
    """The desk."""
    settings, me = services().settings, current_staff()
    with services().database.read() as session:
        shown = queries.desk(session, me.id)
        talk = view.at_hand(shown)
        facts = {
            "me": me.id,
            "at": shown.at.isoformat(),
            "phone": {"kind": settings.agent_phone, "script": _phone_script()},
            "offer_s": settings.offer_s,
        }
        in_words = _conversation(session, talk) if talk else {}
        return render_template("agents/desk.html", facts=facts, **_in_words(shown) | in_words)


@blueprint.get("/state")
@requires(Role.AGENT)
def state() -> Response:
    """All that this agent's desk shows now."""
    with services().database.read() as session:
        return _desk_answer(session)


@blueprint.post("/here")
@requires(Role.AGENT)
def here() -> Response:
    """A sign of life of the page, every five seconds; the answer keeps it right."""
    with services().database.transaction("agents.pages.here") as session:
        duty.here(session, staff_id=current_staff().id)
        return _desk_answer(session)


@blueprint.post("/presence")
@requires(Role.AGENT)
def presence() -> Response:
    """The agent's own switch."""
    wanted = _json().get("wanted")
    if wanted not in ("ready", "away"):
        return error(400, "bad_presence", "expected wanted to be `ready` or `away`")
    with services().database.transaction("agents.pages.presence") as session:
        actions.set_presence(session, staff_id=current_staff().id, wanted=wanted)
        return _desk_answer(session)


@blueprint.post("/offers/<int(max=2147483647):offer_id>/accept")
@requires(Role.AGENT)
def accept(offer_id: int) -> Response:
    """Take the caller who rings."""
    with services().database.transaction("agents.pages.accept") as session:
        offers.accept(session, staff_id=current_staff().id, offer_id=offer_id)
        return _desk_answer(session)


@blueprint.post("/offers/<int(max=2147483647):offer_id>/decline")
@requires(Role.AGENT)
def decline(offer_id: int) -> Response:
    """Say no to the caller who rings."""
    with services().database.transaction("agents.pages.decline") as session:
        offers.decline(session, staff_id=current_staff().id, offer_id=offer_id)
        return _desk_answer(session)


@blueprint.post("/talks/<int(max=2147483647):handover_id>/end")
@requires(Role.AGENT)
def end(handover_id: int) -> Response:
    """Hang up; the page disconnects its phone after this."""
    with services().database.transaction("agents.pages.end") as session:
        actions.end_talk(session, staff_id=current_staff().id, handover_id=handover_id)
        return _desk_answer(session)


@blueprint.post("/talks/<int(max=2147483647):handover_id>/reconnect")
@requires(Role.AGENT)
def reconnect(handover_id: int) -> Response:
    """Take back the caller from whom this agent was cut off."""
    with services().database.transaction("agents.pages.reconnect") as session:
        actions.rejoin(session, staff_id=current_staff().id, handover_id=handover_id)
        return _desk_answer(session)


@blueprint.get("/talks/<int(max=2147483647):handover_id>/said")
@requires(Role.AGENT)
def said(handover_id: int) -> Response:
    """What was said on the call of a talk on this desk, after utterance `after`."""
    after = min(request.args.get("after", 0, type=int), _MOST_ID)
    with services().database.read() as session:
        handover = queries.talk_of(session, current_staff().id, handover_id)
        if handover is None:
            abort(404)
        found = queries.said_on(session, handover.call_id, after)
        if _wants_part():
            return _part("agents/_said.html", said=found, view=view)
        return jsonify(
            said=[
                {
                    "id": utterance.id,
                    "speaker": utterance.speaker,
                    "text": utterance.text,
                    "keys": utterance.keys,
                    "at": utterance.at.isoformat(),
                }
                for utterance in found
            ]
        )


@blueprint.get("/talks/<int(max=2147483647):handover_id>")
@requires(Role.AGENT)
def conversation(handover_id: int) -> Response:
    """The part of the desk on which an agent works: what was said, and the ticket's draft."""
    with services().database.read() as session:
        talk = view.at_hand(queries.desk(session, current_staff().id))
        if talk is None or talk.handover != handover_id:
            abort(404)
        return _part("agents/_conversation.html", talk=talk, **_conversation(session, talk))


@blueprint.post("/talks/<int(max=2147483647):handover_id>/draft")
@requires(Role.AGENT)
def draft(handover_id: int) -> Response:
    """Keep what the agent has typed so far."""
    with services().database.transaction("agents.pages.draft") as session:
        kept = filing.draft_from(services().get(City), _json())
        actions.save_draft(
            session, staff_id=_desk_owner(session, handover_id), handover_id=handover_id, draft=kept
        )
    at = clock(now(), services().get(City).zone, seconds=True)
    return jsonify(saved=True, draft=kept, at=at)


@blueprint.post("/talks/<int(max=2147483647):handover_id>/ticket")
@requires(Role.AGENT)
def ticket(handover_id: int) -> Response:
    """File the ticket from the draft; its number is there at once."""
    city = services().get(City)
    with services().database.transaction("agents.pages.ticket") as session:
        number = filing.file_ticket(
            session,
            city,
            staff_id=_desk_owner(session, handover_id),
            handover_id=handover_id,
            draft=filing.draft_from(city, _json()),
        )
    return jsonify(number=number)


@blueprint.post("/notes/done")
@requires(Role.AGENT)
def notes_done() -> Response:
    """End the wrap-up time."""
    with services().database.transaction("agents.pages.notes_done") as session:
        duty.end_wrap_up(session, staff_id=current_staff().id)
        return _desk_answer(session)


@blueprint.post("/notes/more")
@requires(Role.AGENT)
def notes_more() -> Response:
    """Double the wrap-up time, once."""
    with services().database.transaction("agents.pages.notes_more") as session:
        duty.extend_wrap_up(session, staff_id=current_staff().id)
        return _desk_answer(session)


@blueprint.get("/places")
@requires(Role.AGENT)
def places() -> Response:
    """Places in the city that begin like what is typed."""
    typed = request.args.get("q", "")[:120]
    found = places_like(geocoder_of(services().get(City)), typed)
    return jsonify(places=[asdict(place) for place in found])


@blueprint.get("/token")
@requires(Role.AGENT)
def token() -> Response:
    """A fresh access token for this agent's browser phone."""
    identity = f"agent_{current_staff().id}"
    try:
        made = services().get(Carrier).browser_token(identity, ttl_s=_TOKEN_S)
    except CarrierError:
        return error(503, "no_token", "the phone network gives no token; run `swiftline doctor`")
    answer = jsonify(token=made, identity=identity, ttl_s=_TOKEN_S)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/hold-music.wav")
@public
def hold_music() -> Response:
    """A part of the tune that waiting callers hear: `from` and `for`, in seconds."""
    from_s = request.args.get("from", 0, type=int)
    length_s = request.args.get("for", music.length_s(), type=int)
    if from_s < 0 or not 1 <= length_s <= max(_LONGEST_PART_S, music.length_s()):
        return error(400, "bad_part", "expected from >= 0 and for between 1 and 40 seconds")
    return Response(
        music.part(from_s % music.length_s(), length_s),
        content_type="audio/wav",
        headers={"Cache-Control": "public, max-age=86400"},
    )


@blueprint.errorhandler(offers.OfferGone)
def _offer_gone(gone: offers.OfferGone) -> Response:
    return error(409, "offer_gone", str(gone))


@blueprint.errorhandler(NotAllowed)
def _not_allowed(refused: NotAllowed) -> Response:
    return error(409, "not_allowed", str(refused))


@blueprint.errorhandler(actions.NotYours)
def _not_yours(_error: actions.NotYours) -> Response:
    return error(404, "no_such_talk", "no such talk is on this desk")


@blueprint.errorhandler(filing.DraftError)
def _bad_draft(wrong: filing.DraftError) -> Response:
    return error(422, "bad_draft", str(wrong))


def _phone_script() -> str:
    """Where the browser loads the telephone from: the local phone network, or a file of ours."""
    phone = browser_phone(services().settings)
    return url_for("desk.static", filename=phone.script) if phone.is_own_file else phone.script


def _desk_owner(session: Session, handover_id: int) -> int:
    """The signed-in agent, if that talk is on their desk now."""
    staff_id = current_staff().id
    if queries.talk_of(session, staff_id, handover_id) is None:
        raise actions.NotYours(f"handover {handover_id} is not on the desk of staff {staff_id}")
    return staff_id


def _desk_answer(session: Session) -> Response:
    """The desk as it is now: its part of the page, or values for who asks for JSON."""
    session.flush()
    shown = queries.desk(session, current_staff().id)
    if _wants_part():
        answer = _part("agents/_state.html", **_in_words(shown))
    else:
        answer = jsonify(as_json(shown))
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Desk-At"] = shown.at.isoformat()
    return answer


def _wants_part() -> bool:
    return "HX-Request" in request.headers


def _part(template: str, **shown: Any) -> Response:
    return make_response(render_template(template, **shown))


def _in_words(shown: Desk) -> dict[str, Any]:
    settings = services().settings
    return {
        "desk": shown,
        "view": view,
        "category_name": _category_name,
        "offer_s": settings.offer_s,
        "wrap_up_s": settings.wrap_up_s,
    }


def _conversation(session: Session, talk: TalkSeen) -> dict[str, Any]:
    return {
        "said": queries.said_on(session, talk.call, 0),
        "catalogue": catalogue(services().get(City)),
        "category_name": _category_name,
        "view": view,
        "written": written,
    }


def _category_name(code: str | None) -> str:
    return category_name(services().get(City), code) if code else ""


def as_json(shown: Desk) -> dict[str, Any]:
    """The desk as plain values; times in ISO 8601."""
    return {name: _plain(value) for name, value in asdict(shown).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _json() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) else {}


add_to_menu(Role.AGENT, "Desk", "desk.desk")
