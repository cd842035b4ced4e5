"""The conversation on an agent's desk: what was said, the ticket's draft, and its end.

An agent sees the conversation on their own desk and nothing of any other call.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy.orm import Session

from agents.desk import filing, queries, view
from agents.desk.pages.answers import (
    conversation_in_words,
    desk_answer,
    part,
    said_in_words,
    sent_json,
    wants_part,
)
from agents.handovers import actions, connecting
from config.city import City
from infra.clock import now
from web.access.guard import Role, current_staff, requires
from web.services import services
from web.ui.formats import clock

blueprint = Blueprint("conversations", __name__, url_prefix="/conversations")

_MOST_ID = 2**31 - 1


@blueprint.post("/<int(max=2147483647):handover_id>/end")
@requires(Role.AGENT)
def end(handover_id: int) -> Response:
    """Hang up; the page disconnects its phone after this."""
    with services().database.transaction("agents.desk.end") as session:
        actions.end_conversation(session, staff_id=current_staff().id, handover_id=handover_id)
        return desk_answer(session)


@blueprint.post("/<int(max=2147483647):handover_id>/reconnect")
@requires(Role.AGENT)
def reconnect(handover_id: int) -> Response:
    """Take back the caller from whom this agent was cut off."""
    with services().database.transaction("agents.desk.reconnect") as session:
        connecting.rejoin(session, staff_id=current_staff().id, handover_id=handover_id)
        return desk_answer(session)


@blueprint.get("/<int(max=2147483647):handover_id>/said")
@requires(Role.AGENT)
def said(handover_id: int) -> Response:
    """What was said on the call of a conversation on this desk, after utterance `after`."""
    after = min(request.args.get("after", 0, type=int), _MOST_ID)
    with services().database.read() as session:
        handover = queries.conversation_of(session, current_staff().id, handover_id)
        if handover is None:
            abort(404)
        if wants_part():
            return part("agents/_said.html", **said_in_words(session, handover.call_id, after))
        found = queries.said_on(session, handover.call_id, after)
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


@blueprint.get("/<int(max=2147483647):handover_id>")
@requires(Role.AGENT)
def conversation(handover_id: int) -> Response:
    """The part of the desk on which an agent works: what was said, and the ticket's draft."""
    with services().database.read() as session:
        at_hand = view.at_hand(queries.desk(session, current_staff().id))
        if at_hand is None or at_hand.handover != handover_id:
            abort(404)
        in_words = conversation_in_words(session, at_hand)
        return part("agents/_conversation.html", conversation=at_hand, **in_words)


@blueprint.post("/<int(max=2147483647):handover_id>/draft")
@requires(Role.AGENT)
def draft(handover_id: int) -> Response:
    """Keep what the agent has typed so far."""
    with services().database.transaction("agents.desk.draft") as session:
        kept = filing.draft_from(services().get(City), sent_json())
        actions.save_draft(
            session, staff_id=_desk_owner(session, handover_id), handover_id=handover_id, draft=kept
        )
    at = clock(now(), services().get(City).zone, seconds=True)
    return jsonify(saved=True, draft=kept, at=at)


@blueprint.post("/<int(max=2147483647):handover_id>/ticket")
@requires(Role.AGENT)
def ticket(handover_id: int) -> Response:
    """File the ticket from the draft; its number is there at once."""
    city = services().get(City)
    with services().database.transaction("agents.desk.ticket") as session:
        number = filing.file_ticket(
            session,
            city,
            staff_id=_desk_owner(session, handover_id),
            handover_id=handover_id,
            draft=filing.draft_from(city, sent_json()),
        )
    return jsonify(number=number)


def _desk_owner(session: Session, handover_id: int) -> int:
    """The signed-in agent, if that conversation is on their desk now."""
    staff_id = current_staff().id
    if queries.conversation_of(session, staff_id, handover_id) is None:
        raise actions.NotYours(f"handover {handover_id} is not on the desk of staff {staff_id}")
    return staff_id
