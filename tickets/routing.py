"""Who must act on a report, and whether a person has to look at it first: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.city import City
from tickets.deadlines import deadline

SURE_CATEGORY = 0.5
SURE_PLACE = 0.6


@dataclass(frozen=True)
class Route:
    """Where a ticket goes. `to_check` lists why a person must look; empty sends it at once."""

    department: str
    district: str | None
    grade: str
    deadline_at: datetime
    to_check: tuple[str, ...]


def route(
    city: City,
    *,
    source: str,
    category: str | None,
    category_score: float | None,
    place: Mapping[str, Any] | None,
    confirmed: bool,
    filed_at: datetime,
) -> Route:
    """Decide department, district, urgency, deadline, and what is uncertain."""
    grade = city.grade_of(category)
    return Route(
        department=city.department_of(category).code,
        district=(place or {}).get("district"),
        grade=grade.code,
        deadline_at=deadline(city, grade, filed_at),
        to_check=tuple(_doubts(source, category, category_score, place, confirmed)),
    )


def _doubts(
    source: str,
    category: str | None,
    category_score: float | None,
    place: Mapping[str, Any] | None,
    confirmed: bool,
) -> list[str]:
    """A caller who said "yes, that is right" settles a middling score; a missing fact stays."""
    doubts = [source] if source in ("message", "cut_off") else []
    if category is None:
        doubts.append("no_category")
    elif not confirmed and (category_score or 0) < SURE_CATEGORY:
        doubts.append("uncertain_category")
    if not place:
        doubts.append("no_place")
    elif not confirmed and float(place.get("score") or 0) < SURE_PLACE:
        doubts.append("uncertain_place")
    elif place.get("district") is None:
        doubts.append("no_district")
    return doubts
