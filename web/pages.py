"""The shell's own pages: signing in and out, the way home, the people, whether all is ready."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, abort, current_app, make_response, redirect, render_template, request
from flask import url_for as address_of
from werkzeug.wrappers import Response as BaseResponse

from infra import parked
from web import health, passwords, staff, throttle
from web.access import Role, current_staff, public, requires, staff_or_none
from web.models import Staff
from web.shell import add_to_menu, menu_for, page_blueprint, services

blueprint = page_blueprint("web", __name__)

_WRONG = "That name and password do not belong together. Check both and try again."

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
    with services().database.transaction("web.pages.sign_in_now.try") as session:
        wait_s = throttle.begin_try(session, **origin)
        person = None if wait_s else staff.staff_by_username(session, username)
    if wait_s:
        return _too_many(wanted, username, wait_s)
    if not _is_right(person, request.form.get("password", "")):
        return _sign_in_page(wanted, username=username, problem=_WRONG, status=422)
    assert person is not None
    with services().database.transaction("web.pages.sign_in_now.right") as session:
        throttle.succeeded(session, **origin)
        staff.sign_out(session, request.cookies.get(staff.COOKIE, ""))
        token = staff.sign_in(session, person.id)
    return _with_cookie(redirect(wanted, 303), token)


@blueprint.post("/signout")
@requires()
def sign_out() -> BaseResponse:
    """End this sign-in, here and with us."""
    with services().database.transaction("web.pages.sign_out") as session:
        staff.sign_out(session, request.cookies.get(staff.COOKIE, ""))
    answer = redirect(address_of("web.sign_in"), 303)
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
        with services().database.transaction("web.pages.change_active") as session:
            if session.get(Staff, staff_id) is not None:
                staff.set_active(session, staff_id, active=wanted)
    return redirect(address_of("web.people"), 303)


@blueprint.post("/people/<int(max=2147483647):staff_id>/password")
@requires(Role.ADMIN)
def renew_password(staff_id: int) -> str:
    """Give somebody a new password, shown this once."""
    with services().database.transaction("web.pages.renew_password") as session:
        person = session.get(Staff, staff_id)
        if person is None:
            abort(404)
        password = staff.renew_password(session, staff_id)
    return _people_page(renewed=person, password=password)


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


def _people_page(renewed: Staff | None = None, password: str = "") -> str:
    with services().database.read() as session:
        people = staff.all_staff(session)
    return render_template("web/people.html", people=people, renewed=renewed, password=password)


def _is_right(person: Staff | None, password: str) -> bool:
    """As slow for a name that nobody has, or that may no longer sign in."""
    usable = person is not None and person.active
    right = passwords.is_right(person.password_hash if person else None, password)
    return usable and right


def _sign_in_page(
    wanted: str, *, username: str = "", problem: str = "", status: int = 200
) -> Response:
    page = render_template("web/signin.html", next=wanted, username=username, problem=problem)
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


add_to_menu(Role.ADMIN, "People", "web.people", order=80)
add_to_menu(Role.ADMIN, Role.SUPERVISOR, "System", "web.system", order=90)
