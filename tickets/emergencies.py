"""Calls in which somebody is in danger: their record, and the alarm until a person takes it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from config.city import City
from tickets.models import Ticket
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import file_report
from tickets.triage.actions import open_ticket

UNKNOWN = "unknown"

KINDS = {
    "breathing": "Somebody cannot breathe",
    "collapse": "Somebody collapsed",
    "bleeding": "Somebody is bleeding",
    "fire": "Fire or smoke",
    "gas": "Smell of gas",
    "drowning": "Somebody is drowning",
    "violence": "Violence",
    "weapon": "Somebody has a weapon",
    "suicide": "Somebody may take their life",
    "missing_child": "A child is missing",
    "trapped": "Somebody is trapped",
    "wires_down": "Wires are down",
    "crash": "Crash with people hurt",
    "poisoning": "Poisoning",
    "call_for_help": "Call for help",
}
"""The kinds of danger that the line tells apart, as people read them."""


def kind_name(kind: str) -> str:
    """A kind in words, also one that a city or language added."""
    return KINDS.get(kind, "Somebody may be in danger")


def record_emergency(session: Session, city: City, draft: ReportDraft) -> Ticket:
    """File what a caller in danger said and open its ticket at once, in this transaction.

    It waits for no job: whatever happens next, people see it. May be repeated.
    """
    return open_ticket(session, city, file_report(session, draft), actor="line")
