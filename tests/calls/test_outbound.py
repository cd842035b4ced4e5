"""Calls that we place: one intent, one call, whatever dies in between."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from calls import outbound
from calls.models import Call, OutboundCall
from carriers.base import Carrier, CarrierCall, CarrierError
from config.settings import Settings
from infra.clock import now
from infra.db import Database
from infra.outbox.rows import Outbox, RowState
from infra.outbox.work import work
from infra.services import Services

NUMBER = "+13125550123"
ANOTHER = "+13125550124"


@dataclass
class Network:
    """A carrier that keeps its calls in a folder, so that another process finds them."""

    folder: Path
    dies_after_taking: bool = False
    refuses: bool = False
    strangers: list[CarrierCall] = field(default_factory=list)

    def place_call(self, *, to: str, then: str, notify: str) -> str:
        """Take the call."""
        if self.refuses:
            raise CarrierError("the carrier answered 400", permanent=True, code=21211)
        sid = f"CA{len(self.placed()):032x}"
        (self.folder / sid).write_text(to)
        if self.dies_after_taking:
            os.kill(os.getpid(), signal.SIGKILL)
        return sid

    def calls_to(self, number: str, *, since: datetime) -> list[CarrierCall]:
        """Every call that was taken to that number."""
        return [
            *self.strangers,
            *(a_call(sid, to) for sid, to in self.placed().items() if to == number),
        ]

    def placed(self) -> dict[str, str]:
        """Ids of the calls it took, and whom they call."""
        return {file.name: file.read_text() for file in sorted(self.folder.glob("CA*"))}


def a_call(sid: str, to: str, direction: str = "outbound-api") -> CarrierCall:
    """A call that rings."""
    return CarrierCall(sid, "+13125550100", to, direction, "ringing", None, None, None)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    (tmp_path / "network").mkdir()
    return Network(tmp_path / "network")


@pytest.fixture
def services(settings: Settings, database: Database, network: Network) -> Services:
    services = Services(settings, database)
    services.add(Carrier, network)
    return services


def wants(database: Database, key: str, number: str = NUMBER) -> int:
    with database.transaction() as session:
        return outbound.want_call(
            session,
            key=key,
            to_number=number,
            dialogue="survey",
            language="en",
            draft={"ticket": 7},
        ).id


def intent(database: Database, outbound_id: int) -> OutboundCall:
    with database.read() as session:
        return session.get_one(OutboundCall, outbound_id)


def time_passes(database: Database) -> None:
    with database.engine.begin() as connection:
        past = now() - timedelta(seconds=1)
        waiting = update(Outbox).where(Outbox.state == RowState.WAITING)
        connection.execute(waiting.values(lease_until=None, next_at=past))


def test_a_wanted_call_is_placed_once_and_is_a_call_of_its_dialogue(
    services: Services, database: Database, network: Network
) -> None:
    one = wants(database, "survey:1")
    assert wants(database, "survey:1") == one
    work(services, "live")
    time_passes(database)
    work(services, "live")
    (sid,) = network.placed()
    assert (intent(database, one).state, intent(database, one).carrier_sid) == ("placed", sid)
    with database.read() as session:
        call = session.scalars(select(Call)).one()
        assert (call.carrier_sid, call.dialogue, call.draft) == (sid, "survey", {"ticket": 7})
        assert (call.direction, call.caller_number) == ("outbound-api", NUMBER)


def test_a_worker_killed_after_the_carrier_took_the_call_does_not_call_twice(
    services: Services, database: Database, network: Network
) -> None:
    one = wants(database, "survey:1")
    pid = os.fork()
    if not pid:
        network.dies_after_taking = True
        work(services, "live")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert intent(database, one).state == "asked"
    time_passes(database)
    network.strangers = [a_call("CA" + "f" * 32, NUMBER, "inbound")]
    assert work(services, "live") == 1
    (sid,) = network.placed()
    assert (intent(database, one).state, intent(database, one).carrier_sid) == ("placed", sid)


def test_a_second_call_to_a_number_waits_until_the_first_is_known(
    services: Services, database: Database, network: Network
) -> None:
    one = wants(database, "survey:1")
    with database.transaction() as session:
        assert outbound.begin_asking(session, outbound.locked_outbound(session, one))
    two, other = wants(database, "survey:2"), wants(database, "survey:3", ANOTHER)
    with database.engine.begin() as connection:
        first = update(Outbox).where(Outbox.key == f"place_call:{one}")
        connection.execute(first.values(next_at=now() + timedelta(minutes=5)))
    work(services, "live")
    assert [intent(database, each).state for each in (one, two, other)] == [
        "asked",
        "wanted",
        "placed",
    ]
    time_passes(database)
    work(services, "live", limit=1)
    time_passes(database)
    work(services, "live")
    states = [intent(database, each).state for each in (one, two, other)]
    assert states == ["placed", "placed", "placed"]
    assert sorted(network.placed().values()) == [NUMBER, NUMBER, ANOTHER]
    assert len({intent(database, each).carrier_sid for each in (one, two, other)}) == 3


def test_a_number_that_the_carrier_refuses_is_not_asked_for_again(
    services: Services, database: Database, network: Network
) -> None:
    network.refuses = True
    one = wants(database, "survey:1")
    work(services, "live")
    assert intent(database, one).state == "refused"
    with database.read() as session:
        row = session.scalars(select(Outbox)).one()
        assert row.state == RowState.DEAD
        assert NUMBER not in (row.last_error or "")
    assert network.placed() == {}


def test_a_refusal_is_a_dead_letter_also_when_its_attempt_ended_before_it_said_so(
    services: Services, database: Database, network: Network
) -> None:
    one = wants(database, "survey:1")
    with database.transaction() as session:
        outbound.refused(outbound.locked_outbound(session, one))
    work(services, "live")
    with database.read() as session:
        assert session.scalars(select(Outbox.state)).one() == RowState.DEAD
    assert network.placed() == {}
