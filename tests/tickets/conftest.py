"""A city, a carrier of paper, and reports to work on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

import tickets.pages
from carriers.base import Carrier, CarrierError
from config.city import City
from config.settings import Settings
from infra.db import Database
from infra.outbox.work import work
from infra.services import Services
from tests.cities import chicago
from tests.web.conftest import Browser, browser_with, make_app, person
from tickets.models import Report
from tickets.reports.draft import ReportDraft
from tickets.reports.filing import file_report
from web.access.guard import Role

CALLER = "+13125550123"
PLACE = {
    "address": "1200 North Clark Street",
    "house_number": 1200,
    "street": "North Clark Street",
    "district": "Gold Coast",
    "lat": 41.9042,
    "lon": -87.6313,
    "score": 0.95,
}


@pytest.fixture(scope="session")
def city() -> City:
    """The demo city."""
    return chicago()


@dataclass
class PaperCarrier:
    """Keeps messages instead of sending them; `fails` holds errors to raise, first to last.

    `after_sending` errors are raised once the message is out, as when the answer gets lost.
    """

    sent: list[tuple[str, str]] = field(default_factory=list)
    fails: list[CarrierError] = field(default_factory=list)
    after_sending: list[CarrierError] = field(default_factory=list)

    def send_sms(self, *, to: str, body: str) -> str:
        """Keep the message."""
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append((to, body))
        if self.after_sending:
            raise self.after_sending.pop(0)
        return f"SM{len(self.sent):032d}"

    def find_sms(self, *, to: str, body: str, since: datetime) -> str | None:
        """Whether it was kept before."""
        return f"SM{1:032d}" if (to, body) in self.sent else None


@pytest.fixture
def carrier() -> PaperCarrier:
    """The carrier of paper."""
    return PaperCarrier()


@pytest.fixture
def services(settings: Settings, database: Database, city: City, carrier: PaperCarrier) -> Services:
    """What the ticket jobs are built with."""
    made = Services(settings, database)
    made.add(City, city)
    made.add(Carrier, carrier)
    return made


def a_report(session: Session, key: str = "call:1", **changes: Any) -> Report:
    """File a clear report of a pothole; `changes` make it another one."""
    values: dict[str, Any] = {
        "call_id": None,
        "source": "voice",
        "language": "en",
        "caller_number": CALLER,
        "problem_text": "there is a hole in the road",
        "category": "pothole",
        "category_score": 0.9,
        "place": PLACE,
        "place_text": "twelve hundred north clark street",
        "confirmed": True,
    }
    return file_report(session, ReportDraft(source_key=key, **(values | changes)))


def work_all(services: Services) -> None:
    """Do everything that waits in the outbox."""
    for queue in ("tickets", "sms"):
        work(services, queue)


@pytest.fixture
def filed(services: Services) -> Callable[..., str]:
    """A function that files a report, works its jobs, and gives the ticket's number."""

    def file(key: str = "call:1", **changes: Any) -> str:
        with services.database.transaction() as session:
            number = a_report(session, key, **changes).number
        work_all(services)
        return number

    return file


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    """The shell with the tickets' pages."""
    return make_app(settings, database, tickets.pages)


@pytest.fixture
def as_role(app: Flask, database: Database) -> Callable[..., Browser]:
    """A function that signs a new person in."""

    def opens(role: Role, department: str | None = None) -> Browser:
        name = f"{role}-{department or 'all'}"
        return browser_with(app, database, person(database, name, role, department=department))

    return opens
