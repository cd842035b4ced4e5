"""Who may see what: roles, the mark each view carries, and the guard before every request.

A view without a mark is refused, so a forgotten decorator closes a page instead of opening it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, TypeVar, cast

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from infra.log import logger
from web.access import staff as people
from web.access.models import SignIn, Staff
from web.access.staff import COOKIE
from web.api import error, expects_json
from web.services import services

_log = logger(__name__)
View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    """What a person does here; one person may hold several."""

    AGENT = "agent"
    QA = "qa"
    DEPARTMENT = "department"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


ROLE_NAMES = {
    Role.AGENT: "Agent",
    Role.QA: "QA reviewer",
    Role.DEPARTMENT: "Department officer",
    Role.SUPERVISOR: "Supervisor",
    Role.ADMIN: "Administrator",
}


def requires(*roles: Role) -> Callable[[View], View]:
    """Let in whoever holds any of these roles; without roles, everyone who is signed in."""
    return _marked(frozenset(roles or Role))


def public(view: View) -> View:
    """Let everybody in, signed in or not."""
    return _marked(frozenset())(view)


def current_staff() -> Staff:
    """The person who is signed in. Use it in views that require a role."""
    staff = staff_or_none()
    if staff is None:
        raise LookupError("nobody is signed in; mark the view with @requires")
    return staff


def staff_or_none() -> Staff | None:
    """The person who is signed in, if anybody is."""
    found = _signed_in()
    return found[0] if found else None


def current_sign_in() -> SignIn | None:
    """The sign-in of this browser, if there is one."""
    found = _signed_in()
    return found[1] if found else None


def roles_of(staff: Staff) -> frozenset[Role]:
    """The roles that a person holds; values from another version are ignored."""
    return frozenset(Role(value) for value in staff.roles if value in set(Role))


def has_role(*roles: Role) -> bool:
    """Whether the person who is signed in holds any of these roles."""
    staff = staff_or_none()
    return staff is not None and bool(roles_of(staff) & set(roles))


def install(app: Flask) -> None:
    """Put the guard before every request of `app`."""
    app.before_request(_guard)


def rule_of(app: Flask, endpoint: str) -> frozenset[Role] | None:
    """The roles an endpoint lets in; empty means everybody, None that it has no mark."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return frozenset()
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    if blueprint is not None and getattr(blueprint, "is_signed", False):
        return frozenset()
    mark: frozenset[Role] | None = getattr(app.view_functions[endpoint], "lets_in", None)
    return mark


def unmarked_endpoints(app: Flask) -> tuple[str, ...]:
    """Endpoints that nobody can reach because their view carries no mark."""
    names: Iterable[str] = sorted({rule.endpoint for rule in app.url_map.iter_rules()})
    return tuple(name for name in names if rule_of(app, name) is None)


def _marked(roles: frozenset[Role]) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.lets_in = roles  # type: ignore[attr-defined]
        return view

    return mark


def _guard() -> BaseResponse | None:
    if request.endpoint is None:
        return None
    lets_in = rule_of(current_app, request.endpoint)
    if lets_in is None:
        _log.error("a view without an access rule was refused", endpoint=request.endpoint)
        abort(403)
    if not lets_in:
        return None
    staff = staff_or_none()
    if staff is None:
        return _ask_to_sign_in()
    if not roles_of(staff) & lets_in:
        abort(403)
    return None


def _ask_to_sign_in() -> BaseResponse:
    page = url_for("access.sign_in")
    if expects_json():
        refused = error(401, "signed_out", "sign in again; this page will lead you there")
        refused.headers["HX-Redirect"] = page
        return refused
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    target = url_for("access.sign_in", next=wanted) if wanted not in ("", "/") else page
    return cast(Response, redirect(target, 303))


def _signed_in() -> tuple[Staff, SignIn] | None:
    if "signed_in" not in g:
        g.signed_in = _look_up()
    found: tuple[Staff, SignIn] | None = g.signed_in
    return found


def _look_up() -> tuple[Staff, SignIn] | None:
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    database = services().database
    with database.read() as session:
        found = people.find_sign_in(session, token)
    if found and _is_activity() and people.is_stale(found[1]):
        try:
            with database.transaction("web.access.guard.sign_of_life") as session:
                people.touch(session, found[1].id)
        except OperationalError:
            _log.info("sign of life not written: the database is busy")
    return found


def _is_activity() -> bool:
    """A page that refreshes itself does not keep an absent person signed in."""
    return request.headers.get("X-Live") != "1"
