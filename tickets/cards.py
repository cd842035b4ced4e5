"""A ticket as a person sees it: names instead of codes, and the time that is left. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.city import City
from config.toml_models import ConfigError
from tickets.deadlines import TimeLeft, time_left
from tickets.emergencies.kinds import kind_name
from tickets.life import STATE_NAMES, WITH_DEPARTMENT, State
from tickets.models import TicketEvent
from tickets.queries import TicketWithReport
from tickets.reports.numbers import written
from tickets.triage.routing import TRIAGE_REASONS

SOURCES = {
    "voice": "by voice",
    "keys": "by keys",
    "message": "as a message",
    "cut_off": "in a call that broke off",
    "agent": "by an agent",
}

_TONES = {
    State.DISPATCHED: "info",
    State.REOPENED: "warn",
    State.ACKNOWLEDGED: "plain",
    State.WORKING: "plain",
    State.REPORTED: "good",
    State.VERIFIED: "good",
    State.RETURNED: "warn",
    State.ARBITRATION: "warn",
    State.TRIAGE: "warn",
}

_HAPPENED = {
    "opened": "Ticket opened",
    "dispatched": "Checked and sent on",
    "acknowledged": "Acknowledged",
    "started": "Work started",
    "reported_done": "Reported done",
    "returned": "Returned",
    "transcribed": "The message was transcribed",
    "emergency": "Taken for an emergency",
    "alarm_taken": "Emergency taken",
    "called_back": "Called back",
    "connected": "Connected to the emergency number",
}

_FACTS = {
    "category": "kind",
    "department": "department",
    "address": "place",
    "district": "district",
    "deadline": "deadline",
}


@dataclass(frozen=True)
class Card:
    """What one ticket shows in a list and at the head of its page."""

    number: str
    written: str
    title: str
    department: str
    address: str
    district: str
    words: str
    state: str
    state_name: str
    tone: str
    time: TimeLeft | None
    """None once the department has nothing left to do."""
    due_at: datetime | None
    filed_at: datetime
    source: str
    priority: str
    triage_reasons: tuple[str, ...]
    emergency: str
    """What danger the caller told of, in words; empty in ordinary matters."""
    is_alarm: bool
    """Nobody has taken the emergency yet."""
    must_call_back: bool
    """Nobody has said yet that they called the person in danger back."""


@dataclass(frozen=True)
class Line:
    """One line of a ticket's history."""

    title: str
    by: str
    note: str
    changes: tuple[str, ...]
    at: datetime


def card(city: City, found: TicketWithReport, at: datetime) -> Card:
    """The card of a ticket, as it is at that moment."""
    ticket, report = found.ticket, found.report
    state = State(ticket.state)
    runs = state in WITH_DEPARTMENT or bool(ticket.triage_reasons)
    due = ticket.deadline_at
    danger = kind_name(ticket.emergency) if ticket.emergency is not None else ""
    return Card(
        number=ticket.number,
        written=written(ticket.number),
        title=danger if danger and not ticket.category else category_name(city, ticket.category),
        department=department_name(city, ticket.department),
        address=ticket.address,
        district=ticket.district or "",
        words=ticket.summary,
        state=state.value,
        state_name=STATE_NAMES[state],
        tone=_TONES.get(state, "plain"),
        time=time_left(due, report.filed_at, at) if due and runs else None,
        due_at=due,
        filed_at=report.filed_at,
        source=SOURCES.get(report.source, report.source),
        priority=_priority_name(city, ticket.priority),
        triage_reasons=tuple(
            TRIAGE_REASONS.get(reason, reason) for reason in ticket.triage_reasons
        ),
        emergency=danger,
        is_alarm=bool(danger) and ticket.alarm_taken_at is None,
        must_call_back=bool(danger) and ticket.called_back_at is None,
    )


def line(city: City, event: TicketEvent, names: Mapping[int, str]) -> Line:
    """A line of history in words; `names` are the staff's, by id."""
    is_first = event.action == "opened"
    return Line(
        title=_HAPPENED.get(event.action, event.action.replace("_", " ")),
        by=names.get(actor_id(event.actor) or 0, "the hotline"),
        note=event.note,
        changes=() if is_first else _changes(city, event.changes),
        at=event.at,
    )


def actor_id(actor: str) -> int | None:
    """The staff id in `staff:7`; None for the line and for jobs."""
    kind, _, number = actor.partition(":")
    return int(number) if kind == "staff" and number.isdigit() else None


def category_name(city: City, code: str | None) -> str:
    """The name of a category, also of one that the city no longer has."""
    if not code:
        return "Kind not known yet"
    try:
        return city.category(code).name
    except ConfigError:
        return code


def department_name(city: City, code: str | None) -> str:
    """The name of a department, also of one that the city no longer has."""
    if not code:
        return "No department yet"
    try:
        return city.department(code).name
    except ConfigError:
        return code


def _priority_name(city: City, code: str) -> str:
    try:
        return city.priority(code).name
    except ConfigError:
        return code


def _changes(city: City, changes: Mapping[str, Any]) -> tuple[str, ...]:
    told = []
    for name, pair in changes.items():
        if name in _FACTS and isinstance(pair, list) and len(pair) == 2 and name != "deadline":
            told.append(f"{_FACTS[name]}: {_shown(city, name, pair[1])}")
    return tuple(told)


def _shown(city: City, name: str, value: Any) -> str:
    if name == "category":
        return category_name(city, value)
    if name == "department":
        return department_name(city, value)
    return str(value or "none")
