"""Drives of the line: what the carrier posts, and the jobs that follow from a call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

from sqlalchemy import select
from werkzeug.test import TestResponse

from agents.handovers import actions
from agents.models import Handover
from agents.routing import offers
from calls.actions import call_arrived, end_call, new_stream_token
from calls.legs import Party
from calls.models import Call, CallEvent, Leg, Turn, TurnSound
from carriers.messages import Keys, Speech
from infra.clock import now
from ivr import turns
from ivr.live.gateway import CallGateway
from recordings.models import Recording
from tests.faults.points.people import LEG, reported, rings, talks
from tests.faults.points.world import CALL, CALLER, LINE, Drive, World, handover_is
from tests.recordings.sounds import call_wav
from tickets.models import Report, Ticket, TicketEvent

SOUND = "RE" + "2" * 32
_KEYS = ("1", "1", "1", "1200", "25275", "1")


def rang(world: World) -> None:
    """A call is on its media socket."""
    world.posts("/ivr/voice")


def gets_a_token(world: World) -> None:
    """A trial may begin long after the installation was prepared; a token lasts a minute."""
    with world.database.transaction() as session:
        new_stream_token(session.scalars(select(Call)).one())


def in_turns(world: World) -> None:
    """A call is asked its first question in turn mode."""
    rang(world)
    world.posts("/ivr/continue?after=stream")


def keyed(world: World) -> None:
    """A caller has keyed in everything and hears it read back."""
    in_turns(world)
    for turn, keys in enumerate(_KEYS, start=1):
        world.posts(f"/ivr/turn?n={turn}", Digits=keys)


def dials_for_help(world: World) -> None:
    """A caller in danger is being joined to the emergency number."""
    in_turns(world)
    with world.database.transaction() as session:
        turns.take_turn_in(session, world.services, CALL, 1, Speech("he is not breathing"))
    world.posts("/ivr/turn?n=2", Digits="1")


def cut_off(world: World) -> None:
    """A caller has said what is wrong, and no more."""
    in_turns(world)
    with world.database.transaction() as session:
        session.scalars(select(Call)).one().draft = {"category": "pothole"}


def _over(world: World) -> None:
    cut_off(world)
    world.posts("/ivr/status", CallStatus="completed", CallDuration="31")


def spoke(world: World) -> None:
    """A caller's first answer is a recording that is to be heard."""
    in_turns(world)
    world.desk.records.sounds[SOUND] = call_wav(2.0)
    world.posts("/ivr/turn?n=1", RecordingSid=SOUND)


def to_message(world: World) -> None:
    """A caller for whom nobody came is asked for a message after the tone."""
    in_turns(world)
    world.posts("/ivr/turn?n=1", Digits="0")
    with world.database.transaction() as session:
        handover = session.scalars(select(Handover)).one()
        actions.give_up_waiting(session, handover)
    world.posts("/ivr/continue?after=queue&round=1")


def lost_its_agent(world: World) -> None:
    """A caller is fetched out of a bridge with a silent agent."""
    talks(world)
    with world.database.transaction() as session:
        actions.agent_lost(session, session.get_one(Handover, 1))


def accepted(world: World) -> None:
    """An agent has taken the caller, and their phone is on the way."""
    rings(world)
    with world.database.transaction() as session:
        offers.accept(session, staff_id=1, offer_id=1)


def _webhook(
    name: str,
    path: str,
    prepare: Callable[[World], object],
    check: Callable[[World], object],
    *,
    sid: str = CALL,
    **fields: str,
) -> Drive:
    """The carrier posts something and repeats it until it is answered: always the same bytes."""

    def act(world: World) -> TestResponse:
        return world.posts(path, sid=sid, **fields)

    def whole(world: World) -> None:
        first, second = act(world), act(world)
        assert first.status_code == second.status_code == 200
        assert first.data == second.data
        assert b"trouble=" not in first.data
        route = path.partition("?")[0]
        with world.database.read() as session:
            kept = session.scalars(select(CallEvent.answer).where(CallEvent.route == route)).all()
        assert first.data in kept, "each answer is committed"
        check(world)

    return Drive(name, act, whole, prepare)


