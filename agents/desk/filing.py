"""The agent's ticket draft: what the desk may choose from, what it sends, and the filing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from agents.handovers.actions import own_handover
from calls.models import Call
from config.city import City
from infra.events import publish
from places.place import Place
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import file_report

_MOST_TEXT = 4000


class DraftError(ValueError):
    """A draft that cannot be kept or filed; the text says what was expected."""


def draft_from(city: City, sent: Mapping[str, Any]) -> dict[str, Any]:
    """A draft as the page sends it, checked. Raises DraftError."""
    category = sent.get("category") or None
    if category is not None and category not in {known.code for known in city.categories}:
        raise DraftError("expected category to be one of the city's; pick one from the list")
    return {
        "category": category,
        "category_score": _number(sent, "category_score", 0, 1),
        "problem_text": _text(sent, "problem_text"),
        "place_text": _text(sent, "place_text"),
        "place": _checked_place(sent.get("place")),
        "notes": _text(sent, "notes"),
    }


def file_ticket(
    session: Session,
    city: City,
    *,
    staff_id: int,
    handover_id: int,
    draft: Mapping[str, Any],
) -> str:
    """File the draft as the call's report; returns its number. Again: the same number.

    Raises DraftError while it says neither what is wrong nor of which kind it is.
    """
    handover = own_handover(session, staff_id=staff_id, handover_id=handover_id)
    if handover.report_number:
        return handover.report_number
    if not draft["category"] and not draft["problem_text"].strip():
        raise DraftError("say what is wrong: pick a kind of problem, or write the caller's words")
    call = session.get_one(Call, handover.call_id)
    report = file_report(
        session,
        ReportDraft(
            source_key=f"call:{call.id}:desk",
            call_id=call.id,
            source="agent",
            language=call.language,
            caller_number=call.caller_number,
            problem_text=_with_notes(draft),
            category=draft["category"],
            category_score=1.0 if draft["category"] else None,
            place=draft["place"],
            place_text=draft["place_text"],
            confirmed=True,
        ),
    )
    handover.draft, handover.report_number = dict(draft), report.number
    publish(session, "desk", staff_id)
    return report.number


def _with_notes(draft: Mapping[str, Any]) -> str:
    """The caller's words; the agent's notes below them."""
    parts = (draft["problem_text"].strip(), draft["notes"].strip())
    return "\n\n".join(part for part in parts if part)


def _checked_place(sent: object) -> dict[str, Any] | None:
    if sent is None:
        return None
    if not isinstance(sent, Mapping):
        raise DraftError("expected place to be one from the list, or none")
    place = Place(
        address=_text(sent, "address"),
        house_number=_whole(sent, "house_number"),
        street=_text(sent, "street"),
        district=_text(sent, "district") or None,
        lat=_number(sent, "lat", -90, 90),
        lon=_number(sent, "lon", -180, 180),
    )
    return {**asdict(place), "score": _number(sent, "score", 0, 1) or 1.0}


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name) or ""
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise DraftError(f"expected {name} to be text of at most {_MOST_TEXT} characters")
    return value


def _whole(sent: Mapping[str, Any], name: str) -> int | None:
    number = _number(sent, name, 0, 999_999)
    return int(number) if number is not None else None


def _number(sent: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = sent.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise DraftError(f"expected {name} to be a number")
    return min(most, max(least, value))
