"""What a <Conference> does: who starts and ends it, what is heard, recorded and told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from simulator.calls.call import Call
from simulator.network import Network
from simulator.registries.recordings import Recording
from simulator.sound.audio import SILENCE
from simulator.sound.hold_music import enter_beep, exit_beep
from tests.simulator.app import NUMBER, FakeApp, response
from tests.simulator.test_conferences import ALICE, BOB, CAROL, HZ, Hummer, Room, played_out

Story = Callable[[Room], Awaitable[None]]


class Mute(Hummer):
    """Says nothing at all."""

    def speak(self) -> bytes:
        return SILENCE


class Quiet(Room):
    """A room whose people say nothing, so that what the line plays to them stands alone."""

    async def joins(self, who: str, wait_s: float = 2.0) -> Call:
        person = self.people[who] = Mute(HZ[who])
        leg = self.net.dial(person, from_number=who, to=NUMBER)
        await self.net.exchange.clock.sleep(wait_s)
        return self.net.exchange.calls[leg.sid]


def played(
    folder: Path,
    story: Story,
    noun: str | Callable[[str], str] = "",
    *,
    dial: str = 'action="/after"',
    kind: type[Room] = Room,
    wait: str = response("<Say>Please hold</Say>"),
) -> FakeApp:
    """Everybody who calls is put into the room "lobby", with these attributes."""

    def voice(form: dict[str, str]) -> str:
        attributes = noun if isinstance(noun, str) else noun(form["From"])
        room = f"<Conference {attributes}>lobby</Conference>"
        return response(f"<Dial {dial}>{room}</Dial>", "<Pause length='60'/>")

    app = FakeApp(
        {
            "/voice": voice,
            "/after": response("<Pause length='60'/>"),
            "/wait": wait,
            **dict.fromkeys(("/room", "/room2", "/status", "/told"), response()),
        }
    )

    return played_out(app, folder, story, kind)


def codes(call: Call) -> list[int]:
    """What was complained of in a call."""
    return [one["code"] for one in call.log.events if one["event"] == "error"]


def heard(call: Call) -> list[str]:
    """What the line said to a caller."""
    return [one["text"] for one in call.log.events if one["event"] == "heard"]


def room_of(net: Network) -> Any:
    """The room that is on."""
    return net.conferences.running("lobby")


@pytest.mark.row("conference.before", "noun.Conference.waitMethod", "noun.Conference.waitUrl")
def test_until_it_starts_nobody_is_heard_and_the_wait_document_is(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        alice, bob = await room.joins(ALICE), await room.joins(BOB)
        assert heard(alice) == heard(bob) == ["Please hold"]
        assert room.who_hears_whom() == {ALICE: set(), BOB: set()}

    app = played(tmp_path, story, 'startConferenceOnEnter="false" waitUrl="/wait" waitMethod="GET"')
    (first, _) = [one for one in app.received if one.path == "/wait"]
    assert "FriendlyName=lobby" in first.url and not first.form


@pytest.mark.row("noun.Conference.waitUrl")
def test_without_a_wait_address_there_is_music(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE, wait_s=4)
        assert any(byte not in (0x7F, 0xFF) for byte in room.people[ALICE].heard[-8000:])

    played(tmp_path, story, kind=Quiet)


@pytest.mark.row("noun.Conference.waitUrl.empty")
def test_an_empty_wait_address_is_silence(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE, wait_s=4)
        assert set(room.people[ALICE].heard[-8000:]) <= {0x7F, 0xFF}

    played(tmp_path, story, 'waitUrl=""', kind=Quiet)


@pytest.mark.row("rule.empty.wait", "conference.wait.once")
def test_an_empty_wait_document_is_silence_and_is_asked_once(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE, wait_s=9)
        assert set(room.people[ALICE].heard[-8000:]) <= {0x7F, 0xFF}

    app = played(tmp_path, story, 'waitUrl="/wait"', kind=Quiet, wait=response())
    assert len(app.forms("/wait")) == 1


@pytest.mark.row("conference.wait.once")
def test_an_empty_redirect_begins_the_wait_document_again(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        assert len(heard(await room.joins(ALICE, wait_s=9))) > 2

    wait = response("<Say>Please hold</Say>", "<Redirect/>")
    played(tmp_path, story, 'waitUrl="/wait"', wait=wait)


@pytest.mark.row("conference.wait.verbs", "conference.wait.fails")
@pytest.mark.parametrize("verb", ["<Gather/>", "<Record/>", "<Hangup/>", "<Dial>lobby</Dial>"])
def test_a_wait_document_that_holds_more_puts_them_out(tmp_path: Path, verb: str) -> None:
    async def story(room: Room) -> None:
        alice = await room.joins(ALICE)
        assert codes(alice) and room_of(room.net) is None

    app = played(tmp_path, story, 'waitUrl="/wait"', wait=response(verb))
    assert len(app.forms("/after")) == 1


@pytest.mark.row("conference.wait.fails")
def test_a_wait_address_that_fails_lets_the_next_verb_run(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        alice = await room.joins(ALICE, wait_s=4)
        assert codes(alice) == [11200]
        verbs = [one["verb"] for one in alice.log.events if one["event"] == "verb"]
        assert verbs == ["Dial", "Pause"]

    played(tmp_path, story, 'waitUrl="/nowhere"', dial="")


@pytest.mark.row("conference.first-callback", "noun.Conference.statusCallback")
@pytest.mark.row("noun.Conference.statusCallbackMethod", "noun.Conference.statusCallbackEvent")
def test_the_first_ones_callback_counts_for_all(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)
        await room.joins(BOB)

    first = 'statusCallback="/room" statusCallbackEvent="join" statusCallbackMethod="GET"'
    second = 'statusCallback="/room2" statusCallbackEvent="join leave end"'
    app = played(tmp_path, story, lambda who: first if who == ALICE else second)
    told = [one for one in app.received if one.path == "/room"]
    assert len(told) == 2 and all("participant-join" in one.url for one in told)
    assert not app.forms("/room2")


@pytest.mark.row("conference.first-region", "noun.Conference.region")
def test_the_first_ones_region_counts_for_all(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)
        await room.joins(BOB)
        assert room_of(room.net).region == "ie1"

    played(tmp_path, story, lambda who: f'region="{"ie1" if who == ALICE else "au1"}"')


@pytest.mark.row("noun.Conference.region")
def test_a_room_without_a_region_is_in_the_usual_one(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)
        assert room_of(room.net).region == "us1"

    played(tmp_path, story)


@pytest.mark.row("conference.label", "noun.Conference.participantLabel")
def test_a_label_that_is_taken_goes_on_with_the_call(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)
        bob = await room.joins(BOB)
        assert codes(bob) == [16025] and len(room_of(room.net).participants) == 1

    app = played(tmp_path, story, 'participantLabel="guest"')
    assert [form["From"] for form in app.forms("/after")] == [BOB, ALICE]


@pytest.mark.row("conference.coach", "noun.Conference.coach")
def test_somebody_who_is_not_there_cannot_be_coached(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)
        await room.joins(BOB)
        carol = await room.joins(CAROL)
        assert codes(carol) == [13240]

    absent = "CA" + "0" * 32
    app = played(tmp_path, story, lambda who: f'coach="{absent}"' if who == CAROL else "")
    assert CAROL in [form["From"] for form in app.forms("/after")]


@pytest.mark.row("noun.Conference.coach")
def test_a_coach_is_heard_by_the_coached_one_alone(tmp_path: Path) -> None:
    agents: list[str] = []

    async def story(room: Room) -> None:
        await room.joins(ALICE)
        agents.append((await room.joins(BOB)).sid)
        await room.joins(CAROL)
        hears = room.who_hears_whom()
        assert hears[BOB] == {ALICE, CAROL} and hears[ALICE] == {BOB}
        assert hears[CAROL] == {ALICE, BOB}

    attributes = 'beep="false" waitUrl=""'
    played(
        tmp_path,
        story,
        lambda who: f'{attributes} coach="{agents[0]}"' if who == CAROL else attributes,
    )


@pytest.mark.row("conference.full", "noun.Conference.maxParticipants")
def test_a_full_room_takes_nobody_in(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        for who in (ALICE, BOB):
            await room.joins(who)
        carol = await room.joins(CAROL)
        assert codes(carol) == [16020] and len(room_of(room.net).participants) == 2

    app = played(tmp_path, story, 'maxParticipants="2"')
    assert app.forms("/after")[0]["From"] == CAROL


@pytest.mark.row("conference.again")
def test_the_same_name_is_another_room_afterwards(tmp_path: Path) -> None:
    rooms: list[str] = []

    async def story(room: Room) -> None:
        for who in (ALICE, BOB):
            call = await room.joins(who)
            rooms.append(room_of(room.net).sid)
            call.leg.hang_up()
            await room.passes(1)

    played(tmp_path, story)
    assert rooms[0] != rooms[1] and all(sid.startswith("CF") for sid in rooms)


@pytest.mark.row("dial.conference.ignores")
def test_callerid_and_timeout_change_nothing_for_a_room(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        alice = await room.joins(ALICE, wait_s=20)
        (one,) = room_of(room.net).participants.values()
        assert one.call is alice and alice.party.from_ == ALICE

    app = played(tmp_path, story, dial=f'timeout="5" callerId="{NUMBER}" action="/after"')
    assert app.forms("/after")[0]["CallStatus"] == "completed"


@pytest.mark.row("dial.limit.conference", "verb.Dial.timeLimit")
def test_the_time_limit_takes_a_member_out_who_goes_on(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        alice = await room.joins(ALICE, wait_s=6)
        assert not alice.is_over and room_of(room.net) is None

    app = played(tmp_path, story, dial='timeLimit="3" action="/after"')
    (after,) = app.forms("/after")
    assert after["DialCallStatus"] == "answered" and after["CallStatus"] == "in-progress"


@pytest.mark.row("dialstatus.answered")
def test_after_a_room_no_other_call_is_named(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)

    (after,) = played(tmp_path, story, dial='timeLimit="1" action="/after"').forms("/after")
    assert not {"DialCallSid", "DialCallDuration"} & set(after)


@pytest.mark.row("verb.Dial.answerOnBridge")
def test_a_room_answers_the_call_even_where_the_bridge_should(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        alice = await room.joins(ALICE)
        assert alice.status == "in-progress" and alice.answered_at is not None

    played(tmp_path, story, dial='answerOnBridge="true" action="/after"')


# Sound


@pytest.mark.row("noun.Conference.beep")
@pytest.mark.parametrize(
    ("beep", "on_enter", "on_exit"),
    [
        ("", True, True),
        ('beep="true"', True, True),
        ('beep="onEnter"', True, False),
        ('beep="onExit"', False, True),
        ('beep="false"', False, False),
    ],
)
def test_the_room_beeps_as_asked(tmp_path: Path, beep: str, on_enter: bool, on_exit: bool) -> None:
    async def story(room: Room) -> None:
        await room.joins(ALICE)
        bob = await room.joins(BOB)
        await room.joins(CAROL)
        bob.leg.hang_up()
        await room.passes(1)
        sound = bytes(room.people[ALICE].heard).replace(b"\x7f", b"\xff")
        came, went = (
            tone[800:1600].replace(b"\x7f", b"\xff") for tone in (enter_beep(), exit_beep())
        )
        assert ((came in sound), (went in sound)) == (on_enter, on_exit)

    played(tmp_path, story, f'waitUrl="" {beep}', kind=Quiet)


@pytest.mark.row("conference.recording.music", "noun.Conference.trim", "noun.Conference.record")
@pytest.mark.row("noun.Conference.recordingStatusCallbackEvent")
@pytest.mark.row("noun.Conference.recordingStatusCallbackMethod")
def test_hold_music_is_in_no_recording(tmp_path: Path) -> None:
    recordings: list[Recording] = []

    async def story(room: Room) -> None:
        await room.joins(ALICE, wait_s=5)
        await room.joins(BOB, wait_s=3)
        recordings.extend(room.net.exchange.recordings.by_sid.values())

    events = 'recordingStatusCallbackEvent="in-progress completed"'
    record = (
        'record="record-from-start" trim="do-not-trim" recordingStatusCallback="/told" '
        f'beep="false" recordingStatusCallbackMethod="GET" {events}'
    )
    app = played(tmp_path, story, record, kind=Quiet)
    told = [one.url for one in app.received if one.path == "/told"]
    assert "RecordingStatus=in-progress" in told[0] and "RecordingStatus=completed" in told[-1]
    (recording,) = recordings
    assert recording.path is not None and recording.duration_s == 3
    sound, _ = soundfile.read(recording.path)
    assert abs(sound).max() < 0.01 and sound.ndim == 1


@pytest.mark.row("noun.Conference.trim")
def test_a_rooms_recording_is_trimmed_unless_told_not_to(tmp_path: Path) -> None:
    recordings: list[Recording] = []

    async def story(room: Room) -> None:
        await room.joins(ALICE)
        await room.joins(BOB, wait_s=3)
        recordings.extend(room.net.exchange.recordings.by_sid.values())

    played(tmp_path, story, 'record="record-from-start"')
    (recording,) = recordings
    assert recording.duration_s in (2, 3), "everybody hums all the time"
    assert set(HZ) == {ALICE, BOB, CAROL}
