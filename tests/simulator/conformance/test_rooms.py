"""A conference's callbacks and the documents that its people are played."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.calls.call import Call
from simulator.conferences.conferences import Conference
from simulator.conferences.participants import BY_API
from simulator.network import Network
from tests.simulator.app import ACCOUNT, CALLER, NUMBER, PUBLIC, response
from tests.simulator.conformance.line import SHOP, Rest, Told, coming, describe, story_by_rest
from tests.simulator.conformance.test_fields import COMMON

BOB, CAROL = "+13125550112", "+13125550113"
HANG_UP = response("<Hangup/>")
EVENTS = "start end join leave mute hold modify speaker announcement"
ALWAYS = {
    "ConferenceSid", "FriendlyName", "AccountSid", "SequenceNumber", "Timestamp",
    "StatusCallbackEvent",
}  # fmt: skip
PERSON = {"CallSid", "Muted", "Hold", "Coaching", "EndConferenceOnExit", "StartConferenceOnEnter"}


class Room:
    """People in the room "lobby", who came one after the other."""

    def __init__(self, net: Network, rest: Rest) -> None:
        self.net = net
        self._rest = rest

    @property
    def conference(self) -> Conference:
        found = self.net.conferences.running("lobby")
        assert found is not None
        return found

    async def joins(self, who: str = CALLER) -> Call:
        call = coming(self.net, who)
        await self.net.exchange.clock.sleep(1)
        return call

    async def adds(self, who: str) -> None:
        """Call somebody into the room by REST."""
        path = f"Conferences/{self.conference.sid}/Participants"
        await self._rest.post(path, From=NUMBER, To=who, Beep="false")
        await self.net.exchange.clock.sleep(3)

    async def update(self, call: Call | None = None, **form: str) -> None:
        """Update the room, or somebody in it, by REST."""
        room = f"Conferences/{self.conference.sid}"
        await self._rest.post(f"{room}/Participants/{call.sid}" if call else room, **form)
        await self.net.exchange.clock.sleep(1)


def told_of(
    folder: Path,
    act: Callable[[Room], Awaitable[None]],
    attributes: Callable[[str], str] = lambda who: "",
    **replies: Any,
) -> Told:
    """What is told of a room into which everybody who calls is put."""

    def voice(form: dict[str, str]) -> str:
        callback = f'statusCallback="/room" statusCallbackEvent="{EVENTS}"'
        noun = f'<Conference beep="false" {callback} {attributes(form["From"])}>lobby</Conference>'
        return response(f'<Dial action="/after">{noun}</Dial>')

    async def play(net: Network, rest: Rest) -> None:
        await act(Room(net, rest))
        for call in tuple(net.exchange.calls.values()):
            call.leg.hang_up()

    return story_by_rest(folder, {"/voice": voice, "/after": HANG_UP, **replies}, play)


def one(told: Told, event: str) -> dict[str, str]:
    """The first callback of an event."""
    return next(f for f in told.app.forms("/room") if f["StatusCallbackEvent"] == event)


def label(who: str) -> str:
    return 'participantLabel="bob" endConferenceOnExit="true"' if who == BOB else ""


async def two_talk(room: Room) -> None:
    await room.joins()
    await room.joins(BOB)


@pytest.mark.row("request.conference-status.ConferenceSid", "request.conference-status.AccountSid")
@pytest.mark.row("request.conference-status.FriendlyName", "request.conference-status.CallSid")
@pytest.mark.row("request.conference-status.SequenceNumber", "request.conference-status.Timestamp")
@pytest.mark.row("request.conference-status.StatusCallbackEvent", "request.conference-status.Muted")
@pytest.mark.row("request.conference-status.Hold", "request.conference-status.Coaching")
@pytest.mark.row("request.conference-status.EndConferenceOnExit")
@pytest.mark.row("request.conference-status.StartConferenceOnEnter")
@pytest.mark.row("request.conference-status.ParticipantLabel")
@pytest.mark.row("event.conference.participant-join", "event.conference.conference-start")
def test_who_comes_is_told_with_their_terms(tmp_path: Path) -> None:
    told = told_of(tmp_path, two_talk, label)
    forms = told.app.forms("/room")
    first, second, start = forms[:3]
    assert [form["StatusCallbackEvent"] for form in forms[:3]] == [
        "participant-join", "participant-join", "conference-start",
    ]  # fmt: skip
    assert set(first) == ALWAYS | PERSON and set(second) == {*first, "ParticipantLabel"}
    assert set(start) == ALWAYS
    assert (first["FriendlyName"], first["AccountSid"]) == ("lobby", ACCOUNT)
    assert re.fullmatch("CF[0-9a-f]{32}", first["ConferenceSid"])
    assert [form["SequenceNumber"] for form in forms] == [str(n + 1) for n in range(len(forms))]
    assert first["Timestamp"].endswith("+0000") and first["CallSid"] == told.calls[0].sid
    flags = ("Muted", "Hold", "Coaching", "EndConferenceOnExit", "StartConferenceOnEnter")
    assert [first[name] for name in flags] == ["false", "false", "false", "false", "true"]
    assert second["EndConferenceOnExit"] == "true" and second["ParticipantLabel"] == "bob"


@pytest.mark.row("request.conference-status.CallSidToCoach")
def test_a_coach_is_told_with_whom(tmp_path: Path) -> None:
    coached: list[str] = []

    async def act(room: Room) -> None:
        first = await room.joins()
        coached.append(first.sid)
        await room.joins(BOB)
        await room.joins(CAROL)

    told = told_of(tmp_path, act, lambda who: f'coach="{coached[0]}"' if who == CAROL else "")
    form = [f for f in told.app.forms("/room") if f["StatusCallbackEvent"] == "participant-join"][2]
    assert form["Coaching"] == "true" and form["CallSidToCoach"] == coached[0]


@pytest.mark.row("event.conference.participant-mute", "event.conference.participant-unmute")
@pytest.mark.row("event.conference.participant-hold", "event.conference.participant-unhold")
@pytest.mark.row("event.conference.participant-modify")
def test_what_is_done_to_somebody_is_told(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        call = await room.joins()
        await room.joins(BOB)
        await room.update(call, Muted="true")
        await room.update(call, Muted="false")
        await room.update(call, Hold="true")
        await room.update(call, Hold="false")
        await room.update(call, EndConferenceOnExit="true")

    told = told_of(tmp_path, act)
    wanted = ["mute", "unmute", "hold", "unhold", "modify"]
    told_events = told.events("/room", "StatusCallbackEvent")
    found = [event.removeprefix("participant-") for event in told_events]
    assert [event for event in found if event in wanted] == wanted
    assert one(told, "participant-mute")["Muted"] == "true"
    assert one(told, "participant-hold")["Hold"] == "true"
    assert one(told, "participant-modify")["EndConferenceOnExit"] == "true"


row = pytest.mark.row


async def hangs_up(room: Room) -> None:
    call = await room.joins()
    await room.joins(BOB)
    call.leg.hang_up()
    await room.net.exchange.clock.sleep(1)


async def moderator_hangs_up(room: Room) -> None:
    await room.joins()
    bob = await room.joins(BOB)
    bob.leg.hang_up()
    await room.net.exchange.clock.sleep(1)


async def room_is_ended(room: Room) -> None:
    await two_talk(room)
    await room.update(Status="completed")


async def is_kicked(room: Room) -> None:
    call = await room.joins()
    await room.joins(BOB)
    found = room.conference.find(call.sid)
    assert found is not None
    room.conference.remove(found, BY_API, kicked=True)


@pytest.mark.row("request.conference-status.ParticipantCallStatus")
@pytest.mark.row("event.conference.participant-leave")
@pytest.mark.parametrize(
    ("act", "who", "reason", "status"),
    [
        pytest.param(
            hangs_up,
            0,
            "participant_hung_up",
            "completed",
            marks=row("request.conference-status.ReasonParticipantLeft.participant_hung_up"),
        ),
        pytest.param(
            moderator_hangs_up,
            0,
            "moderator_ended_conference",
            "in-progress",
            marks=row("request.conference-status.ReasonParticipantLeft.moderator_ended_conference"),
        ),
        pytest.param(
            room_is_ended,
            0,
            "conference_ended_via_api",
            "in-progress",
            marks=row("request.conference-status.ReasonParticipantLeft.conference_ended_via_api"),
        ),
        pytest.param(
            is_kicked,
            0,
            "participant_updated_via_api",
            "in-progress",
            marks=row(
                "request.conference-status.ReasonParticipantLeft.participant_updated_via_api"
            ),
        ),
    ],
)
def test_who_leaves_is_told_with_the_reason(
    tmp_path: Path,
    act: Callable[[Room], Awaitable[None]],
    who: int,
    reason: str,
    status: str,
) -> None:
    told = told_of(tmp_path, act, label)
    left = [f for f in told.app.forms("/room") if f["StatusCallbackEvent"] == "participant-leave"]
    form = next(f for f in left if f["CallSid"] == told.calls[who].sid)
    assert set(form) == ALWAYS | PERSON | {"ParticipantCallStatus", "ReasonParticipantLeft"}
    assert (form["ReasonParticipantLeft"], form["ParticipantCallStatus"]) == (reason, status)


@pytest.mark.row("request.conference-status.CallSidEndingConference")
@pytest.mark.row("request.conference-status.ParticipantLabelEndingConference")
@pytest.mark.row("request.conference-status.ReasonConferenceEnded")
@pytest.mark.row("request.conference-status.Reason", "event.conference.conference-end")
def test_the_end_is_told_with_who_ended_it(tmp_path: Path) -> None:
    told = told_of(tmp_path, moderator_hangs_up, label)
    form = one(told, "conference-end")
    assert form["CallSidEndingConference"] == told.calls[1].sid
    assert form["ParticipantLabelEndingConference"] == "bob"
    reason = "participant-with-end-conference-on-exit-left"
    assert (form["ReasonConferenceEnded"], form["Reason"]) == (reason, reason)
    by_rest = one(told_of(tmp_path / "2", room_is_ended), "conference-end")
    assert by_rest["ReasonConferenceEnded"] == "conference-ended-via-api"
    assert "CallSidEndingConference" not in by_rest


@pytest.mark.row("request.conference-status.AnnounceUrl", "event.conference.announcement-end")
@pytest.mark.row("request.conference-status.ReasonAnnouncementFailed")
@pytest.mark.row("event.conference.announcement-fail")
def test_an_announcement_is_told_when_it_is_over_or_failed(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        await two_talk(room)
        await room.update(AnnounceUrl=f"{PUBLIC}/news")
        await room.net.exchange.clock.sleep(2)
        await room.update(AnnounceUrl=f"{PUBLIC}/gone")

    news: dict[str, Any] = {"/news": response("<Pause length='1'/>")}
    told = told_of(tmp_path, act, **news)
    done, failed = one(told, "announcement-end"), one(told, "announcement-fail")
    assert set(done) == ALWAYS | {"AnnounceUrl"} and done["AnnounceUrl"] == f"{PUBLIC}/news"
    assert set(failed) == ALWAYS | {"AnnounceUrl", "ReasonAnnouncementFailed"}
    assert failed["AnnounceUrl"] == f"{PUBLIC}/gone" and "404" in failed["ReasonAnnouncementFailed"]


@pytest.mark.row("request.conference-documents.common", "http.method.hold")
@pytest.mark.row("request.conference-documents.ConferenceSid")
@pytest.mark.row("request.conference-documents.FriendlyName")
def test_wait_and_hold_documents_are_told_the_call_and_the_room(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        call = await room.joins()
        await room.joins(BOB)
        await room.update(call, Hold="true", HoldUrl=f"{PUBLIC}/hold")

    replies: dict[str, Any] = {"/music": response("<Pause/>"), "/hold": response("<Pause/>")}
    told = told_of(tmp_path, act, lambda who: 'waitUrl="/music"', **replies)
    music, hold = told.app.forms("/music")[0], told.request("/hold")
    assert set(music) == COMMON | {"ConferenceSid", "FriendlyName"}
    assert music["FriendlyName"] == "lobby" and music["CallSid"] == told.calls[0].sid
    assert hold.form == {} and "ConferenceSid=CF" in hold.url, "asked by GET"


@pytest.mark.row("request.conference-status.ReasonParticipantLeft.participant_add_failed")
def test_somebody_who_could_not_be_added_is_told(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        await two_talk(room)
        describe(room.net, {SHOP: {"behaviour": "busy"}})
        await room.adds(SHOP)

    told = told_of(tmp_path, act)
    left = [f for f in told.app.forms("/room") if f["StatusCallbackEvent"] == "participant-leave"]
    assert left[0]["ReasonParticipantLeft"] == "participant_add_failed"
    assert left[0]["ParticipantCallStatus"] == "busy"


def test_somebody_called_into_the_room_leaves_it_by_hanging_up(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        await two_talk(room)
        describe(room.net, {SHOP: {"steps": [{"waits_s": 3}, {"hangs_up": True}]}})
        await room.adds(SHOP)
        await room.net.exchange.clock.sleep(3)
        assert len(room.conference.connected) == 2

    told = told_of(tmp_path, act)
    left = [f for f in told.app.forms("/room") if f["StatusCallbackEvent"] == "participant-leave"]
    assert left[0]["CallSid"] == told.calls[2].sid
    assert left[0]["ReasonParticipantLeft"] == "participant_hung_up"


@pytest.mark.row("event.conference.participant-speech-start")
@pytest.mark.row("event.conference.participant-speech-stop")
def test_who_speaks_is_told(tmp_path: Path) -> None:
    async def act(room: Room) -> None:
        await two_talk(room)
        describe(room.net, {SHOP: {"steps": [{"says": "hello there"}]}})
        await room.adds(SHOP)
        await room.net.exchange.clock.sleep(4)

    told = told_of(tmp_path, act)
    speech = [form for form in told.app.forms("/room") if "speech" in form["StatusCallbackEvent"]]
    assert [form["StatusCallbackEvent"] for form in speech[:2]] == [
        "participant-speech-start", "participant-speech-stop",
    ]  # fmt: skip
    assert {form["CallSid"] for form in speech} == {told.calls[2].sid}
