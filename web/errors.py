"""What a person reads when a page cannot be shown: what happened and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Response, make_response, render_template
from werkzeug.exceptions import HTTPException

from infra.log import logger
from web.access.guard import roles_of, staff_or_none
from web.api import error, expects_json

_log = logger(__name__)


@dataclass(frozen=True)
class Advice:
    """The words for one kind of error."""

    title: str
    text: str


_NO_ROLE = Advice(
    "You have no role yet",
    "You are signed in, but no page is open to you. Ask an administrator for the role that your"
    " work needs.",
)
_ADVICE = {
    400: Advice("That could not be read", "Go back, check what you entered and send it again."),
    403: Advice(
        "You may not open this page",
        "Your role does not include it. If your work needs it, ask an administrator.",
    ),
    404: Advice(
        "There is nothing here",
        "The address may be mistyped, or what is here is not yours to see. Start from the menu.",
    ),
    405: Advice("That does not work here", "Go back and use the buttons of the page."),
    409: Advice("Somebody was faster", "Reload the page to see what has happened meanwhile."),
    413: Advice("That was too large", "Send less at once."),
    500: Advice(
        "Something went wrong on our side",
        "Nothing was saved by halves. Try again. If it happens twice, tell the person who looks"
        " after this system, with the time on your clock.",
    ),
}


def install(app: Flask) -> None:
    """Answer every error of `app` in words."""
    app.register_error_handler(HTTPException, _answer)


def _answer(problem: HTTPException) -> Response:
    status = problem.code or 500
    if status >= 500:
        _log.error("page failed", status=status)
    if problem.response is not None and status < 400:
        return make_response(problem.response)
    advice = _advice(status)
    text = _own_words(problem) or advice.text
    if expects_json():
        return error(status, problem.name.lower().replace(" ", "_"), text)
    page = render_template("web/error.html", status=status, title=advice.title, text=text)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _advice(status: int) -> Advice:
    staff = staff_or_none() if status == 403 else None
    if staff is not None and not roles_of(staff):
        return _NO_ROLE
    return _ADVICE.get(status, _ADVICE[500 if status >= 500 else 400])


def _own_words(problem: HTTPException) -> str:
    """What the code said when it gave up, if it said anything of its own."""
    said = problem.description or ""
    return "" if said == type(problem).description else said
