"""What a caller is told about their report: by text message, and at the end of the call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from config.city import City
from tickets.deadlines import deadline
from tickets.models import Report
from voice.dates import spoken_deadline
from voice.prompts import Prompts


def receipt_text(city: City, report: Report) -> str:
    """The text message for a report: number, matter, place, who acts and by when."""
    prompts = Prompts(report.language)
    place = (report.place or {}).get("address_text")
    if report.category is None or not place or not report.confirmed:
        return prompts.message("sms_receipt_short", number=report.number)
    due = deadline(city, city.grade_of(report.category), report.filed_at).astimezone(city.zone)
    return prompts.message(
        "sms_receipt",
        number=report.number,
        category=city.category(report.category).spoken(report.language),
        place=place,
        department=city.department_of(report.category).spoken(report.language),
        deadline=f"{due:%a %d %b, %H:%M}",
    )


def promise(
    city: City, category: str | None, filed_at: datetime, language: str
) -> Mapping[str, Any]:
    """Who acts and by when, as the line says it; empty when a person must decide first."""
    if category is None:
        return {}
    due = deadline(city, city.grade_of(category), filed_at).astimezone(city.zone)
    return {
        "department": city.department_of(category).spoken(language),
        "deadline": spoken_deadline(due, filed_at.astimezone(city.zone), language),
    }
