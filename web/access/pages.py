"""Signing in and out, and the people who may."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from flask import url_for as address_of
from werkzeug.wrappers import Response as BaseResponse

from config.city import City
from web.access import passwords, staff, throttle
from web.access.guard import Role, current_staff, public, requires, staff_or_none
from web.access.models import Staff
from web.services import services
from web.ui.page import add_to_menu

blueprint = Blueprint("access", __name__, template_folder="templates")

_WRONG = "That name and password do not belong together. Check both and try again."


@blueprint.get("/signin")
@public
def sign_in() -> BaseResponse:
    """The sign-in page; whoever is signed in goes on."""
    wanted = _local(request.args.get("next", ""))
    if staff_or_none() is not None:
        return redirect(wanted, 303)
    return _sign_in_page(wanted)


@blueprint.post("/signin")
@public
def sign_in_now() -> BaseResponse:
    """Check name and password; begin a new sign-in with a new token."""
    wanted = _local(request.form.get("next", ""))
    username = request.form.get("username", "")[:200]
    origin = {"username": username, "address": request.remote_addr or ""}
    with services().database.transaction("web.access.pages.sign_in_now.try") as session:
        wait_s = throttle.begin_try(session, **origin)
        person = None if wait_s else staff.staff_by_username(session, username)
    if wait_s:
        return _too_many(wanted, username, wait_s)
    if not _is_right(person, request.form.get("password", "")):
        return _sign_in_page(wanted, username=username, problem=_WRONG, status=422)
    assert person is not None
    with services().database.transaction("web.access.pages.sign_in_now.right") as session:
        throttle.succeeded(session, **origin)
        staff.sign_out(session, request.cookies.get(staff.COOKIE, ""))
        token = staff.sign_in(session, person.id)
    return _with_cookie(redirect(wanted, 303), token)


@blueprint.post("/signout")
@requires()
def sign_out() -> BaseResponse:
    """End this sign-in, here and with us."""
    with services().database.transaction("web.access.pages.sign_out") as session:
        staff.sign_out(session, request.cookies.get(staff.COOKIE, ""))
    answer = redirect(address_of("access.sign_in"), 303)
    answer.delete_cookie(staff.COOKIE)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@blueprint.get("/people")
@requires(Role.ADMIN)
def people() -> str:
    """Everybody who may sign in, and who no longer may."""
    return _people_page()


@blueprint.post("/people/<int(max=2147483647):staff_id>/active")
@requires(Role.ADMIN)
def change_active(staff_id: int) -> BaseResponse:
    """Stop somebody at once, or let them in again."""
    wanted = request.form.get("active") == "yes"
    if staff_id != current_staff().id:
        with services().database.transaction("web.access.pages.change_active") as session:
            if session.get(Staff, staff_id) is not None:
                staff.set_active(session, staff_id, active=wanted)
    return redirect(address_of("access.people"), 303)


@blueprint.post("/people/<int(max=2147483647):staff_id>/password")
@requires(Role.ADMIN)
def renew_password(staff_id: int) -> str:
    """Give somebody a new password, shown this once."""
    with services().database.transaction("web.access.pages.renew_password") as session:
        person = session.get(Staff, staff_id)
        if person is None:
            abort(404)
        password = staff.renew_password(session, staff_id)
    return _people_page(renewed=person, password=password)


def _people_page(renewed: Staff | None = None, password: str = "") -> str:
    with services().database.read() as session:
        people = staff.all_staff(session)
    return render_template(
        "access/people.html",
        people=people,
        department_names={each.code: each.name for each in services().get(City).departments},
        renewed=renewed,
        password=password,
    )


def _is_right(person: Staff | None, password: str) -> bool:
    """As slow for a name that nobody has, or that may no longer sign in."""
    usable = person is not None and person.active
    right = passwords.is_right(person.password_hash if person else None, password)
    return usable and right


def _sign_in_page(
    wanted: str, *, username: str = "", problem: str = "", status: int = 200
) -> Response:
    page = render_template("access/signin.html", next=wanted, username=username, problem=problem)
    return make_response(page, status)


def _too_many(wanted: str, username: str, wait_s: int) -> Response:
    words = f"{wait_s} seconds" if wait_s < 120 else f"{(wait_s + 59) // 60} minutes"
    problem = f"Too many tries. Wait {words}, then try again."
    answer = _sign_in_page(wanted, username=username, problem=problem, status=429)
    answer.headers["Retry-After"] = str(wait_s)
    return answer


def _with_cookie(answer: BaseResponse, token: str) -> BaseResponse:
    answer.set_cookie(
        staff.COOKIE,
        token,
        httponly=True,
        samesite="Lax",
        secure=services().settings.secure_cookies,
    )
    return answer


def _local(wanted: str) -> str:
    """A path on this site to go on to; the way home for anything else."""
    parts = urlsplit(wanted)
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_local and not parts.netloc and not parts.scheme else "/"


add_to_menu(blueprint, Role.ADMIN, "People", "access.people", order=80)
