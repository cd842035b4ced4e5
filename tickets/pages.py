"""The department's inbox and its tickets. A department sees its own tickets and no others."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from config.city import City
from infra.clock import now
from infra.lifecycle import NotAllowed
from tickets import actions, cards, queries
from tickets.actions import TicketError
from tickets.emergencies import pages as emergency_pages
from tickets.life import Action, State, possible
from tickets.models import Ticket
from tickets.queries import TicketWithReport
from tickets.reports.numbers import is_number, plain
from tickets.triage import pages as triage_pages
from web.access.guard import Role, current_staff, has_role, requires
from web.access.staff import names_of
from web.services import services
from web.ui.page import add_to_menu, page_blueprint

blueprint = page_blueprint("tickets", __name__, url_prefix="/tickets")
blueprint.register_blueprint(triage_pages.blueprint)
blueprint.register_blueprint(emergency_pages.blueprint)

_NUMBER_FREE = (State.ACKNOWLEDGED, State.WORKING, State.PAUSED, State.REPORTED, State.ASKING)
"""Once it is acknowledged the owner must be able to call the resident."""

_HAS_TYPO = "This number has a typo in it. Compare its digits and try again."


@blueprint.get("/")
@requires(Role.DEPARTMENT, Role.SUPERVISOR)
def inbox() -> str:
    """The inbox of one's department; a supervisor sees every department's."""
    return _inbox("tickets/inbox.html")


@blueprint.get("/list")
@requires(Role.DEPARTMENT, Role.SUPERVISOR)
def inbox_list() -> str:
    """The cards alone, fetched again when a ticket changes."""
    return _inbox("tickets/_list.html")


@blueprint.get("/find")
@requires(Role.DEPARTMENT, Role.SUPERVISOR)
def find() -> Response:
    """Go to the ticket whose number is typed."""
    typed = plain(request.args.get("number", ""))
    with services().database.read() as session:
        found = queries.find_ticket(session, typed, department=_own_department())
    if found is None:
        has_typo = typed and not is_number(typed)
        abort(404, description=_HAS_TYPO if has_typo else "No ticket of yours has this number.")
    return redirect(url_for("tickets.ticket", number=typed), 303)


@blueprint.get("/<string(minlength=8):number>")
@requires(Role.DEPARTMENT, Role.SUPERVISOR)
def ticket(number: str) -> str:
    """One ticket: what was said, what is due, what happened, what may be done."""
    return _ticket(number)


@blueprint.get("/<string(minlength=8):number>/part")
@requires(Role.DEPARTMENT, Role.SUPERVISOR)
def ticket_part(number: str) -> str:
    """The ticket without the frame of the page, fetched again when it changes."""
    return _ticket(number, template="tickets/_ticket.html")


@blueprint.post("/<string(minlength=8):number>/acknowledge")
@requires(Role.DEPARTMENT)
def acknowledge(number: str) -> Response:
    """Take the ticket."""
    return _act(number, lambda session, own, me: actions.acknowledge(session, own, actor=me))


@blueprint.post("/<string(minlength=8):number>/start")
@requires(Role.DEPARTMENT)
def start(number: str) -> Response:
    """Begin the work."""
    return _act(number, lambda session, own, me: actions.start_work(session, own, actor=me))


@blueprint.post("/<string(minlength=8):number>/done")
@requires(Role.DEPARTMENT)
def done(number: str) -> Response:
    """Say what was done."""
    note = request.form.get("note", "")
    return _act(
        number, lambda session, own, me: actions.report_done(session, own, note=note, actor=me)
    )


@blueprint.post("/<string(minlength=8):number>/return")
@requires(Role.DEPARTMENT)
def return_ticket(number: str) -> Response:
    """Say why the ticket is not ours."""
    reason = request.form.get("reason", "")
    return _act(
        number,
        lambda session, own, me: actions.return_ticket(session, own, reason=reason, actor=me),
    )


def _own_department() -> str | None:
    """The department whose tickets the person sees; None means all of them.

    Somebody without a department sees those of none.
    """
    if has_role(Role.SUPERVISOR):
        return None
    return current_staff().department or "-"


def _inbox(template: str) -> str:
    view = request.args.get("view", "open")
    if view not in queries.VIEWS:
        view = "open"
    own = _own_department()
    chosen = own or request.args.get("department") or None
    city, moment = services().get(City), now()
    with services().database.read() as session:
        found = queries.inbox(session, chosen, view)
        counts = queries.counts(session, chosen)
    return render_template(
        template,
        cards=[cards.card(city, each, moment) for each in found],
        counts=counts,
        view=view,
        department=chosen,
        department_name=cards.department_name(city, chosen) if chosen else "All departments",
        departments=city.departments if own is None else (),
        has_department=own != "-",
        most=queries.MOST_CARDS,
    )


def _ticket(
    number: str, *, template: str = "tickets/ticket.html", problem: str = "", typed: str = ""
) -> str:
    with services().database.read() as session:
        found = _ticket_of(session, number)
        events = queries.history(session, found.ticket.id)
        names = names_of(session, [cards.actor_id(event.actor) or 0 for event in events])
        said = queries.said_by_caller(session, found.ticket.call_id)
        receipt = queries.receipt_of(session, found.report.id)
    city = services().get(City)
    owns = has_role(Role.DEPARTMENT) and found.ticket.department == current_staff().department
    return render_template(
        template,
        card=cards.card(city, found, now()),
        report=found.report,
        said=said,
        receipt=receipt,
        history=[cards.line(city, event, names) for event in reversed(events)],
        actions=[action.value for action in possible(found.ticket.state)] if owns else [],
        Action=Action,
        caller_number=found.report.caller_number if _may_call(found.ticket, owns=owns) else None,
        owns=owns,
        problem=problem,
        typed=typed,
    )


def _may_call(own: Ticket, *, owns: bool) -> bool:
    return owns and own.state in _NUMBER_FREE


def _ticket_of(session: Session, number: str) -> TicketWithReport:
    found = queries.find_ticket(session, number, department=_own_department())
    if found is None:
        abort(404)
    return found


def _act(number: str, action: Callable[[Session, int, str], Ticket]) -> Response:
    """Do one thing to a ticket of one's own department, and show what became of it."""
    staff = current_staff()
    try:
        with services().database.transaction("tickets.pages.act") as session:
            department = staff.department or "-"
            found = queries.find_ticket(session, number, department=department)
            if found is None:
                abort(404)
            action(session, found.ticket.id, f"staff:{staff.id}")
    except TicketError as error:
        return make_response(_ticket(number, problem=str(error), typed=_typed()), 422)
    except NotAllowed as error:
        return make_response(_ticket(number, problem=f"Too late: {error}.", typed=_typed()), 409)
    return redirect(url_for("tickets.ticket", number=number), 303)


def _typed() -> str:
    """What was written, so that nobody writes it twice."""
    return request.form.get("note", "") or request.form.get("reason", "")


add_to_menu(blueprint, Role.DEPARTMENT, Role.SUPERVISOR, "Tickets", "tickets.inbox", order=20)
add_to_menu(blueprint, Role.AGENT, Role.SUPERVISOR, "To check", "tickets.triage.queue", order=60)
