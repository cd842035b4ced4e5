"""<Dial><Conference>: who hears whom, when a room starts and ends, and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from pathlib import Path

import numpy as np
import pytest

from simulator.calls.call import Call
from simulator.calls.legs import Endpoint
from simulator.network import Network
from simulator.sound.audio import RATE, decoded, encoded
from tests.simulator.app import ACCOUNT, NUMBER, FakeApp, network, response, run

ALICE, BOB, CAROL = "+13125550111", "+13125550112", "+13125550113"
HZ = {ALICE: 500, BOB: 800, CAROL: 1250}
EVENTS = 'statusCallback="/room" statusCallbackEvent="start end join leave mute hold speaker"'


class Hummer(Endpoint):
    """Hums one tone all the time and keeps what is heard."""

    def __init__(self, hz: int) -> None:
        self._at = 0
        self._hz = hz
        self.heard = bytearray()

    def speak(self) -> bytes:
        at = (np.arange(160) + self._at) / RATE
        self._at += 160
        return encoded(4000 * np.sin(2 * np.pi * self._hz * at))

    def hear(self, frame: bytes) -> None:
        self.heard += frame

    def hears(self, hz: int) -> bool:
        """Whether that tone was in the last second, as loud as a voice."""
        sound = decoded(bytes(self.heard[-RATE:])).astype(np.float64)
        spectrum = np.abs(np.fft.rfft(sound)) / len(sound)
        return bool(spectrum[round(hz * len(sound) / RATE)] > 500)


class Room:
    """A network whose number leads into a room, and who rang it."""

    def __init__(self, net: Network, app: FakeApp) -> None:
        self.net = net
        self.app = app
        self.people: dict[str, Hummer] = {}

    async def joins(self, who: str, wait_s: float = 2.0) -> Call:
        person = self.people[who] = Hummer(HZ[who])
        leg = self.net.dial(person, from_number=who, to=NUMBER)
        await self.net.exchange.clock.sleep(wait_s)
        return self.net.exchange.calls[leg.sid]

    async def passes(self, seconds: float) -> None:
        await self.net.exchange.clock.sleep(seconds)

    def told(self) -> list[str]:
        return [form["StatusCallbackEvent"] for form in self.app.forms("/room")]

    def who_hears_whom(self) -> dict[str, set[str]]:
        return {
            who: {other for other in self.people if person.hears(HZ[other])}
            for who, person in self.people.items()
        }


def in_a_room(
    folder: Path,
    story: Callable[[Room], Awaitable[None]],
    attributes: Callable[[str], str] = lambda who: "",
) -> FakeApp:
    """Play a story in which everybody who calls is put into the room "lobby"."""

    def voice(form: dict[str, str]) -> str:
        noun = f'<Conference waitUrl="" beep="false" {EVENTS} {attributes(form["From"])}>lobby'
        return response(f'<Dial action="/after">{noun}</Conference></Dial>')

    app = FakeApp(
        {
            "/voice": voice,
            "/after": response("<Pause length='60'/>"),
            "/room": response(),
            "/status": response(),
            "/recorded": response(),
        }
    )

    return played_out(app, folder, story)


def played_out(
    app: FakeApp, folder: Path, story: Callable[[Room], Awaitable[None]], kind: type[Room] = Room
) -> FakeApp:
    """Play the story on a network with this application, and hang up on everybody."""

    async def work() -> None:
        async with network(app, folder, pace=0.0, seed=1) as net:
            await story(kind(net, app))
            for call in net.exchange.calls.values():
                call.leg.hang_up()
            await asyncio.gather(*(call.settling() for call in net.exchange.calls.values()))

    run(work())
    return app


@pytest.mark.row("noun.Conference")
def test_everybody_hears_all_the_others_and_not_themselves(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        for who in (ALICE, BOB, CAROL):
            await room.joins(who)
        assert room.who_hears_whom() == {
            ALICE: {BOB, CAROL},
            BOB: {ALICE, CAROL},
            CAROL: {ALICE, BOB},
        }

    in_a_room(tmp_path, story)


@pytest.mark.row("noun.Conference.muted")
def test_a_muted_one_hears_and_is_not_heard(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        for who in (ALICE, BOB, CAROL):
            await room.joins(who)
        assert room.who_hears_whom() == {ALICE: {CAROL}, BOB: {ALICE, CAROL}, CAROL: {ALICE}}

    in_a_room(tmp_path, story, lambda who: 'muted="true"' if who == BOB else "")


@pytest.mark.row("conference.starts")
def test_one_alone_waits_and_the_room_starts_with_two(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)
        assert room.told() == ["participant-join"]
        await room.joins(BOB)
        assert room.told()[:3] == ["participant-join", "participant-join", "conference-start"]

    in_a_room(tmp_path, story)


@pytest.mark.row("noun.Conference.startConferenceOnEnter", "conference.starts")
@pytest.mark.row("conference.before")
def test_nobody_starts_a_room_of_those_who_may_not(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)
        await room.joins(BOB)
        assert "conference-start" not in room.told()
        assert room.who_hears_whom() == {ALICE: set(), BOB: set()}
        await room.joins(CAROL)
        assert "conference-start" in room.told()

    in_a_room(
        tmp_path,
        story,
        lambda who: "" if who == CAROL else 'startConferenceOnEnter="false"',
    )


@pytest.mark.row("noun.Conference.endConferenceOnExit", "conference.ends", "dialstatus.answered")
def test_the_moderators_leaving_ends_it_for_all(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        alice = await room.joins(ALICE)
        bob = await room.joins(BOB)
        alice.leg.hang_up()
        await room.passes(1)
        assert not bob.is_over
        assert room.told()[-1] == "conference-end"

    app = in_a_room(
        tmp_path, story, lambda who: 'endConferenceOnExit="true"' if who == ALICE else ""
    )
    bobs = next(form for form in app.forms("/after") if form["From"] == BOB)
    assert bobs["DialCallStatus"] == "answered" and "DialCallSid" not in bobs
    numbers = [int(form["SequenceNumber"]) for form in app.forms("/room")]
    assert numbers == list(range(1, len(numbers) + 1))
    end = app.forms("/room")[-1]
    assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
    assert end["CallSidEndingConference"]


@pytest.mark.row("noun.Conference.participantLabel", "conference.label")
def test_a_label_is_given_once(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)
        bob = await room.joins(BOB)
        codes = [one["code"] for one in bob.log.events if one["event"] == "error"]
        assert codes == [16025]

    in_a_room(tmp_path, story, lambda who: 'participantLabel="guest"')


@pytest.mark.row("noun.Conference.record", "conference.recording.begins")
@pytest.mark.row("conference.recording.mono", "noun.Conference.recordingStatusCallback")
def test_the_room_is_recorded_once_two_are_in_it(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE, wait_s=5)
        await room.joins(BOB, wait_s=4)

    record = 'record="record-from-start" trim="do-not-trim" recordingStatusCallback="/recorded"'
    app = in_a_room(tmp_path, story, lambda who: record)
    recorded = app.forms("/recorded")[0]
    assert recorded["RecordingSource"] == "Conference" and recorded["RecordingChannels"] == "1"
    assert recorded["RecordingDuration"] == "4"
    assert recorded["ConferenceSid"] == app.forms("/room")[0]["ConferenceSid"]
    assert "CallSid" not in recorded


async def talk(room: Room) -> None:
    """Two meet and leave again."""
    await room.joins(ALICE, wait_s=1)
    await room.joins(BOB, wait_s=4)


@pytest.mark.row("noun.Conference.eventCallbackUrl")
def test_the_older_address_is_told_of_the_recording(tmp_path: Path) -> None:
    record = 'record="record-from-start" trim="do-not-trim" eventCallbackUrl="/recorded"'
    app = in_a_room(tmp_path, talk, lambda who: record)
    (told,) = app.forms("/recorded")
    sid = told["RecordingUrl"].rpartition("/")[2]
    size = (tmp_path / "recordings" / f"{sid}.wav").stat().st_size
    assert (told["EventName"], told["FriendlyName"]) == ("conference-record-end", "lobby")
    assert (told["Duration"], told["RecordingFileSize"]) == ("4", str(size))
    assert told["ConferenceSid"] == app.forms("/room")[0]["ConferenceSid"]
    assert parsedate_to_datetime(told["Timestamp"]).tzinfo and told["AccountSid"] == ACCOUNT


@pytest.mark.row("noun.Conference.eventCallbackUrl")
@pytest.mark.parametrize(
    "attributes",
    [
        'record="record-from-start" eventCallbackUrl="/old" recordingStatusCallback="/recorded"',
        'eventCallbackUrl="/old"',
    ],
)
def test_the_older_address_is_not_told_beside_the_newer_nor_without_a_recording(
    tmp_path: Path, attributes: str
) -> None:
    app = in_a_room(tmp_path, talk, lambda who: attributes)
    assert len(app.forms("/recorded")) == attributes.count("recordingStatusCallback")
    assert not app.forms("/old")


@pytest.mark.row("noun.Conference.waitUrl", "conference.wait.once")
def test_whoever_waits_hears_the_wait_document(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        alice = await room.joins(ALICE, wait_s=4)
        heard = [one["text"] for one in alice.log.events if one["event"] == "heard"]
        assert heard == ["Please hold"]

    _with_music(tmp_path, story)


def _with_music(folder: Path, story: Callable[[Room], Awaitable[None]]) -> None:
    app = FakeApp(
        {
            "/voice": response('<Dial><Conference waitUrl="/music">lobby</Conference></Dial>'),
            "/music": response("<Say>Please hold</Say>"),
            "/status": response(),
        }
    )

    async def work() -> None:
        async with network(app, folder, pace=0.0, seed=1) as net:
            await story(Room(net, app))

    run(work())
    assert app.forms("/music")[0]["FriendlyName"] == "lobby"
