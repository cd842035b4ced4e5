"""The shell's own pages: the way home, and whether all is ready."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request
from flask import url_for as address_of
from werkzeug.wrappers import Response as BaseResponse

from infra import parked
from web import health
from web.access.guard import Role, current_staff, public, requires
from web.services import services
from web.ui.page import add_to_menu, menu_for

blueprint = Blueprint("web", __name__, template_folder="templates")

blueprint.add_url_rule("/healthz", "healthz", public(health.healthz))
blueprint.add_url_rule("/readyz", "readyz", public(health.readyz))


@blueprint.get("/")
@requires()
def home() -> BaseResponse:
    """The first page of a person's menu."""
    menu = menu_for(current_staff())
    if menu:
        return redirect(address_of(menu[0].endpoint), 303)
    return make_response(render_template("web/home.html"))


@blueprint.get("/system")
@requires(Role.ADMIN, Role.SUPERVISOR)
def system() -> str:
    """Whether everything the hotline leans on answers, in words."""
    with services().database.read() as session:
        given_up = parked.given_up(session)
    return render_template(
        "web/system.html", findings=health.findings(current_app), given_up=given_up
    )


@blueprint.post("/system/drive-again")
@requires(Role.ADMIN, Role.SUPERVISOR)
def drive_again() -> BaseResponse:
    """Let the parked work of one job be tried once more."""
    job = request.form.get("job", "")
    if not job:
        abort(400)
    with services().database.transaction("web.pages.drive_again") as session:
        parked.drive_again(session, job=job)
    return redirect(address_of("web.system"), 303)


add_to_menu(Role.ADMIN, Role.SUPERVISOR, "System", "web.system", order=90)
