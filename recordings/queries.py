"""What may be asked about recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, column, func, or_, select, table
from sqlalchemy.orm import Session

from calls.models import Call, TurnSound
from carriers.messages import CarrierRecording, RecordedBy
from infra.clock import now
from infra.db import UtcDateTime
from recordings.life import State
from recordings.models import Listening, Recording
from tickets.models import Report, Ticket

PAGE_SIZE = 25
_LOOK_BACK = timedelta(days=2)
_MOST_IN_A_QUERY = 500
_MOST_ASKED_FOR = 50

_staff = table("staff", column("id"), column("name"))
"""Tables of packages that this one does not know: read by name, as foreign keys are."""


@dataclass(frozen=True)
class Wanted:
    """What a reviewer looks for; None or empty means any. Days begin in `zone`.

    Spoken answers of turn mode are parts of a call's own recording: listed on request only.
    """

    from_day: date | None = None
    to_day: date | None = None
    least_s: float | None = None
    most_s: float | None = None
    state: str = ""
    purpose: str = ""
    text: str = ""
    page: int = 1
    zone: tzinfo = UTC


@dataclass(frozen=True)
class Row:
    """One recording in the list, with the ticket of its call."""

    recording: Recording
    ticket_number: str | None
    listeners: int


@dataclass(frozen=True)
class Known:
    """A recording in our records. is_complete: we know its length, and have asked for its file."""

    state: State
    is_complete: bool


@dataclass(frozen=True)
class Listened:
    """Somebody began to listen."""

    name: str
    at: datetime


@dataclass(frozen=True)
class Understood:
    """What became of the call: its report, and the ticket where there is one."""

    report: Report
    ticket: Ticket | None


def locked(session: Session, recording_id: int) -> Recording:
    """The recording, held by this transaction until its end."""
    return session.get_one(Recording, recording_id, with_for_update=True)


def by_public_id(session: Session, public_id: str) -> Recording | None:
    """The recording of that address."""
    return session.scalar(select(Recording).where(Recording.public_id == public_id))


def without_call(session: Session) -> Sequence[Recording]:
    """Recent recordings whose call was not in our records when they came."""
    return session.scalars(
        select(Recording)
        .where(Recording.call_id.is_(None), Recording.call_sid != "")
        .where(Recording.announced_at > now() - _LOOK_BACK)
    ).all()


def known_by_sid(session: Session, carrier_sids: Sequence[str]) -> dict[str, Known]:
    """Of those recordings the ones in our records."""
    found: dict[str, Known] = {}
    for begin in range(0, len(carrier_sids), _MOST_IN_A_QUERY):
        some = carrier_sids[begin : begin + _MOST_IN_A_QUERY]
        rows = session.execute(
            select(Recording.carrier_sid, Recording.state, Recording.announced_s).where(
                Recording.carrier_sid.in_(some)
            )
        )
        found.update(
            (sid, Known(State(state), announced_s is not None)) for sid, state, announced_s in rows
        )
    return found


def calls_with_unfinished(
    session: Session, *, began_before: datetime, ended_after: datetime
) -> Sequence[str]:
    """Calls that are over or unknown, and of a recording we know only that it was begun.

    A list of recordings that began lately leaves out those of a long call. At most fifty.
    """
    heard_of = func.coalesce(Call.ended_at, Recording.announced_at)
    is_over = or_(Call.ended_at.is_not(None), Call.id.is_(None))
    return session.scalars(
        select(Recording.call_sid)
        .outerjoin(Call, Call.id == Recording.call_id)
        .where(Recording.state == State.ANNOUNCED, Recording.announced_s.is_(None))
        .where(Recording.call_sid != "", is_over, heard_of > ended_after)
        .where(func.coalesce(Recording.started_at, Recording.announced_at) < began_before)
        .distinct()
        .limit(_MOST_ASKED_FOR)
    ).all()


def purpose_of(session: Session, told: CarrierRecording) -> str:
    """What a recording was made for. A spoken answer is known; any other is a message."""
    if told.recorded_by is RecordedBy.CALL:
        return "call"
    answer = select(TurnSound.id).where(TurnSound.recording_sid == told.sid).limit(1)
    return "turn" if session.scalar(answer) is not None else "message"


def language_of(session: Session, recording: Recording) -> str | None:
    """The language of the recording's call."""
    if recording.call_id is None:
        return None
    return session.scalar(select(Call.language).where(Call.id == recording.call_id))


