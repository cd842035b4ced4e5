"""A desk without a phone: calls, agents and the outbox worked by hand."""

from __future__ import annotations

import itertools

import pytest

from agents import duty
from agents.handovers import actions, connecting
from agents.handovers.queries import handover_for
from agents.models import Handover, Offer, Presence
from calls.models import Call
from config.settings import Settings
from infra.db import Database
from infra.outbox.work import work
from infra.services import Services
from tests.browser.conftest import chromium_page, playwright_driver
from tests.conftest import arrives
from web.access.models import Staff

__all__ = ["Floor", "chromium_page", "floor", "playwright_driver"]


class Floor:
    """The people and callers of one test, on a real database."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.database = services.database
        self._count = itertools.count(1)

    def agent(self, *, ready: bool = True) -> int:
        """An agent at their desk; returns the staff id."""
        with self.database.transaction() as session:
            number = next(self._count)
            staff = Staff(
                username=f"agent{number}", name=f"Agent {number}", password_hash="", roles=["agent"]
            )
            session.add(staff)
            session.flush()
            duty.here(session, staff_id=staff.id)
            if ready:
                actions.set_presence(session, staff_id=staff.id, wanted="ready")
            return staff.id

    def call(self) -> Call:
        """A call on the line."""
        with self.database.transaction() as session:
            return arrives(session, f"CA{next(self._count):032x}")

    def asks(self, *, priority: int = 0, reason: str = "asked") -> int:
        """A caller who asks for a person; returns the handover's id."""
        call = self.call()
        with self.database.transaction() as session:
            asked = actions.ask_for_person(
                session, call_id=call.id, priority=priority, reason=reason
            )
            return asked.id

    def works(self) -> None:
        """Work the outbox of the live queue."""
        work(self.services, "live")

    def handover(self, id: int) -> Handover:
        """The present round of the caller who was in that one."""
        with self.database.read() as session:
            found = handover_for(session, session.get_one(Handover, id).call_id)
            assert found is not None
            return found

    def rounds(self, id: int) -> list[Handover]:
        """All rounds of the caller who was in that one, in their order."""
        with self.database.read() as session:
            of_call = Handover.call_id == session.get_one(Handover, id).call_id
            return session.query(Handover).filter(of_call).order_by(Handover.round).all()

    def presence(self, staff_id: int) -> Presence:
        with self.database.read() as session:
            return session.get_one(Presence, staff_id)

    def ringing(self, staff_id: int) -> Offer | None:
        with self.database.read() as session:
            return (
                session.query(Offer)
                .filter(Offer.staff_id == staff_id, Offer.state == "ringing")
                .one_or_none()
            )

    def rings_at(self, staff_id: int) -> Offer:
        """The offer that rings at this agent; fails if none does."""
        offer = self.ringing(staff_id)
        assert offer is not None, f"nothing rings at agent {staff_id}"
        return offer

    def change(
        self, kind: type[Presence] | type[Offer] | type[Handover], id: int, **to: object
    ) -> None:
        """Set columns of a row by hand: how a test turns the clock."""
        with self.database.transaction() as session:
            row = session.get_one(kind, id)
            for name, value in to.items():
                setattr(row, name, value)

    def talks(self) -> tuple[int, int]:
        """An agent in a conversation with a caller; returns staff id and handover id."""
        from agents.routing import offers

        staff_id, handover_id = self.agent(), self.asks()
        self.works()
        offer = self.rings_at(staff_id)
        with self.database.transaction() as session:
            offers.accept(session, staff_id=staff_id, offer_id=offer.id)
        with self.database.transaction() as session:
            connecting.connect_leg(
                session,
                staff_id=staff_id,
                offer_id=offer.id,
                leg_sid=f"CA{next(self._count) + 2**60:032x}",
            )
        return staff_id, handover_id


@pytest.fixture
def floor(settings: Settings, database: Database) -> Floor:
    return Floor(Services(settings, database))
