"""The alarm on the pages of those who may take an emergency, and what they do about it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from config.city import City
from infra.clock import now
from infra.lifecycle import NotAllowed
from tickets import cards, queries
from tickets.actions import TicketError
from tickets.emergencies import actions
from tickets.models import Ticket
from web.access.guard import Role, current_staff, requires
from web.services import services
from web.ui.page import add_alarms

blueprint = Blueprint("emergencies", __name__, url_prefix="/emergencies")


@blueprint.get("/alarms")
@requires(Role.AGENT, Role.SUPERVISOR)
def alarms() -> str:
    """Every emergency that nobody has taken, for the head of any page."""
    city, moment = services().get(City), now()
    with services().database.read() as session:
        found = queries.open_alarms(session)
    return render_template(
        "tickets/_alarms.html", cards=[cards.card(city, each, moment) for each in found]
    )


@blueprint.post("/<string(minlength=8):number>/take")
@requires(Role.AGENT, Role.SUPERVISOR)
def take(number: str) -> Response:
    """Take the emergency."""
    return _act(number, lambda session, id, me: actions.take_alarm(session, id, actor=me))


@blueprint.post("/<string(minlength=8):number>/called-back")
@requires(Role.AGENT, Role.SUPERVISOR)
def called_back(number: str) -> Response:
    """Say what came of calling the caller back."""
    note = request.form.get("note", "")
    return _act(
        number, lambda session, id, me: actions.note_call_back(session, id, note=note, actor=me)
    )


def _act(number: str, action: Callable[[Session, int, str], Ticket]) -> Response:
    try:
        with services().database.transaction("tickets.emergencies.pages.act") as session:
            found = queries.find_ticket(session, number)
            if found is None:
                abort(404)
            action(session, found.ticket.id, f"staff:{current_staff().id}")
    except TicketError as error:
        abort(422, description=str(error))
    except NotAllowed as error:
        abort(409, description=f"Too late: {error}.")
    return redirect(url_for("tickets.triage.complete", number=number), 303)


add_alarms(blueprint, "tickets.emergencies.alarms")
