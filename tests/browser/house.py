"""A house with something on every page: for looking at the pages and for trying them.

No line runs here: one web server over one database, filled by the same actions that calls use.
`open_house(folder)` gives it; `LOOKS` says which pages there are, and who sees them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from playwright.sync_api import BrowserContext

import agents.desk.pages
import recordings.pages
import tickets.pages
from agents.models import Handover, Offer, Presence
from calls.actions import say
from carriers.base import Carrier
from infra.clock import now
from infra.db import Database
from infra.outbox.rows import Outbox
from infra.services import Services
from infra.storage.base import Storage
from infra.storage.local import LocalStorage
from migrations.tables import metadata
from tests.agents.conftest import Floor
from tests.browser.archive import a_recording
from tests.cities import chicago
from tests.conftest import arrives, settings_of
from tests.serving import serving
from tests.tickets.conftest import CALLER, PLACE, PaperCarrier, a_report, work_all
from tests.web.conftest import Browser, browser_with, make_app, person
from tickets.emergencies.actions import record_emergency
from tickets.models import Report, Ticket
from tickets.reports.draft import ReportDraft
from web.access.guard import Role
from web.access.staff import COOKIE, sign_in
from web.health import add_check

DRAFT = {
    "category": "pothole",
    "category_score": 0.82,
    "problem_text": "there is a deep hole in the road and a cyclist fell",
    "place": PLACE | {"address": "1200 North Clark Street"},
    "place_text": "twelve hundred north clark street",
}

FILED = (
    # what was said, category, street number, hours since the call, hours left, what was done
    ("there is a hole in the road in front of the school", "pothole", 1200, 40, -3, ()),
    ("a deep pothole and a cyclist fell", "pothole", 1210, 1, 0.7, ()),
    ("big pothole by the bus stop", "pothole", 1220, 5, 5, ("acknowledge",)),
    ("the pavement has sunk under the tram rail", "pothole", 1230, 30, 60, ("acknowledge",)),
    ("hole in the road", "pothole", 1240, 2, 140, ()),
    ("pothole in the second lane", "pothole", 1250, 3, 140, ()),
    ("the asphalt is broken up over the whole crossing", "pothole", 1260, 4, 140, ()),
    ("two potholes one behind the other", "pothole", 1270, 90, 90, ("acknowledge", "start")),
    ("pothole near the corner", "pothole", 1280, 100, 20, ("acknowledge", "start", "done")),
)


@dataclass(frozen=True)
class Look:
    """One page as one person sees it."""

    name: str
    who: str | None
    path: str
    alarm: bool = False
    """Whether nobody has taken the emergency yet."""


LOOKS = (
    Look("signin", None, "/signin"),
    Look("no-role", "nobody", "/"),
    Look("inbox", "officer", "/tickets/"),
    Look("inbox-reported", "officer", "/tickets/?view=reported"),
    Look("inbox-empty", "gardener", "/tickets/"),
    Look("inbox-all", "supervisor", "/tickets/"),
    Look("ticket", "officer", "/tickets/{ticket}"),
    Look("ticket-at-work", "officer", "/tickets/{at_work}"),
    Look("check", "away", "/tickets/triage/"),
    Look("check-one", "away", "/tickets/triage/{in_triage}"),
    Look("inbox-all-alarm", "supervisor", "/tickets/", alarm=True),
    Look("check-emergency", "away", "/tickets/triage/{emergency}"),
    Look("check-emergency-alarm", "away", "/tickets/triage/{emergency}", alarm=True),
    Look("desk-away", "away", "/agents/desk"),
    Look("desk-away-alarm", "away", "/agents/desk", alarm=True),
    Look("desk-offer", "offered", "/agents/desk"),
    Look("desk-talk", "talking", "/agents/desk"),
    Look("desk-wrap-up", "wrapping", "/agents/desk"),
    Look("desk-cut-off", "cut", "/agents/desk"),
    Look("recordings", "qa", "/recordings/"),
    Look("recordings-none", "qa", "/recordings/?q=nosuchword&from=x"),
    Look("replay", "qa", "/recordings/{recording}"),
    Look("people", "admin", "/people"),
    Look("system", "admin", "/system"),
    Look("refused", "officer", "/people"),
)
"""Every page of ours, in the states that look different."""

RINGS = timedelta(seconds=14)
CHECKS = {
    "database": lambda: "answers in time",
    "redis": lambda: "answers in time",
    "storage": lambda: "takes files, 41 GB left",
    "speech_model": lambda: "reads its model",
}


class House:
    """The running pages and everything that is on them."""

    def __init__(self, folder: Path) -> None:
        settings = settings_of(folder, f"sqlite:///{folder / 'house.db'}")
        self.settings, self.database = settings, Database(settings.database)
        metadata.create_all(self.database.engine)
        self.services = Services(settings, self.database)
        for kind, made in (
            (type(chicago()), chicago()),
            (Carrier, PaperCarrier()),
            (Storage, LocalStorage(settings.storage)),
        ):
            self.services.add(kind, made)
        self.app: Flask = make_app(
            settings, self.database, tickets.pages, agents.desk.pages, recordings.pages
        )
        for name, check in CHECKS.items():
            add_check(self.app, name, check)
        self.address = ""
        self.staff: dict[str, int] = {}
        self._add_people()
        self.numbers = self._file_tickets()
        self.emergency = self._file_emergency()
        self.recording = a_recording(settings, self.database, folder)
        self._join_recording()
        self._give_up_work()
        self.handovers = self._fill_desks()

    def path_of(self, look: Look) -> str:
        """The address of a look in this house."""
        return look.path.format(
            ticket=self.numbers[1],
            at_work=self.numbers[7],
            in_triage=self.numbers[-1],
            emergency=self.emergency,
            recording=self.recording.public_id,
        )

    def show(self, context: BrowserContext, look: Look) -> str:
        """Make the house what that look shows, for its person in this browser; the address."""
        with self.database.transaction() as session:
            ticket = session.query(Ticket).filter(Ticket.number == self.emergency).one()
            ticket.alarm_taken_at = None if look.alarm else now()
        self.enter(context, look.who)
        return self.address + self.path_of(look)

    def enter(self, context: BrowserContext, who: str | None) -> None:
        """Sign that person in, in this browser."""
        context.clear_cookies()
        if who is None:
            return
        with self.database.transaction() as session:
            token = sign_in(session, self.staff[who])
            for offer in session.query(Offer).filter_by(staff_id=self.staff[who], state="ringing"):
                offer.expires_at = now() + RINGS
        context.add_cookies([{"name": COOKIE, "value": token, "url": self.address}])

    def browser_of(self, who: str) -> Browser:
        """A browser without a window in which that person is signed in."""
        with self.database.read() as session:
            staff = session.get_one(self._staff_type, self.staff[who])
        return browser_with(self.app, self.database, staff)

    def _add_people(self) -> None:
        people = {
            "officer": ((Role.DEPARTMENT,), "streets"),
            "gardener": ((Role.DEPARTMENT,), "forestry"),
            "supervisor": ((Role.SUPERVISOR,), None),
            "qa": ((Role.QA,), None),
            "admin": ((Role.ADMIN,), None),
            "nobody": ((), None),
        }
        for desk in ("away", "offered", "talking", "wrapping", "cut"):
            people[desk] = ((Role.AGENT,), None)
        for name, (roles, department) in people.items():
            made = person(self.database, name, *roles, department=department)
            self.staff[name], self._staff_type = made.id, type(made)

    def _file_tickets(self) -> list[str]:
        with self.database.transaction() as session:
            call = arrives(session, "CA" + "7" * 32)
            for speaker, text in (
                ("line", "What is the problem?"),
                ("caller", "the traffic light at clark and division is broken"),
                ("line", "Where is it?"),
            ):
                say(session, call_id=call.id, speaker=speaker, text=text)
            numbers = [
                a_report(
                    session,
                    f"call:{house}",
                    problem_text=words,
                    category=category,
                    place=PLACE | {"house_number": house, "address": f"{house} North Clark Street"},
                ).number
                for words, category, house, *_ in FILED
            ]
            unclear = a_report(
                session,
                "call:message",
                call_id=call.id,
                source="message",
                problem_text="the traffic light at clark and division is broken",
                category=None,
                category_score=None,
                place=None,
                place_text="",
                confirmed=False,
            )
            half = a_report(
                session, "call:half", category=None, confirmed=False, problem_text="it smells"
            )
            numbers += [half.number, unclear.number]
        work_all(self.services)
        officer = self.browser_of("officer")
        for number, (*_, ago_h, left_h, done) in zip(numbers, FILED, strict=False):
            for step in done:
                officer.post(f"/tickets/{number}/{step}", {"note": "Filled with cold asphalt."})
            self._age(number, ago_h, left_h)
        return numbers

    def _file_emergency(self) -> str:
        said = "my neighbor collapsed he is on the stairs and does not answer"
        with self.database.transaction() as session:
            draft = ReportDraft(
                source_key="call:emergency",
                source="voice",
                language="en",
                caller_number=CALLER,
                problem_text=said,
                place=PLACE | {"house_number": 1290, "address": "1290 North Clark Street"},
                emergency="collapse",
            )
            return record_emergency(session, chicago(), draft).number

    def _age(self, number: str, ago_h: float, left_h: float) -> None:
        with self.database.transaction() as session:
            ticket = session.query(Ticket).filter(Ticket.number == number).one()
            report = session.query(Report).filter(Report.number == number).one()
            report.filed_at = now() - timedelta(hours=ago_h)
            ticket.deadline_at = now() + timedelta(hours=left_h)

    def _join_recording(self) -> None:
        """The recording is that of the call in which a message was left."""
        with self.database.transaction() as session:
            report = session.query(Report).filter(Report.source == "message").one()
            session.get_one(type(self.recording), self.recording.id).call_id = report.call_id

    def _give_up_work(self) -> None:
        with self.database.transaction() as session:
            session.add(
                Outbox(
                    queue="sms",
                    job="tickets.jobs.send_receipt",
                    key="receipt:7",
                    args={},
                    state="dead",
                    failures=8,
                    next_at=now(),
                    last_error="the carrier answered 500",
                )
            )

    def _fill_desks(self) -> dict[str, int]:
        floor = Floor(self.services)
        made = {name: floor.asks() for name in ("talking", "wrapping", "cut", "offered")}
        made["waits"], made["urgent"] = floor.asks(), floor.asks(priority=1)
        for name, handover in made.items():
            floor.change(Handover, handover, draft=DRAFT)
            if name in self.staff:
                self._take(floor, name, handover)
        return made

    def _take(self, floor: Floor, name: str, handover: int) -> None:
        """Put a desk into the state of its name, as the line would."""
        staff, at = self.staff[name], now()
        with self.database.transaction() as session:
            call_id = session.get_one(Handover, handover).call_id
            say(session, call_id=call_id, speaker="line", text="Where is it?")
            say(session, call_id=call_id, speaker="caller", text="twelve hundred north clark")
            say(session, call_id=call_id, speaker="agent", text="I am putting that down for you.")
            state = {"talking": "in_conversation", "wrapping": "wrapping_up", "cut": "ready"}.get(
                name, name
            )
            session.add(Presence(staff_id=staff, state=state, seen_at=at + timedelta(hours=1)))
            session.add(
                Offer(
                    handover_id=handover,
                    staff_id=staff,
                    state="ringing" if name == "offered" else "accepted",
                    expires_at=at + RINGS,
                )
            )
        rounds: dict[str, dict[str, object]] = {
            "offered": {"state": "offered"},
            "talking": {"state": "in_conversation", "staff_id": staff, "accepted_at": at},
            "wrapping": {
                "state": "ended",
                "staff_id": staff,
                "accepted_at": at,
                "ended_at": at,
                "ended_by": "caller",
            },
            "cut": {"state": "waiting", "staff_id": staff, "accepted_at": at},
        }
        floor.change(Handover, handover, **rounds[name])


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Fill a house and serve its pages until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    house = House(folder)
    with closing(house.database), serving(house.app) as house.address:
        yield house
