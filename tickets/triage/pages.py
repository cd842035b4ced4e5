"""The agents' queue of tickets that a person must look at before a department gets them."""

from __future__ import annotations

from dataclasses import replace

from flask import abort, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from config.city import City
from infra.clock import now
from infra.lifecycle import NotAllowed
from places.geocoder import geocoder_of
from places.place import Place
from places.typed import address_of, addresses_like
from tickets import actions, cards, queries
from tickets.actions import TicketError
from tickets.catalogue import catalogue
from tickets.life import WITH_PEOPLE_OF_THE_LINE
from tickets.queries import TicketWithReport
from tickets.reports.numbers import written
from tickets.triage import actions as triage
from web.access.guard import Role, current_staff, requires
from web.access.staff import names_of
from web.services import services
from web.ui.page import page_blueprint

blueprint = page_blueprint("triage", __name__, url_prefix="/triage")


@blueprint.get("/")
@requires(Role.AGENT, Role.SUPERVISOR)
def queue() -> str:
    """Every ticket that waits for a person, the oldest first."""
    return _queue("tickets/check.html")


@blueprint.get("/list")
@requires(Role.AGENT, Role.SUPERVISOR)
def queue_list() -> str:
    """The cards alone, fetched again when a ticket changes."""
    return _queue("tickets/_check_list.html")


@blueprint.get("/places")
@requires(Role.AGENT, Role.SUPERVISOR)
def places() -> str:
    """Addresses that begin like what is typed, as options of the address field."""
    typed = request.args.get("address", "")[:120]
    known = geocoder_of(services().get(City))
    return render_template(
        "tickets/_places.html", places=addresses_like(known, typed), found=address_of(known, typed)
    )


@blueprint.get("/<string(minlength=8):number>")
@requires(Role.AGENT, Role.SUPERVISOR)
def complete(number: str) -> str:
    """One ticket, with what is missing to be filled in."""
    return _form(number)


@blueprint.post("/<string(minlength=8):number>")
@requires(Role.AGENT, Role.SUPERVISOR)
def send_on(number: str) -> Response:
    """Send the completed ticket to its department."""
    city, sent = services().get(City), request.form
    try:
        with services().database.transaction("tickets.triage.pages.send_on") as session:
            found = _ticket_of(session, number)
            triage.check_ticket(
                session,
                city,
                found.ticket.id,
                category=sent.get("category", ""),
                department=sent.get("department", "") or _usual_department(city),
                place=_place(city, found),
                note=sent.get("note", "").strip()[: actions.LONGEST_NOTE],
                actor=_me(),
            )
    except TicketError as error:
        return make_response(_form(number, problem=str(error)), 422)
    except NotAllowed as error:
        abort(409, description=f"Somebody was faster: {error}.")
    return redirect(url_for("tickets.triage.queue"), 303)


@blueprint.post("/reports/<int(max=2147483647):report_id>/open")
@requires(Role.AGENT, Role.SUPERVISOR)
def open_by_hand(report_id: int) -> Response:
    """Make the ticket of a report that was left without one."""
    try:
        with services().database.transaction("tickets.triage.pages.open_by_hand") as session:
            made = triage.open_by_hand(session, services().get(City), report_id, actor=_me())
            number, waits = made.number, made.state in WITH_PEOPLE_OF_THE_LINE
    except TicketError as error:
        abort(404, description=str(error))
    if not waits:
        return redirect(url_for("tickets.triage.queue"), 303)
    return redirect(url_for("tickets.triage.complete", number=number), 303)


def _queue(template: str) -> str:
    city, moment = services().get(City), now()
    with services().database.read() as session:
        found = queries.tickets_in_triage(session)
        stuck = queries.stuck_reports(session)
    return render_template(
        template,
        cards=[cards.card(city, each, moment) for each in found],
        stuck=stuck,
        written=written,
    )


def _form(number: str, problem: str = "") -> str:
    city = services().get(City)
    with services().database.read() as session:
        found = _ticket_of(session, number)
        events = queries.history(session, found.ticket.id)
        names = names_of(session, [cards.actor_id(event.actor) or 0 for event in events])
        said = queries.said_by_caller(session, found.ticket.call_id)
    ticket = found.ticket
    shown = {
        "category": ticket.category or "",
        "department": ticket.department or "",
        "address": ticket.address,
        "district": ticket.district or "",
        "note": "",
    }
    if request.method == "POST":
        shown |= {name: request.form.get(name, "") for name in shown}
    return render_template(
        "tickets/complete.html",
        card=cards.card(city, found, now()),
        report=found.report,
        said=said,
        history=[cards.line(city, event, names) for event in reversed(events)],
        catalogue=sorted(catalogue(city), key=lambda entry: entry.name),
        departments=city.departments,
        districts=sorted(geocoder_of(city).districts),
        shown=shown,
        problem=problem,
    )


def _usual_department(city: City) -> str:
    return city.department_of(request.form.get("category")).code


def _place(city: City, found: TicketWithReport) -> Place:
    """The place that was entered: an address of the city, or words with a chosen district.

    What the line had understood keeps its point while the words stay the same.
    """
    typed = " ".join(request.form.get("address", "").split())[:200]
    district = request.form.get("district") or None
    ticket = found.ticket
    known = address_of(geocoder_of(city), typed)
    if known is None and typed == ticket.address and ticket.lat is not None:
        known = Place(typed, district=ticket.district, lat=ticket.lat, lon=ticket.lon)
    if known is None:
        return Place(typed, district=district)
    return replace(known, district=district or known.district)


def _ticket_of(session: Session, number: str) -> TicketWithReport:
    found = queries.find_ticket(session, number)
    if found is None:
        abort(404)
    if found.ticket.state not in WITH_PEOPLE_OF_THE_LINE:
        abort(409, description="This ticket has been checked already; it is with its department.")
    return found


def _me() -> str:
    return f"staff:{current_staff().id}"
