"""The shell's own pages: the way home, and whether all is ready."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request
from flask import url_for as address_of
from werkzeug.wrappers import Response as BaseResponse

from infra.outbox.dead_letters import dead_letters, retry
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
        dead = dead_letters(session)
    return render_template(
        "web/system.html", findings=health.findings(current_app), dead_letters=dead
    )


@blueprint.post("/system/retry")
@requires(Role.ADMIN, Role.SUPERVISOR)
def retry_dead_letters() -> BaseResponse:
    """Let the dead letters of one job be tried once more."""
    job = request.form.get("job", "")
    if not job:
        abort(400)
    with services().database.transaction("web.pages.retry") as session:
        retry(session, job=job)
    return redirect(address_of("web.system"), 303)


add_to_menu(blueprint, Role.ADMIN, Role.SUPERVISOR, "System", "web.system", order=90)
