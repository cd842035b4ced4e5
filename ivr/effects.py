"""What a step of a dialogue does outside it, in the transaction of the turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from agents.handovers.actions import ask_for_person
from calls.models import Call
from config.city import City
from ivr.dialogues.vocabulary import ASK_FOR_PERSON, KEEP_MESSAGE
from ivr.reporting import emergency_draft, report_draft, report_message
from tickets.emergencies.actions import record_emergency
from tickets.reports.receipts import can_receive, promise

Effect = Callable[[Session, City, Call, Mapping[str, Any]], dict[str, Any]]
"""`effect(session, city, call, values)` gives back what the next words may speak of.

Running one twice for the same turn changes nothing more.
"""


def _file(session: Session, city: City, call: Call, _asked: Mapping[str, Any]) -> dict[str, Any]:
    source = "keys" if call.draft.get("by_keys") else "voice"
    report = report_draft(session, call, source=source, confirmed=True)
    values: dict[str, Any] = {"number": report.number, "sms": can_receive(call.caller_number)}
    return values | promise(city, report.category, report.filed_at, call.language)


def _record_emergency(
    session: Session, city: City, call: Call, _asked: Mapping[str, Any]
) -> dict[str, Any]:
    draft = emergency_draft(city, call)
    record_emergency(session, city, draft)
    known = {"problem_text": draft.problem_text, "place_text": draft.place_text}
    return known | ({"place": draft.place} if draft.place else {})


def _keep_message(
    session: Session, _city: City, call: Call, asked: Mapping[str, Any]
) -> dict[str, Any]:
    report = report_message(session, call, str(asked["recording_sid"]))
    return {"number": report.number}


def _ask_for_person(
    session: Session, _city: City, call: Call, asked: Mapping[str, Any]
) -> dict[str, Any]:
    ask_for_person(
        session,
        call_id=call.id,
        queue=str(asked["queue"]),
        reason=str(call.draft.get("reason") or asked["reason"]),
        priority=int(asked["priority"]),
    )
    return {}


COMMON: Mapping[str, Effect] = {KEEP_MESSAGE: _keep_message, ASK_FOR_PERSON: _ask_for_person}
"""What any dialogue may do."""

HOTLINE_EFFECTS: Mapping[str, Effect] = {
    **COMMON,
    "file_report": _file,
    "record_emergency": _record_emergency,
}
