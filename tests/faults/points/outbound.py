"""Drives of calls that we place: wanted, placed at the carrier once, or refused by it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import select, update

from calls import outbound
from calls.models import Call, OutboundCall
from infra import failpoints
from infra.clock import now
from infra.outbox.rows import Outbox
from tests.faults.points.world import Drive, World

CITIZEN = "+13125550123"


def _wants(world: World, key: str = "question:1") -> None:
    with world.database.transaction() as session:
        outbound.want_call(
            session,
            key=key,
            to_number=CITIZEN,
            dialogue="hotline",
            language="en",
            draft={"key": key},
        )


def _half_placed(world: World) -> None:
    """An earlier attempt failed once the carrier had taken the call; another call is known."""
    _wants(world, "question:0")
    world.works("live")
    _wants(world)
    failpoints.arm("carrier.place_call.answered", failpoints.failing())
    world.works("live")
    failpoints.disarm()
    assert len(world.desk.records.calls) == 2
    assert world.one(OutboundCall, OutboundCall.key == "question:1").state == "asked"
    with world.database.engine.begin() as connection:
        waiting = update(Outbox).where(Outbox.state == "waiting")
        connection.execute(waiting.values(next_at=now() - timedelta(seconds=1)))


def _nobodys_number(world: World) -> None:
    """The carrier will never call that number."""
    world.desk.records.refused.append(CITIZEN)
    _wants(world)


def _each_placed_once(world: World) -> None:
    """The carrier's calls, the intents and our calls are the same ones."""
    with world.database.read() as session:
        intents = session.scalars(select(OutboundCall)).all()
        calls = session.scalars(select(Call)).all()
    assert {one.state for one in intents} == {"placed"}
    known = sorted((one.carrier_sid, f"outbound={one.id}") for one in intents)
    theirs = [(row["sid"], urlsplit(row["asks"]).query) for row in world.desk.records.calls]
    assert sorted(theirs) == known
    begun = sorted((one.carrier_sid, one.key) for one in intents)
    assert sorted((call.carrier_sid, call.draft["key"]) for call in calls) == begun


def _refused(world: World) -> None:
    assert world.one(OutboundCall).state == "refused"
    assert world.desk.records.calls == []
    assert world.count(Call) == 0
    assert len(world.outbox("dead")) == 1, "a person is told, and looks for another number"


DRIVES = (
    Drive(
        "a call is placed",
        lambda w: w.works("live"),
        _each_placed_once,
        prepare=_wants,
    ),
    Drive(
        "a call may be placed already",
        lambda w: w.works("live"),
        _each_placed_once,
        prepare=_half_placed,
    ),
    Drive(
        "a call is refused",
        lambda w: w.works("live"),
        _refused,
        prepare=_nobodys_number,
        dead=1,
    ),
)
