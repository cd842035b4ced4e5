"""The phone network's log beside our books: what is lost, doubled or damaged.

Invariants I1 to I4 and I10: every call of the carrier is in our books; who was told a number has
one report, one ticket and one text; every recording is in the archive as it was; nothing waits.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.proof.drive import Dialled
from calls.models import Call
from infra.jobs import Outbox
from recordings.models import Recording
from tickets.models import Report, Ticket

_KEPT = frozenset({"stored", "transcribed", "reviewed"})


@dataclass(frozen=True)
class Figure:
    """One count of what went wrong among `trials`, and examples to look at."""

    name: str
    trials: int
    wrong: int
    examples: tuple[str, ...] = ()

    def line(self) -> str:
        """The count, and the 95 % bound where it is zero (rule of three)."""
        if self.wrong:
            return f"{self.name}: {self.wrong} of {self.trials}  {' '.join(self.examples[:3])}"
        most = min(100.0, 300 / self.trials) if self.trials else 100.0
        bound = f"at most {most:.2f} % at 95 %" if self.trials else "no trial"
        return f"{self.name}: 0 of {self.trials} ({bound})"


@dataclass
class Books:
    """What our database and archive say."""

    calls: frozenset[str]
    reports: Mapping[str, Sequence[int]]
    """Confirmed reports by CallSid."""
    tickets: frozenset[int]
    recordings: Mapping[str, tuple[str, str | None]]
    """State and hash of the carrier's file, by its SID."""
    waiting: tuple[str, ...]
    parked: tuple[str, ...] = field(default=())


def books_of(session: Session) -> Books:
    """Read everything that is compared."""
    reports: dict[str, list[int]] = {}
    for sid, report_id in session.execute(
        select(Call.carrier_sid, Report.id)
        .join(Report, Report.call_id == Call.id)
        .where(Report.confirmed)
    ):
        reports.setdefault(sid, []).append(report_id)
    rows = session.execute(
        select(Outbox.key, Outbox.state).where(Outbox.state != "done", ~Outbox.key.like("every:%"))
    ).all()
    return Books(
        calls=frozenset(session.scalars(select(Call.carrier_sid))),
        reports=reports,
        tickets=frozenset(session.scalars(select(Ticket.report_id))),
        recordings={
            sid: (state, digest)
            for sid, state, digest in session.execute(
                select(Recording.carrier_sid, Recording.state, Recording.source_sha256)
            )
        },
        waiting=tuple(key for key, state in rows if state == "waiting"),
        parked=tuple(key for key, state in rows if state == "parked"),
    )


def compared(
    dialled: Sequence[Dialled], texts: Iterable[str], books: Books, sounds: Path
) -> list[Figure]:
    """Every figure. texts: the numbers that messages went to; sounds: the carrier's own files."""
    told = [one for one in dialled if one.told]
    sent = Counter(texts)
    recorded = [sid for one in dialled for sid in _recorded(one)]
    reports = [(one, books.reports.get(one.sid, ())) for one in dialled]
    return [
        _count("calls lost", dialled, [one.sid for one in dialled if one.sid not in books.calls]),
        _count("reports lost", told, [one.sid for one in told if not books.reports.get(one.sid)]),
        _count("reports doubled", told, [one.sid for one, mine in reports if len(mine) > 1]),
        _count(
            "tickets lost",
            told,
            [one.sid for one, mine in reports if any(id_ not in books.tickets for id_ in mine)],
        ),
        _count("texts lost", told, [one.sid for one in told if not sent[one.number]]),
        _count("texts doubled", told, [one.sid for one in dialled if sent[one.number] > 1]),
        _count("recordings lost", recorded, [sid for sid in recorded if _is_lost(books, sid)]),
        _count(
            "recordings damaged",
            recorded,
            [sid for sid in recorded if _is_damaged(books, sid, sounds)],
        ),
        _count("work left over", [*books.waiting, ""], list(books.waiting)),
        _count("work parked", [*books.parked, ""], list(books.parked)),
    ]


def _count(name: str, trials: Sequence[object], wrong: list[str]) -> Figure:
    return Figure(name, len(trials), len(wrong), tuple(wrong))


def _recorded(one: Dialled) -> list[str]:
    """Recordings of a call that the carrier has finished."""
    return [
        str(event["recording_sid"])
        for event in one.events
        if event["event"] == "recording" and event["status"] == "completed"
    ]


def _is_lost(books: Books, sid: str) -> bool:
    return books.recordings.get(sid, ("", None))[0] not in _KEPT


def _is_damaged(books: Books, sid: str, sounds: Path) -> bool:
    """Whether what we fetched is not what the carrier has, byte for byte."""
    state, digest = books.recordings.get(sid, ("", None))
    if state not in _KEPT:
        return False
    return digest != hashlib.sha256((sounds / f"{sid}.wav").read_bytes()).hexdigest()
