"""The unmodified `twilio` client leads rooms: each parameter of conferences and participants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.sound.audio import SILENCE
from tests.conftest import eventually
from tests.simulator.app import PUBLIC, response
from tests.simulator.rest_driver import Served, describe
from tests.simulator.rest_room import Room

pytestmark = pytest.mark.slow

ANNA, BEN, CARL = "+13125550170", "+13125550171", "+13125550172"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("rooms"), pace=0.0) as one:
        for address in (ANNA, BEN, CARL):
            describe(one, address)
        one.app.replies |= {
            path: response()
            for path in ("/room", "/progress", "/recording", "/rooms-recording", "/hold", "/wait")
        }
        one.app.replies["/sound"] = response("<Say>Attention please</Say>")
        yield one


@pytest.fixture
def client(served: Served) -> Client:
    served.app.received.clear()
    return served.client()


@pytest.fixture
def room(served: Served, client: Client) -> Iterator[Room]:
    with served.standing_still() as go_on:
        made = Room(served, client, go_on)
        yield made
        if made.sid and made.fetch().status != "completed":
            client.conferences(made.sid).update(status="completed")


def told(served: Served, path: str, **fields: str) -> list[dict[str, str]]:
    return [
        form
        for form in served.app.forms(path)
        if all(form.get(name) == value for name, value in fields.items())
    ]


@pytest.mark.row(
    "state.conference", "enum.conference.status", "enum.participant.status",
    "rest.participants.create.room", "rest.participants.create.Label", "rest.booleans",
)  # fmt: skip
def test_a_room_waits_starts_and_is_ended(room: Room) -> None:
    anna = room.add(ANNA, label="anna")
    assert (anna.status, anna.muted, anna.hold) == ("queued", False, False)
    room.pass_until(lambda: room.served.network.exchange.calls[anna.call_sid].status == "ringing")
    assert room.client.conferences(room.sid).participants("anna").fetch().status == "ringing"
    assert room.came(anna).fetch().status == "connected"
    assert room.fetch().status == "init"
    room.came(room.add(BEN))
    assert room.fetch().status == "in-progress"
    assert {one.label for one in room.client.conferences(room.sid).participants.list()} == {
        "anna",
        None,
    }
    assert room.client.conferences(room.sid).update(status="completed").status == "completed"
    assert room.fetch().reason_conference_ended == "conference-ended-via-api"
    room.pass_until(lambda: room.served.network.exchange.calls[anna.call_sid].is_over)


@pytest.mark.row("enum.conference.reason", "rest.participants.create.EndConferenceOnExit")
@pytest.mark.parametrize(
    ("ends", "kicked", "reason"),
    [
        (True, True, "participant-with-end-conference-on-exit-kicked"),
        (True, False, "participant-with-end-conference-on-exit-left"),
        (False, True, "last-participant-kicked"),
        (False, False, "last-participant-left"),
    ],
)
def test_why_a_room_ended_is_told(room: Room, ends: bool, kicked: bool, reason: str) -> None:
    anna, ben = room.add(ANNA, end_conference_on_exit=ends), room.add(BEN)
    room.came(anna)
    theirs = room.came(ben)
    assert (
        room.client.conferences(room.sid).participants(anna.call_sid).fetch().end_conference_on_exit
        is ends
    )

    def leave(one: Any) -> None:
        if kicked:
            assert room.client.conferences(room.sid).participants(one.call_sid).delete()
        else:
            url = f"{room.served.root}/simulator/calls/{one.call_sid}/hangup"
            assert requests.post(url, timeout=60).ok
            room.pass_until(lambda: one.call_sid not in room.inside.participants)

    if not ends:
        leave(ben)
        with pytest.raises(TwilioRestException) as gone:
            theirs.fetch()
        assert (gone.value.status, gone.value.code) == (404, 20404)
    leave(anna)
    assert room.fetch().reason_conference_ended == reason
    assert room.fetch().call_sid_ending_conference == anna.call_sid


@pytest.mark.row(
    "rest.participants.create.leaves", "rest.participants.create.StatusCallback",
    "rest.participants.delete",
)  # fmt: skip
def test_who_leaves_a_room_has_nothing_else_to_do(room: Room) -> None:
    anna = room.add(
        ANNA, status_callback=f"{PUBLIC}/progress", status_callback_event=["answered", "completed"]
    )
    assert room.came(anna).delete()
    sid = anna.call_sid
    room.pass_until(lambda: len(told(room.served, "/progress", CallSid=sid)) == 2)
    states = [form["CallStatus"] for form in told(room.served, "/progress", CallSid=sid)]
    assert states == ["in-progress", "completed"]


@pytest.mark.row(
    "rest.participants.create.Muted", "rest.participants.update.Muted",
    "rest.participants.filters",
)  # fmt: skip
def test_people_are_muted_and_found_by_it(room: Room) -> None:
    anna, ben = room.add(ANNA, muted=True), room.add(BEN)
    one = room.came(anna)
    room.came(ben)
    people = room.client.conferences(room.sid).participants
    assert [it.call_sid for it in people.list(muted=True)] == [anna.call_sid]
    assert one.update(muted="anything").muted is False
    assert one.update(muted=True).muted is True
    assert one.update(muted=False).muted is False
    assert people.list(muted=True) == [] and people.list(hold=True) == []
    assert len(people.list(hold=False)) == 2 and people.list(coaching=True) == []


@pytest.mark.row("rest.participants.update.Hold")
def test_hold_asks_its_address_by_get(room: Room) -> None:
    one = room.came(room.add(ANNA))
    room.came(room.add(BEN))
    assert one.update(hold=True, hold_url=f"{PUBLIC}/hold").hold is True

    def asked() -> list[Any]:
        return [it for it in room.served.app.received if it.path == "/hold"]

    room.pass_until(lambda: len(asked()) == 1)
    assert "ConferenceSid" in asked()[0].url and asked()[0].form == {}
    assert one.update(hold=False).hold is False
    one.update(hold=True, hold_url=f"{PUBLIC}/hold", hold_method="POST")
    room.pass_until(lambda: len(asked()) == 2)
    assert asked()[1].form["ConferenceSid"] == room.sid


@pytest.mark.row("rest.participants.update.AnnounceUrl", "rest.conferences.update")
def test_an_announcement_is_heard_by_one_or_by_all(room: Room) -> None:
    anna, ben = room.add(ANNA), room.add(BEN)
    one = room.came(anna)
    room.came(ben)
    one.update(announce_url=f"{PUBLIC}/sound")

    def heard(it: Any) -> list[Any]:
        events = room.served.network.exchange.calls[it.call_sid].log.events
        return [event for event in events if event["event"] == "heard"]

    room.pass_until(lambda: heard(anna))
    assert heard(ben) == []
    room.client.conferences(room.sid).update(announce_url=f"{PUBLIC}/sound", announce_method="GET")
    room.pass_until(lambda: heard(ben))
    methods = ["CallSid" in it.form for it in room.served.app.received if it.path == "/sound"]
    assert methods == [True, False]


@pytest.mark.row("rest.participants.create.WaitUrl", "rest.participants.update.WaitUrl")
def test_who_waits_hears_what_was_chosen(room: Room) -> None:
    anna = room.add(ANNA, wait_url=f"{PUBLIC}/wait", wait_method="GET")
    one = room.came(anna)

    def asked() -> list[Any]:
        return [it for it in room.served.app.received if it.path == "/wait"]

    room.pass_until(lambda: len(asked()) == 1)
    assert asked()[0].form == {}
    one.update(wait_url=f"{PUBLIC}/wait?other=1")
    room.pass_until(lambda: len(asked()) == 2)
    assert asked()[1].form["CallSid"] == anna.call_sid and "other=1" in asked()[1].url


@pytest.mark.row("rest.participants.create.Beep", "rest.participants.update.BeepOnExit")
def test_who_comes_and_goes_is_heard_as_told(room: Room) -> None:
    anna = room.add(ANNA, beep="false")
    room.came(anna)
    for beep, coming, going in (("onEnter", True, False), ("onExit", False, True)):
        ben = room.add(BEN, beep=beep)
        room.came(ben)
        assert bool(room.inside._beeps) is coming
        room.pass_until(lambda: not room.inside._beeps)
        if beep == "onExit":
            one = room.client.conferences(room.sid).participants(ben.call_sid)
            one.update(beep_on_exit=False)
            one.update(beep_on_exit=True)
        carl = room.add(CARL, beep="false")
        room.came(carl)
        assert room.client.conferences(room.sid).participants(ben.call_sid).delete()
        assert bool(room.inside._beeps) is going
        room.pass_until(lambda: not room.inside._beeps)
        assert room.client.conferences(room.sid).participants(carl.call_sid).delete()


@pytest.mark.row("rest.participants.create.StartConferenceOnEnter")
def test_a_room_is_not_started_by_who_may_not(room: Room) -> None:
    room.came(room.add(ANNA, start_conference_on_enter=False))
    one = room.came(room.add(BEN, start_conference_on_enter=False))
    assert one.fetch().start_conference_on_enter is False
    assert room.fetch().status == "init"
    room.came(room.add(CARL))
    assert room.fetch().status == "in-progress"


@pytest.mark.row("rest.participants.create.EarlyMedia")
@pytest.mark.parametrize("early", [True, False])
def test_the_room_hears_it_ring_unless_told_not_to(room: Room, early: bool) -> None:
    room.came(room.add(ANNA, beep="false"))
    room.came(room.add(BEN, beep="false"))
    describe(room.served, CARL, behaviour="no-answer")
    carl = room.add(CARL, early_media=early, timeout=5)
    calls, frames = room.served.network.exchange.calls, set()
    room.served.network.exchange.calls[room.inside.connected[0].call.sid].leg.add_tap(
        lambda _said, heard: frames.add(heard)
    )
    room.pass_until(lambda: calls[carl.call_sid].is_over)
    describe(room.served, CARL)
    assert (max(_loudness(frame) for frame in frames) > 40) is early


def _loudness(frame: bytes) -> int:
    return max(127 - (code & 0x7F) for code in frame or SILENCE)


@pytest.mark.row("rest.participants.create.Timeout")
def test_a_participant_rings_five_seconds_longer_than_told(room: Room) -> None:
    describe(room.served, CARL, behaviour="no-answer")
    carl = room.add(CARL, timeout=7)
    calls = room.served.network.exchange.calls
    room.pass_until(lambda: calls[carl.call_sid].is_over)
    describe(room.served, CARL)
    assert calls[carl.call_sid].status == "no-answer"
    assert 12 <= calls[carl.call_sid].log.age_s < 13


@pytest.mark.row("rest.participants.create.MaxParticipants")
def test_a_full_room_takes_nobody_else(room: Room) -> None:
    room.came(room.add(ANNA, max_participants=2))
    room.came(room.add(BEN))
    with pytest.raises(TwilioRestException) as refused:
        room.add(CARL)
    assert (refused.value.status, refused.value.code) == (400, 16020)


@pytest.mark.row("rest.participants.create.Coaching", "rest.participants.update.Coaching")
def test_a_coach_is_heard_by_one_and_stops(room: Room) -> None:
    anna, ben = room.add(ANNA), room.add(BEN)
    room.came(anna)
    room.came(ben)
    carl = room.came(room.add(CARL, coaching=True, call_sid_to_coach=anna.call_sid))
    assert carl.fetch().call_sid_to_coach == anna.call_sid
    people = room.client.conferences(room.sid).participants
    assert len(people.list(coaching=True)) == 1
    assert carl.update(coaching=False).coaching is False
    assert carl.update(call_sid_to_coach=ben.call_sid).coaching is True
    with pytest.raises(TwilioRestException) as refused:
        carl.update(coaching=True, call_sid_to_coach="CA" + "0" * 32)
    assert refused.value.code == 13240


@pytest.mark.row(
    "rest.participants.create.Record",
    "rest.participants.create.RecordingStatusCallbackEvent",
)  # fmt: skip
def test_a_participants_own_call_is_recorded(room: Room) -> None:
    anna = room.add(
        ANNA,
        record=True,
        recording_channels="dual",
        recording_track="both",
        trim="do-not-trim",
        recording_status_callback=f"{PUBLIC}/recording",
        recording_status_callback_event=["started", "paused", "resumed", "stopped", "completed"],
    )
    room.came(anna)
    running = room.served.network.exchange.recordings.running
    room.pass_until(lambda: any(one.duration_s > 1 for one in running.values()))
    calls = room.client.calls(anna.call_sid)
    for status in ("paused", "in-progress", "stopped"):
        calls.recordings("Twilio.CURRENT").update(status=status)

    def mine() -> list[Any]:
        return told(room.served, "/recording", CallSid=anna.call_sid)

    room.pass_until(lambda: len(mine()) == 5)
    assert sorted(form["RecordingStatus"] for form in mine()) == sorted(
        ["started", "paused", "resumed", "stopped", "completed"]
    )
    (one,) = calls.recordings.list()
    assert (one.channels, one.source) == (2, "OutboundAPI")


@pytest.mark.row(
    "rest.participants.create.ConferenceRecord",
    "rest.participants.create.ConferenceRecordingStatusCallback",
    "rest.participants.create.ConferenceStatusCallback",
    "rest.recording.conference",
)  # fmt: skip
def test_the_first_decides_what_is_told_of_the_room_and_recorded(room: Room) -> None:
    anna = room.add(
        ANNA,
        conference_record="record-from-start",
        conference_trim="do-not-trim",
        conference_recording_status_callback=f"{PUBLIC}/rooms-recording",
        conference_status_callback=f"{PUBLIC}/room",
    )
    room.came(anna)
    room.came(room.add(BEN, conference_status_callback=f"{PUBLIC}/nothing"))
    room.pass_until(lambda: room.inside.recording._recorder.duration_s > 2)  # type: ignore[union-attr]
    room.client.conferences(room.sid).update(status="completed")
    room.pass_until(lambda: told(room.served, "/rooms-recording", ConferenceSid=room.sid))
    room.pass_until(lambda: len(told(room.served, "/room", ConferenceSid=room.sid)) == 2)
    events = [it["StatusCallbackEvent"] for it in told(room.served, "/room")]
    assert events == ["conference-start", "conference-end"]
    assert room.served.app.forms("/nothing") == []
    (one,) = room.client.conferences(room.sid).recordings.list()
    assert (one.source, one.conference_sid, one.call_sid) == ("Conference", room.sid, None)
    assert room.client.conferences(room.sid).recordings(one.sid).fetch().sid == one.sid
    assert room.client.recordings.list(conference_sid=room.sid)[0].sid == one.sid


@pytest.mark.row("rest.participants.update.EndConferenceOnExit")
def test_who_ends_the_room_may_change(room: Room) -> None:
    room.came(room.add(ANNA))
    ben = room.came(room.add(BEN))
    assert ben.update(end_conference_on_exit=True).end_conference_on_exit is True
    assert ben.delete() and room.fetch().status == "completed"


@pytest.mark.row("rest.conferences.filters")
def test_rooms_are_found_by_name_state_and_day(room: Room) -> None:
    room.came(room.add(ANNA))
    list_ = room.client.conferences.list
    today = datetime.now(UTC).date()
    assert [it.sid for it in list_(friendly_name=room.name, status="init")] == [room.sid]
    assert list_(friendly_name=room.name, status="completed") == []
    assert len(list_(friendly_name=room.name, date_created_after=today - timedelta(days=1))) == 1
    assert list_(friendly_name=room.name, date_created_before=today - timedelta(days=1)) == []
    assert list_(friendly_name=room.name, date_updated_before=today - timedelta(days=1)) == []


@pytest.mark.row("rest.participants.create.JitterBufferSize", "rest.participants.create.To")
def test_a_client_comes_into_a_room_with_any_buffer(room: Room) -> None:
    describe(room.served, "client:carl", behaviour="answers")
    carl = room.add("client:carl", jitter_buffer_size="small", label="carl")
    assert room.came(carl).fetch().label == "carl"


def test_a_label_is_given_once(room: Room) -> None:
    room.came(room.add(ANNA, label="twice"))
    with pytest.raises(TwilioRestException) as refused:
        room.add(BEN, label="twice")
    assert refused.value.code == 16025


def test_a_room_that_is_over_takes_nobody(room: Room) -> None:
    room.came(room.add(ANNA))
    room.client.conferences(room.sid).update(status="completed")
    with pytest.raises(TwilioRestException) as gone:
        room.add(BEN)
    assert (gone.value.status, gone.value.code) == (404, 20404)
    assert eventually(lambda: room.fetch().status == "completed")
