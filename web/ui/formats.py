"""How values are written on pages: times in the city's zone, durations, phone numbers."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from flask import Flask

from config.city import City
from infra.clock import now
from web.services import services

LOCALE = "en_US"
"""The language that staff read; times and days are written in it."""


def install(app: Flask) -> None:
    """Give the templates of `app` these formats as filters."""
    app.jinja_env.filters.update(
        ago=lambda moment: ago(moment, now()),
        local=lambda moment: local(moment, _zone(), now()),
        exact=lambda moment: exact(moment, _zone()),
        clock=lambda moment: clock(moment, _zone(), seconds=True),
        phone=phone,
        duration=duration,
        language=language,
    )


def ago(moment: datetime, at: datetime) -> str:
    """How far away a moment is: `just now`, `5 min ago`, `in 3 h`, `2 days ago`."""
    distance = at - moment
    size = abs(distance)
    if size < timedelta(seconds=60):
        return "just now"
    if size < timedelta(hours=1):
        text = f"{size.seconds // 60} min"
    elif size < timedelta(days=1):
        text = f"{size.seconds // 3600} h"
    elif size < timedelta(days=2):
        text = "1 day"
    else:
        text = f"{size.days} days"
    return f"{text} ago" if distance > timedelta(0) else f"in {text}"


def local(moment: datetime, zone: ZoneInfo, at: datetime) -> str:
    """A moment in the city's time: `today 14:05`, `Tue 3 Mar 14:05`, `3 Mar 2025 14:05`."""
    here, today = moment.astimezone(zone), at.astimezone(zone).date()
    days = (here.date() - today).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if days in near:
        return f"{near[days]} {clock(moment, zone)}"
    pattern = "EEE d MMM HH:mm" if here.year == today.year else "d MMM yyyy HH:mm"
    return format_datetime(moment, pattern, tzinfo=zone, locale=LOCALE)


def clock(moment: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """The time of day in the city: `14:05`, or `14:05:09`."""
    pattern = "HH:mm:ss" if seconds else "HH:mm"
    return format_datetime(moment, pattern, tzinfo=zone, locale=LOCALE)


def exact(moment: datetime, zone: ZoneInfo) -> str:
    """A moment to the second, with its zone: `2026-03-07 14:05:09 CST`."""
    return format_datetime(moment, "yyyy-MM-dd HH:mm:ss z", tzinfo=zone, locale=LOCALE)


def phone(number: str) -> str:
    """A phone number as people write it in its country; as it came if it is none."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def duration(seconds: float | None) -> str:
    """A duration: `0:42`, `12:05`, `1:02:03`; a dash when unknown."""
    if seconds is None:
        return "–"
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _zone() -> ZoneInfo:
    held = services()
    return held.get(City).zone if held.has(City) else ZoneInfo("UTC")


def language(code: str) -> str:
    """The name of a language: `English` for `en`; the code itself if it names none."""
    try:
        return Locale.parse(code, sep="-").get_display_name(LOCALE) or code
    except (ValueError, UnknownLocaleError):
        return code
