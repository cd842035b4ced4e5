"""Who must act on a report, and whether a person has to look at it first: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.city import City
from places.geocoder import geocoder_of
from places.place import Place
from tickets.deadlines import deadline
from tickets.models import Report
from tickets.reports.draft import ReportDraft

SURE_CATEGORY = 0.5
SURE_PLACE = 0.6

TRIAGE_REASONS = {
    "emergency": "Somebody may be in danger: call back",
    "called_back": "Called back: complete it and send it on",
    "message": "Left as a message: nobody has confirmed what it says",
    "cut_off": "The caller hung up before the end",
    "no_category": "The kind of problem is missing",
    "uncertain_category": "The kind of problem is a guess",
    "unknown_category": "The city no longer has this kind of problem",
    "no_place": "The place is missing",
    "uncertain_place": "The place is a guess",
    "no_district": "The place is in no known district",
    "returned": "The department returned it: not theirs",
    "arbitration": "Returned a second time: the ruling is final",
    "trouble": "Could not be sorted by itself",
}
"""Every reason for a person to look, as they read it."""


@dataclass(frozen=True)
class Route:
    """Where a ticket goes. With no `triage_reasons` for a person to look, at once."""

    department: str
    priority: str
    deadline_at: datetime
    place: Place
    triage_reasons: tuple[str, ...]


def route(city: City, report: Report | ReportDraft, *, filed_at: datetime) -> Route:
    """Decide department, district, urgency, deadline, and what is uncertain."""
    priority = city.priority_of(report.category)
    if report.emergency is not None:
        priority = city.priority(city.emergency_priority)
    place = place_of(city, report.place, report.place_text)
    return Route(
        department=city.department_of(report.category).code,
        priority=priority.code,
        deadline_at=deadline(city, priority, filed_at),
        place=place,
        triage_reasons=(
            *(("emergency",) if report.emergency is not None else ()),
            *((report.source,) if report.source in ("message", "cut_off") else ()),
            *_category_reasons(city, report),
            *_place_reasons(report, place),
        ),
    )


def place_of(city: City, place: Mapping[str, Any] | None, place_text: str) -> Place:
    """The place as understood; the caller's own words where nothing was."""
    known = place or {}
    address = str(known.get("address") or place_text)[:200]
    lat, lon = known.get("lat"), known.get("lon")
    district = known.get("district")
    if district is None and lat is not None and lon is not None:
        district = geocoder_of(city).district_at(lat, lon)
    return Place(address, district=district, lat=lat, lon=lon)


def _category_reasons(city: City, report: Report | ReportDraft) -> tuple[str, ...]:
    """A caller who said "yes, that is right" settles a middling score."""
    if not report.category:
        return ("no_category",)
    if report.category not in {each.code for each in city.categories}:
        return ("unknown_category",)
    sure = report.confirmed or (report.category_score or 0) >= SURE_CATEGORY
    return () if sure else ("uncertain_category",)


def _place_reasons(report: Report | ReportDraft, place: Place) -> tuple[str, ...]:
    """`problem` is what kept the line from an exact place: only a neighbourhood, say."""
    if not report.place:
        return ("uncertain_place",) if place.address else ("no_place",)
    sure = report.confirmed or float(report.place.get("score") or 0) >= SURE_PLACE
    if report.place.get("problem") or not sure:
        return ("uncertain_place",)
    return () if place.district else ("no_district",)
