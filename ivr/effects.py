"""What a step of the dialogue does outside it, in the transaction of the turn.

Each effect takes the call and gives back what the next words may speak of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from agents.actions import ask_for_person
from calls.models import Call
from config.city import City
from infra.clock import now
from ivr.dialogues.engine import Effect
from ivr.reporting import report_draft, report_message
from tickets.actions import can_receive
from tickets.receipts import promise


def run(session: Session, city: City, call: Call, effect: Effect) -> dict[str, Any]:
    """Run one effect; returns values for the draft. Running it twice changes nothing more."""
    match effect.name:
        case "file_report":
            return _file(session, city, call)
        case "keep_message":
            return _keep_message(session, call, str(effect.values["recording_sid"]))
        case "ask_for_person":
            return _ask_for_person(session, call, effect.values)
    raise ValueError(f"no effect is called {effect.name}")


def _file(session: Session, city: City, call: Call) -> dict[str, Any]:
    source = "keys" if call.draft.get("by_keys") else "voice"
    report = report_draft(session, call, source=source, confirmed=True)
    values: dict[str, Any] = {"number": report.number, "sms": can_receive(call.from_number)}
    return values | promise(city, report.category, report.filed_at, call.language)


def _keep_message(session: Session, call: Call, recording_sid: str) -> dict[str, Any]:
    report = report_message(session, call, recording_sid)
    return {"number": report.number}


def _ask_for_person(session: Session, call: Call, asked: Mapping[str, Any]) -> dict[str, Any]:
    handover = ask_for_person(
        session,
        call_id=call.id,
        queue=str(asked["queue"]),
        reason=str(call.draft.get("reason") or asked["reason"]),
        priority=int(asked["priority"]),
    )
    return {"handover": handover.id, "asked_at": now().isoformat()}
