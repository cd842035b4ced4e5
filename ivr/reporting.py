"""Files what a call has understood so far as a report."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from calls.models import Call
from config.city import City
from ivr.dialogues.slot_filling import heard_place
from ivr.dialogues.steps import EMERGENCY, INTERRUPTED
from ivr.dialogues.vocabulary import Context, Understood
from tickets.emergencies.kinds import UNKNOWN
from tickets.models import Report
from tickets.queries import reports_of_call
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import file_report


def report_message(
    session: Session, call: Call, recording_sid: str, *, key: str = ":message"
) -> Report:
    """The report of a message left after the tone, to be checked by a person."""
    return report_draft(
        session,
        call,
        source="message",
        confirmed=False,
        key=key,
        recording_sid=recording_sid,
    )


def report_cut_off(session: Session, call: Call) -> None:
    """A caller who hung up after saying something still has a report, to be checked."""
    told = ("problem_text", "category", "place_text", INTERRUPTED)
    has_content = any(call.draft.get(name) for name in told)
    if has_content and not reports_of_call(session, call.id):
        report_draft(session, call, source="cut_off", confirmed=False)


def emergency_draft(city: City, call: Call) -> ReportDraft:
    """What a caller in danger said, in all words that tell of it, and the place if they named one.

    One record a call, however often and in whatever way they say it.
    """
    draft = call.draft
    asked, told = draft.get(INTERRUPTED, {}), draft.get(EMERGENCY, {})
    words = (draft.get("problem_text"), asked.get("text"), told.get("text"))
    text = "\n".join(dict.fromkeys(each for each in words if each))
    return ReportDraft(
        source_key=f"call:{call.id}:emergency",
        call_id=call.id,
        source="keys" if draft.get("by_keys") else "voice",
        language=call.language,
        caller_number=call.caller_number,
        problem_text=text,
        category=draft.get("category"),
        category_score=draft.get("category_score"),
        place=draft.get("place") or place_in(city, text, call.language),
        place_text=draft.get("place_text", ""),
        emergency=told.get("kind") or asked.get("kind") or UNKNOWN,
    )


def report_draft(
    session: Session,
    call: Call,
    *,
    source: str,
    confirmed: bool,
    key: str = "",
    recording_sid: str | None = None,
) -> Report:
    """The report of a call's draft, once for each `key` of the call.

    source: `voice`, `keys`, `message` or `cut_off`. confirmed: the caller agreed to the
    read-back. recording_sid: a message left after the tone, when that is the report.
    """
    draft = call.draft
    # Who hangs up at "Is anyone in danger?" has told what it was asked about.
    interrupted = draft.get(INTERRUPTED, {})
    in_doubt = source == "cut_off" and interrupted
    return file_report(
        session,
        ReportDraft(
            source_key=f"call:{call.id}{key}",
            call_id=call.id,
            source=source,
            language=call.language,
            caller_number=call.caller_number,
            problem_text=draft.get("problem_text") or interrupted.get("text", ""),
            category=draft.get("category"),
            category_score=draft.get("category_score"),
            place=draft.get("place"),
            place_text=draft.get("place_text", ""),
            confirmed=confirmed,
            recording_sid=recording_sid,
            emergency=(interrupted.get("kind") or UNKNOWN) if in_doubt else None,
        ),
    )


def place_in(city: City, text: str, language: str) -> dict[str, Any] | None:
    """The place that the words name for certain, as the draft keeps it."""
    meant = heard_place(Context(city, language, {}), text)
    if not isinstance(meant, Understood) or "place" not in meant.values:
        return None
    return dict(meant.values["place"])
