"""The unmodified `twilio` client makes calls and leads conferences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.callers import Caller
from tests.conftest import eventually
from tests.simulator.app import CALLER, NUMBER, PUBLIC, response
from tests.simulator.rest_driver import Served, describe

FRIEND, SHOP = "+13125550178", "+13125550179"
EVENTS = ["initiated", "ringing", "answered", "completed"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("rest")) as one:
        one.app.replies["/progress"] = response()
        one.app.replies["/room"] = response()
        yield one


@pytest.fixture
def client(served: Served) -> Client:
    return served.client()


@pytest.mark.slow
def test_a_call_by_rest_goes_from_queued_to_completed(served: Served, client: Client) -> None:
    describe(served, FRIEND, after_s=2)
    served.app.replies["/hello"] = response("<Say>Hello there</Say>")
    call = client.calls.create(
        to=FRIEND,
        from_=NUMBER,
        url=f"{PUBLIC}/hello",
        status_callback=f"{PUBLIC}/progress",
        status_callback_event=EVENTS,
    )
    assert call.status == "queued" and call.direction == "outbound-api"
    assert call.start_time is None and call.duration is None
    eventually(lambda: client.calls(call.sid).fetch().status == "completed")
    told = eventually(lambda: _of(served.app.forms("/progress"), call.sid, 4))
    assert [form["CallStatus"] for form in told] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    assert [form["SequenceNumber"] for form in told] == ["0", "1", "2", "3"]
    assert all(form["CallbackSource"] == "call-progress-events" for form in told)
    assert served.app.forms("/hello")[0]["Direction"] == "outbound-api"


@pytest.mark.slow
@pytest.mark.parametrize("behaviour", ["busy", "failed", "no-answer"])
def test_a_call_that_nobody_takes_says_why(served: Served, client: Client, behaviour: str) -> None:
    describe(served, SHOP, behaviour=behaviour)
    call = client.calls.create(
        to=SHOP,
        from_=NUMBER,
        twiml="<Response><Say>Never heard</Say></Response>",
        timeout=5,
        status_callback=f"{PUBLIC}/progress",
    )
    eventually(lambda: client.calls(call.sid).fetch().status == behaviour)
    told = eventually(lambda: _of(served.app.forms("/progress"), call.sid, 1))
    assert told[0]["CallStatus"] == behaviour and told[0]["CallDuration"] == "0"


def test_what_asks_for_nothing_unusual_is_no_obstacle(served: Served, client: Client) -> None:
    describe(served, SHOP, behaviour="busy")
    call = client.calls.create(
        to=SHOP, from_=NUMBER, twiml="<Response/>", record=False, trim="do-not-trim"
    )
    assert call.status == "queued"


@pytest.mark.slow
def test_a_conference_is_led_by_rest(served: Served, client: Client) -> None:
    served.app.replies["/voice"] = lambda form: response(
        f'<Dial><Conference participantLabel="p{form["From"][-1]}" waitUrl="" '
        'statusCallback="/room" statusCallbackEvent="start end join leave mute hold modify">'
        "lobby</Conference></Dial>",
        "<Pause length='600'/>",
    )
    first = Caller(served.root, number=CALLER).dials()
    second = Caller(served.root, number="+13125550102").dials()
    rooms = eventually(lambda: client.conferences.list(friendly_name="lobby", status="in-progress"))
    room = client.conferences(rooms[0].sid)
    people = {one.call_sid: one for one in room.participants.list()}
    assert set(people) == {first.sid, second.sid}

    assert room.participants("p2").fetch().call_sid == second.sid
    assert room.participants(second.sid).update(muted=True).muted is True
    assert [one.call_sid for one in room.participants.list(muted=True)] == [second.sid]
    assert room.participants(first.sid).update(hold=True).hold is True
    assert room.participants(first.sid).update(hold=False).hold is False
    assert room.participants(second.sid).delete()
    with pytest.raises(TwilioRestException) as left:
        room.participants(second.sid).fetch()
    assert left.value.code == 20404
    assert client.calls(second.sid).fetch().status == "in-progress"

    ended = room.update(status="completed")
    assert (ended.status, ended.reason_conference_ended) == (
        "completed",
        "conference-ended-via-api",
    )
    wanted = {f"participant-{event}" for event in ("mute", "hold", "unhold", "leave")}
    eventually(
        lambda: wanted <= {form["StatusCallbackEvent"] for form in served.app.forms("/room")}
    )
    for call in (first, second):
        call.hangs_up()


def test_a_room_that_is_not_there_is_404(client: Client) -> None:
    with pytest.raises(TwilioRestException) as missing:
        client.conferences("CF" + "0" * 32).fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)


def _of(forms: list[dict[str, str]], sid: str, count: int) -> list[dict[str, str]]:
    found = [form for form in forms if form["CallSid"] == sid]
    return found if len(found) == count else []