def understood(session: Session, recording: Recording) -> Understood | None:
    """The report that this recording belongs to: of its message, or else of its call."""
    report = session.scalar(select(Report).where(Report.recording_sid == recording.carrier_sid))
    if report is None and recording.call_id is not None:
        report = session.scalar(
            select(Report).where(Report.call_id == recording.call_id).order_by(Report.id).limit(1)
        )
    if report is None:
        return None
    ticket = session.scalar(select(Ticket).where(Ticket.report_id == report.id))
    return Understood(report, ticket)


def listeners(session: Session, recording: Recording) -> tuple[Listened, ...]:
    """Who listened, latest first."""
    found = session.execute(
        select(_staff.c.name, Listening.at)
        .join_from(Listening, _staff, _staff.c.id == Listening.staff_id)
        .where(Listening.recording_id == recording.id)
        .order_by(Listening.id.desc())
        .limit(50)
    )
    return tuple(Listened(name, at) for name, at in found)


def count(session: Session, wanted: Wanted) -> int:
    """How many recordings there are of that kind."""
    found = session.scalar(select(func.count()).select_from(Recording).where(*_where(wanted)))
    return int(found or 0)


def one_page(session: Session, wanted: Wanted) -> tuple[Row, ...]:
    """One page of them, latest first."""
    recordings = session.scalars(
        select(Recording)
        .where(*_where(wanted))
        .order_by(_heard_at().desc(), Recording.id.desc())
        .limit(PAGE_SIZE)
        .offset((wanted.page - 1) * PAGE_SIZE)
    ).all()
    ids = [recording.id for recording in recordings]
    counts = session.execute(
        select(Listening.recording_id, func.count())
        .where(Listening.recording_id.in_(ids))
        .group_by(Listening.recording_id)
    )
    heard = dict(counts.all())
    numbers = _ticket_numbers(session, recordings)
    return tuple(Row(r, numbers.get(r.id), heard.get(r.id, 0)) for r in recordings)


def _ticket_numbers(session: Session, recordings: Sequence[Recording]) -> dict[int, str]:
    calls = {r.call_id for r in recordings if r.call_id is not None}
    found = session.execute(
        select(Report.call_id, Report.recording_sid, Report.number)
        .where(Report.call_id.in_(calls))
        .order_by(Report.id.desc())
    ).all()
    by_call = {call_id: number for call_id, _, number in found}
    by_sid = {sid: number for _, sid, number in found if sid}
    numbers = ((r.id, by_sid.get(r.carrier_sid) or by_call.get(r.call_id)) for r in recordings)
    return {id: number for id, number in numbers if number}


def _where(wanted: Wanted) -> list[ColumnElement[bool]]:
    at = _heard_at()
    tests = {
        "from": wanted.from_day and at >= _midnight(wanted.from_day, wanted.zone),
        "to": wanted.to_day and at < _midnight(wanted.to_day + timedelta(days=1), wanted.zone),
        "least": wanted.least_s is not None and _length() >= wanted.least_s,
        "most": wanted.most_s is not None and _length() <= wanted.most_s,
        "state": wanted.state and Recording.state == wanted.state,
        "purpose": _purpose(wanted.purpose),
        "text": wanted.text and Recording.text.icontains(wanted.text, autoescape=True),
    }
    return [test for test in tests.values() if isinstance(test, ColumnElement)]


def _purpose(wanted: str) -> ColumnElement[bool]:
    return Recording.purpose == wanted if wanted else Recording.purpose != "turn"


def _heard_at() -> ColumnElement[datetime]:
    return func.coalesce(Recording.started_at, Recording.announced_at, type_=UtcDateTime)


def _length() -> ColumnElement[float]:
    return func.coalesce(Recording.duration_s, Recording.announced_s)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
