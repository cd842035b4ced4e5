"""Drives of the worker: jobs of agents, tickets and recordings, and the outbox itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from agents.handovers import actions
from agents.models import Handover, Offer, Presence
from calls.actions import end_call, find_call
from carriers.base import Carrier
from infra.clock import now
from infra.outbox.jobs import Run, job
from infra.outbox.rows import Outbox, enqueue
from infra.outbox.schedule import Every
from infra.outbox.workers import Poller
from ops.queues import QUEUES
from recordings.models import Recording
from tests.faults.points.line import SOUND, in_turns
from tests.faults.points.people import commands, duty_begins, rings, talks, wraps_up
from tests.faults.points.world import CALL, Drive, World, handover_is, presence_is
from tests.recordings.sounds import call_wav
from tests.tickets.conftest import a_report
from tickets.models import Receipt, Report, Ticket

_HERE = __name__


@job
def renew_and_end(run: Run) -> None:
    """A long job, which holds its row for longer."""
    run.renew(60)


def _job(
    name: str,
    queue: str,
    prepare: Callable[[World], object],
    check: Callable[[World], object],
    *,
    before: Callable[[World], object] = lambda world: None,
    dead: int = 0,
) -> Drive:
    """A worker works its queue; after its death another does."""
    return Drive(name, lambda w: w.works(queue), check, prepare, before, dead=dead)


def _sets(world: World, table: type[Any], **values: Any) -> None:
    with world.database.engine.begin() as connection:
        connection.execute(update(table).values(**values))


def _waits(world: World) -> None:
    duty_begins(world)
    world.posts("/ivr/voice")
    with world.database.transaction() as session:
        call = find_call(session, CALL)
        assert call is not None
        actions.ask_for_person(session, call_id=call.id)


def _rang_at_one(world: World) -> None:
    assert world.one(Offer).state == "ringing"
    assert world.one(Presence).state == "offered"


def _too_late(world: World) -> None:
    _sets(world, Offer, expires_at=now() - timedelta(seconds=60))
    _sets(world, Outbox, next_at=now() - timedelta(seconds=1))


def _missed(world: World) -> None:
    missed = world.count(Offer, Offer.state == "missed")
    assert missed >= 1
    assert world.one(Handover).state in ("waiting", "offered")


def _wrap_up_is_over(world: World) -> None:
    _sets(world, Presence, since=now() - timedelta(minutes=10))
    _sets(world, Outbox, next_at=now() - timedelta(seconds=1))


def _tidies(world: World) -> None:
    world.asks("live", "agents.jobs.tidy")


def _lost_timer(world: World) -> None:
    rings(world)
    with world.database.engine.begin() as connection:
        done = update(Outbox).where(Outbox.job == "agents.jobs.miss_offer")
        connection.execute(done.values(state="done"))
    _tidies(world)


def _ended_unheard(world: World) -> None:
    talks(world)
    with world.database.transaction() as session:
        call = find_call(session, CALL)
        assert call is not None
        end_call(session, call, status="completed", duration_s=9)
        call.settled_at = now()
    _tidies(world)


def _silent(prepare: Callable[[World], object]) -> Callable[[World], None]:
    def silent(world: World) -> None:
        prepare(world)
        _tidies(world)

    return silent


def _long_ago(world: World) -> None:
    _sets(world, Presence, seen_at=now() - timedelta(minutes=5))


def _fell_silent(world: World) -> None:
    assert world.one(Presence).state == "away"
    assert world.rounds()[-1] == "waiting"


def _brought_back(world: World) -> None:
    _fell_silent(world)
    assert world.rounds() == ["cut_off", "waiting"]
    assert {sid for sid, _url in world.desk.records.changes} == {CALL}
    assert all("/agents/back?round=2" in url for _sid, url in world.desk.records.changes)


def _reports(world: World) -> None:
    with world.database.transaction() as session:
        a_report(session)


def _told_once(world: World) -> None:
    assert world.one(Ticket).number == world.one(Report).number
    assert world.one(Receipt).state == "sent"
    (message,) = world.desk.records.messages
    assert message["sid"] == world.one(Receipt).carrier_sid


def _half_told(world: World) -> None:
    """An earlier attempt has sent the message and died before it could say so."""
    _reports(world)
    world.works("sms")
    with world.database.engine.begin() as connection:
        connection.execute(update(Receipt).values(state="sending", carrier_sid=None))
        connection.execute(
            update(Outbox).where(Outbox.queue == "sms").values(state="waiting", attempt=1)
        )


def _announced(world: World) -> None:
    in_turns(world)
    world.tells_of_recording(SOUND)


def _to_fetch(world: World) -> None:
    _announced(world)
    world.desk.records.sounds[SOUND] = call_wav(2.0)


def _not_yet(world: World) -> None:
    """The carrier has the sound a moment later."""
    _announced(world)


def _comes_at_last(world: World) -> object:
    world.desk.records.sounds[SOUND] = call_wav(2.0)
    return world.works("carrier")


def _archived(world: World) -> None:
    recording = world.one(Recording)
    assert recording.state == "transcribed"
    kept = [file for file in world.settings.storage.rglob("*.*") if file.is_file()]
    assert [file.suffix for file in kept if not file.name.startswith(".part-")] != []
    finished = [file.name for file in kept if not file.name.startswith(".part-")]
    assert len(finished) == 1, "the original is gone once a small file has its place"


def _to_transcribe(world: World) -> None:
    _to_fetch(world)
    world.works("carrier")


def _to_drop(world: World) -> None:
    _to_transcribe(world)
    world.works("asr", limit=1)


def _reconciled(job: str) -> Drive:
    def prepare(world: World) -> None:
        in_turns(world)
        world.desk.records.sounds[SOUND] = call_wav(2.0)
        world.desk.records.recordings = [
            {
                "sid": SOUND,
                "call_sid": CALL,
                "status": "completed",
                "channels": 2,
                "duration": "2",
                "source": "DialVerb",
            }
        ]
        world.asks("reconcile", job)

    return _job(job, "reconcile", prepare, _archived)


def _given_up(world: World) -> None:
    assert world.one(Recording).state == "missing"


def _a_day_later(world: World) -> None:
    _sets(world, Recording, asked_at=now() - timedelta(hours=25))


def _renews(world: World) -> None:
    world.asks("tickets", f"{_HERE}.renew_and_end")


def _done(world: World) -> None:
    assert world.one(Outbox).state == "done"


def _dead(world: World) -> None:
    world.person("alex", "admin")
    world.asks("tickets", f"{_HERE}.renew_and_end")
    _sets(world, Outbox, state="dead", failures=8, last_error="RuntimeError")


def _clicks_again(world: World) -> object:
    job = {"job": f"{_HERE}.renew_and_end"}
    return world.clicks("alex", "/system/retry", form=job)


def _looks(world: World) -> None:
    schedule = (Every("ivr.jobs.adopt_messages", "tickets", 3600),)
    poller = Poller(world.services, schedule=schedule)
    poller.write_schedule()
    for queue in QUEUES:
        poller.look_at(queue)


def _scheduled(world: World) -> None:
    assert world.count(Outbox, Outbox.state == "done") == world.count(Outbox) >= 1


def _asks(world: World) -> None:
    with world.database.transaction("tests.asks") as session:
        enqueue(session, queue="tickets", job=f"{_HERE}.renew_and_end", key="asked", args=[])


def _deletes(world: World) -> None:
    world.services.get(Carrier).delete_recording(SOUND)


def _hangs_up(world: World) -> None:
    world.services.get(Carrier).end_call(CALL)


def _hung_up(world: World) -> None:
    assert set(world.desk.records.changes) == {(CALL, "completed")}


def _deleted(world: World) -> None:
    assert world.desk.records.deleted == [SOUND]


DRIVES = (
    _job("a caller is offered", "live", _waits, _rang_at_one),
    _job("an offer rings out", "live", rings, _missed, before=_too_late),
    _job("a wrap-up is over", "live", wraps_up, presence_is("ready"), before=_wrap_up_is_over),
    _job("a timer was lost", "live", _lost_timer, _missed, before=_too_late),
    _job("a call ended unheard", "live", _ended_unheard, handover_is("ended")),
    _job("a desk falls silent", "live", _silent(rings), _fell_silent, before=_long_ago),
    Drive(
        "a desk falls silent in a conversation",
        lambda w: (w.works("live"), w.works("carrier")),
        _brought_back,
        _silent(talks),
        _long_ago,
    ),
    _job("a ticket is opened", "tickets", _reports, _told_once),
    _job("a receipt is sent", "sms", _reports, _told_once),
    _job("a receipt may be sent already", "sms", _half_told, _told_once),
    _job("a recording is fetched", "carrier", _to_fetch, _archived),
    Drive(
        "a recording is not there yet",
        lambda w: w.works("carrier"),
        _archived,
        _not_yet,
        again=_comes_at_last,
    ),
    _job("a recording is transcribed", "asr", _to_transcribe, _archived),
    _job("an original is dropped", "asr", _to_drop, _archived),
    _job("a recording never comes", "carrier", _announced, _given_up, before=_a_day_later, dead=1),
    _reconciled("recordings.jobs.reconcile"),
    _reconciled("recordings.jobs.reconcile_day"),
    _reconciled("recordings.jobs.reconcile_week"),
    _job("a lease is renewed", "tickets", _renews, _done),
    Drive("a dead letter by a click", _clicks_again, _done, _dead),
    Drive("a dead letter by a command", lambda _w: commands("retry", "--all"), _done, _dead),
    Drive("the poller looks", _looks, _scheduled),
    Drive("work is asked for", _asks, _done),
    Drive("a recording is forgotten", _deletes, _deleted, lambda w: None),
    Drive("a call is hung up", _hangs_up, _hung_up),
)