def _one_call(world: World) -> None:
    assert world.count(Call) == 1


def _at_turn(number: int) -> Callable[[World], None]:
    def check(world: World) -> None:
        assert world.one(Call).turn_count == number
        assert world.count(Turn) == number

    return check


def _reported(source: str) -> Callable[[World], None]:
    def check(world: World) -> None:
        report = world.one(Report)
        assert report.source == source
        texts = [message["body"] for message in world.desk.records.messages]
        assert len(texts) == 1
        assert report.number in texts[0].replace(" ", "")

    return check


def _ended(world: World) -> None:
    call = world.one(Call)
    assert (call.status, call.duration_s) == ("completed", 31)


def _cut_off_and_kept(world: World) -> None:
    _ended(world)
    _reported("cut_off")(world)


def _heard(world: World) -> None:
    sound = world.one(TurnSound)
    assert (sound.state, sound.text.split()[0]) == ("heard", "pothole0")


def _archived(world: World) -> None:
    recording = world.one(Recording)
    assert recording.state == "transcribed"
    assert recording.storage_key


def _announced(world: World) -> None:
    in_turns(world)
    world.desk.records.sounds[SOUND] = call_wav(2.0)


def _their_book(world: World) -> None:
    moment = now()
    world.desk.records.calls = [
        {
            "sid": CALL,
            "from": CALLER,
            "to": LINE,
            "direction": "inbound",
            "status": "completed",
            "start_time": format_datetime(moment - timedelta(seconds=60)),
            "end_time": format_datetime(moment - timedelta(seconds=29)),
            "duration": "31",
        }
    ]


def _reconciled(job: str) -> Drive:
    """Reconciling finds a call of which no webhook told us its end."""

    def prepare(world: World) -> None:
        cut_off(world)
        _their_book(world)
        world.asks("reconcile", job)

    return Drive(job, lambda w: w.works("reconcile"), _cut_off_and_kept, prepare)


def _left_a_message(world: World) -> None:
    with world.database.transaction() as session:
        call = call_arrived(
            session,
            carrier_sid=CALL,
            from_number=CALLER,
            to_number=LINE,
            direction="inbound",
            language="en",
        )
        call.settled_at = now()
        at = now() - timedelta(seconds=120)
        end_call(session, call, status="completed", duration_s=31, at=at)
        session.add(
            Recording(public_id=SOUND, carrier_sid=SOUND, call_id=call.id, purpose="message")
        )
    world.asks("tickets", "ivr.jobs.adopt_messages")


def _told_of_danger(world: World) -> None:
    reported(world, source="message", problem_text="my house is on fire", confirmed=False)
    world.asks("tickets", "ivr.jobs.look_into_messages")


def _is_alarmed(world: World) -> None:
    assert world.one(Report).looked_into
    assert world.one(Ticket).emergency == "fire"


def _enters(world: World) -> object:
    token = world.one(Call).stream_token
    return token and CallGateway(world.services).may_enter(CALL, token)


def _was_connected(world: World) -> None:
    assert world.count(Leg, Leg.party == Party.OUTSIDE) == 1
    assert world.count(TicketEvent, TicketEvent.action == "connected") == 1


def _goes_on_in_turns(world: World) -> None:
    """Whatever became of the socket: the carrier follows the redirect, and the call goes on."""
    answer = world.posts("/ivr/continue?after=stream")
    assert answer.status_code == 200
    assert b"<Gather" in answer.data


def _token_is_used(world: World) -> None:
    assert not world.one(Call).stream_token
    _goes_on_in_turns(world)


def _spoken(world: World) -> None:
    assert world.one(Call).spoken_turn == 1


