"""The unmodified `twilio` client brings somebody into a conference, and lists what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.callers import Caller
from tests.conftest import eventually
from tests.simulator.app import CALLER, NUMBER, PUBLIC, response
from tests.simulator.rest_driver import Served, describe

EXPERT = "+13125550166"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("rest")) as one:
        for path in ("/room", "/progress", "/recording"):
            one.app.replies[path] = response()
        one.app.replies["/voice"] = response(
            '<Dial><Conference waitUrl="" statusCallback="/room" record="record-from-start" '
            'recordingStatusCallback="/recording" statusCallbackEvent="start end join leave">'
            "desk</Conference></Dial>"
        )
        yield one


@pytest.fixture
def client(served: Served) -> Client:
    return served.client()


def told(served: Served, event: str) -> list[dict[str, str]]:
    return [one for one in served.app.forms("/room") if one["StatusCallbackEvent"] == event]


def test_an_expert_is_called_into_the_room_and_leaves(served: Served, client: Client) -> None:
    describe(served, EXPERT, after_s=2)
    caller = Caller(served.root, number=CALLER).dials()
    (room,) = eventually(lambda: client.conferences.list(friendly_name="desk", status="init"))
    expert = client.conferences("desk").participants.create(
        from_=NUMBER,
        to=EXPERT,
        label="expert",
        status_callback=f"{PUBLIC}/progress",
        status_callback_event=["answered", "completed"],
    )
    assert (expert.label, expert.status) == ("expert", "queued")
    eventually(lambda: client.conferences(room.sid).fetch().status == "in-progress")
    people = client.conferences(room.sid).participants.list()
    assert {one.call_sid for one in people} == {caller.sid, expert.call_sid}
    assert all(one.status == "connected" for one in people)

    caller.hangs_up()
    eventually(lambda: told(served, "participant-leave"))
    client.conferences(room.sid).participants("expert").delete()
    eventually(lambda: client.calls(expert.call_sid).fetch().status == "completed")
    ended = eventually(lambda: _ended(client, room.sid))
    assert ended.reason_conference_ended == "last-participant-kicked"
    progress = [
        form["CallStatus"]
        for form in served.app.forms("/progress")
        if form["CallSid"] == expert.call_sid
    ]
    assert progress[0] == "in-progress"

    recorded = eventually(lambda: client.conferences(room.sid).recordings.list())
    assert [one.source for one in recorded] == ["Conference"]
    assert client.recordings(recorded[0].sid).fetch().conference_sid == room.sid
    assert client.calls(caller.sid).recordings.list() == []


def test_who_does_not_come_is_told_to_the_room(served: Served, client: Client) -> None:
    describe(served, EXPERT, behaviour="busy")
    before = len(told(served, "participant-leave"))
    one = client.conferences("empty room").participants.create(
        from_=NUMBER,
        to=EXPERT,
        conference_status_callback=f"{PUBLIC}/room",
        conference_status_callback_event=["join", "leave", "end"],
    )
    left = eventually(lambda: told(served, "participant-leave")[before:])[0]
    assert left["ReasonParticipantLeft"] == "participant_add_failed"
    assert left["ParticipantCallStatus"] == "busy" and left["CallSid"] == one.call_sid


def _ended(client: Client, sid: str) -> Any:
    room = client.conferences(sid).fetch()
    return room if room.status == "completed" else None


@pytest.mark.row(
    "rest.participants.create.From", "rest.participants.create.To",
    "rest.participants.create.JitterBufferSize",
)  # fmt: skip
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"from_": ""}, 21213),
        ({"to": ""}, 21201),
        ({"to": "app:AP" + "0" * 32}, 21211),
        ({"jitter_buffer_size": "huge"}, 20001),
        ({"timeout": 4}, 20001),
        ({"max_participants": 1}, 20001),
        ({"beep": "loudly"}, 20001),
        ({"label": "x" * 129}, 20001),
        ({"conference_record": "perhaps"}, 20001),
        ({"conference_status_callback_event": ["birthday"]}, 20001),
        ({"recording_status_callback_event": ["birthday"]}, 20001),
        ({"conference_recording_status_callback_event": ["paused"]}, 20001),
        ({"wait_url": "nowhere"}, 21205),
        ({"coaching": True}, 20001),
        ({"coaching": True, "call_sid_to_coach": "CA" + "0" * 32}, 13240),
        ({"machine_detection": "Maybe"}, 20001),
        ({"byoc": "BY" + "0" * 32}, 20001),
    ],
    ids=str,
)
def test_what_cannot_be_added_is_refused(
    client: Client, changes: dict[str, Any], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.conferences("nobody's").participants.create(
            **{"from_": NUMBER, "to": EXPERT, **changes}
        )
    assert (refused.value.status, refused.value.code) == (400, code)
    assert client.conferences.list(friendly_name="nobody's") == []
