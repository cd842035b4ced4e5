"""What the desk's pages answer with: its parts, or values for who asks for JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Response, jsonify, make_response, render_template, request
from sqlalchemy.orm import Session

from agents.desk import queries, view
from agents.desk.queries import ConversationSeen, Desk
from config.city import City
from tickets.cards import category_name
from tickets.catalogue import catalogue
from tickets.emergencies.kinds import kind_name
from tickets.reports.numbers import written
from web.access.guard import current_staff
from web.services import services


def desk_answer(session: Session) -> Response:
    """The desk as it is now: its part of the page, or values for who asks for JSON."""
    session.flush()
    shown = queries.desk(session, current_staff().id)
    if wants_part():
        answer = part("agents/_state.html", **desk_in_words(shown))
    else:
        answer = jsonify(as_json(shown))
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Desk-At"] = shown.at.isoformat()
    return answer


def wants_part() -> bool:
    """Whether htmx asks, which swaps a part of the page."""
    return "HX-Request" in request.headers


def part(template: str, **shown: Any) -> Response:
    """A part of the page."""
    return make_response(render_template(template, **shown))


def desk_in_words(shown: Desk) -> dict[str, Any]:
    """What the template of the desk's state needs."""
    settings = services().settings
    return {
        "desk": shown,
        "view": view,
        "category_name": _category_name,
        "kind_name": kind_name,
        "offer_s": settings.offer_s,
        "wrap_up_s": settings.wrap_up_s,
    }


def conversation_in_words(session: Session, conversation: ConversationSeen) -> dict[str, Any]:
    """What the template of the conversation at hand needs."""
    return {
        **said_in_words(session, conversation.call, 0),
        "catalogue": catalogue(services().get(City)),
        "category_name": _category_name,
        "written": written,
    }


def said_in_words(session: Session, call_id: int, after: int) -> dict[str, Any]:
    """What the template of what was said needs, from the utterance after that id on."""
    return {
        "said": queries.said_on(session, call_id, after),
        "speakers": queries.speakers(session, call_id, current_staff().id),
        "view": view,
    }


def as_json(shown: Desk) -> dict[str, Any]:
    """The desk as plain values; times in ISO 8601."""
    return {name: _plain(value) for name, value in asdict(shown).items()}


def sent_json() -> dict[str, Any]:
    """The object that the page sent; empty when it sent none."""
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) else {}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _category_name(code: str | None) -> str:
    return category_name(services().get(City), code) if code else ""