def _written(world: World) -> None:
    _goes_on_in_turns(world)


def _redirected(world: World) -> None:
    (url,) = {url for sid, url in world.desk.records.changes if sid == CALL}
    assert "/ivr/continue?after=redirect" in url


DRIVES = (
    _webhook("a call arrives", "/ivr/voice", lambda w: None, _one_call),
    _webhook("back from the socket", "/ivr/continue?after=stream", rang, _at_turn(1)),
    _webhook("the yes that files a report", "/ivr/turn?n=7", keyed, _reported("keys"), Digits="1"),
    _webhook("an answer is asked for", "/ivr/recognised?n=1&look=1", spoke, _heard),
    _webhook(
        "a message is left",
        "/ivr/message?n=3",
        to_message,
        lambda w: w.one(Report),
        RecordingSid=SOUND,
    ),
    _webhook(
        "the call to the emergency number is over",
        "/ivr/connected?n=3",
        dials_for_help,
        _was_connected,
        DialCallStatus="completed",
        DialCallSid=LEG,
        DialCallDuration="40",
    ),
    _webhook("rescued", "/ivr/rescued", in_turns, _one_call, RecordingSid=SOUND),
    _webhook(
        "a cut-off call ends",
        "/ivr/status",
        cut_off,
        _cut_off_and_kept,
        CallStatus="completed",
        CallDuration="31",
        SequenceNumber="3",
    ),
    _webhook(
        "a recording is announced",
        "/recordings/status",
        _announced,
        _archived,
        RecordingSid=SOUND,
        RecordingStatus="completed",
        RecordingDuration="2",
        RecordingChannels="2",
    ),
    _webhook("a caller waits", "/agents/wait?round=1&look=1", rings, _one_call),
    _webhook(
        "a caller left the queue",
        "/agents/queue-over?round=1",
        rings,
        handover_is("abandoned"),
        QueueResult="hangup",
        QueueTime="9",
        CallStatus="completed",
    ),
    _webhook(
        "a caller is fetched back",
        "/agents/back?round=2",
        lost_its_agent,
        handover_is("cut_off", "waiting"),
    ),
    _webhook(
        "an agent's phone connects",
        "/agents/voice",
        accepted,
        handover_is("in_conversation"),
        sid=LEG,
        From="client:agent_1",
        offer="1",
    ),
    _webhook(
        "an agent's phone is gone",
        "/agents/voice-over?attempt=0",
        talks,
        handover_is("cut_off", "waiting"),
        sid=LEG,
        CallStatus="completed",
    ),
    Drive("an answer is heard", lambda w: w.works("live"), _heard, spoke),
    Drive(
        "a call is settled",
        lambda w: w.works("tickets"),
        _cut_off_and_kept,
        _over,
    ),
    _reconciled("ivr.jobs.reconcile"),
    _reconciled("ivr.jobs.reconcile_day"),
    _reconciled("ivr.jobs.reconcile_week"),
    Drive(
        "a message is adopted",
        lambda w: w.works("tickets", limit=1),
        _reported("message"),
        _left_a_message,
    ),
    Drive(
        "a message is searched for an emergency",
        lambda w: w.works("tickets"),
        _is_alarmed,
        _told_of_danger,
    ),
    Drive("a socket enters", _enters, _token_is_used, rang, before=gets_a_token),
    Drive(
        "a turn on the socket",
        lambda w: CallGateway(w.services).take_turn(CALL, 7, Keys("1")),
        _reported("keys"),
        keyed,
    ),
    Drive("words were spoken", lambda w: CallGateway(w.services).spoken(CALL, 1), _spoken, rang),
    Drive(
        "words are written",
        lambda w: CallGateway(w.services).write(CALL, "caller", "a hole", 0.9),
        _written,
        rang,
    ),
    Drive(
        "a call is redirected", lambda w: CallGateway(w.services).redirect(CALL), _redirected, rang
    ),
)
