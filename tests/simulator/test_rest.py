"""The unmodified `twilio` client against the simulator's REST API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from simulator.callers import Caller
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, CALLER, NUMBER, TOKEN, response
from tests.simulator.rest_driver import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One simulator for the module."""
    with Served(tmp_path_factory.mktemp("rest")) as one:
        yield one


@pytest.fixture
def caller(served: Served) -> Caller:
    """Somebody who can dial."""
    return Caller(served.root, number=CALLER)


@pytest.mark.row("error.401")
def test_wrong_credentials_are_refused_with_twilios_code(served: Served) -> None:
    with pytest.raises(TwilioRestException) as refused:
        served.client("wrong").calls("CA" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)


@pytest.mark.row("error.404")
def test_what_is_not_there_is_404(served: Served) -> None:
    client = served.client()
    for fetch in (
        client.calls("CA" + "0" * 32).fetch,
        client.recordings("RE" + "0" * 32).fetch,
        client.messages("SM" + "0" * 32).fetch,
    ):
        with pytest.raises(TwilioRestException) as missing:
            fetch()
        assert (missing.value.status, missing.value.code) == (404, 20404)


@pytest.mark.row("rest.calls.update.Url", "rest.calls.update.Twiml", "state.call.inbound")
def test_a_live_call_is_fetched_redirected_and_ended(served: Served, caller: Caller) -> None:
    served.app.replies["/voice"] = response("<Say>First.</Say><Pause length='600'/>")
    served.app.replies["/other"] = response("<Say>Second.</Say><Pause length='600'/>")
    client = served.client()
    call = caller.dials()
    call.hears("first")
    fetched = client.calls(call.sid).fetch()
    assert fetched.status == "in-progress" and fetched.to == NUMBER
    assert fetched.direction == "inbound" and fetched.end_time is None
    client.calls(call.sid).update(url="https://hotline.test/other", method="POST")
    call.hears("second")
    client.calls(call.sid).update(
        twiml="<Response><Say>Third.</Say><Pause length='600'/></Response>"
    )
    call.hears("third")
    client.calls(call.sid).update(status="completed")
    call.is_hung_up_on()
    ended = client.calls(call.sid).fetch()
    assert ended.status == "completed" and int(ended.duration) >= 0
    with pytest.raises(TwilioRestException) as over:
        client.calls(call.sid).update(status="completed")
    assert (over.value.status, over.value.code) == (400, 21220)


@pytest.mark.row("paging.newest", "paging.filters", "paging.dates")
def test_calls_are_listed_newest_first_with_filters_and_pages(served: Served) -> None:
    served.app.replies["/voice"] = response("<Hangup/>")
    sids = []
    for last in range(3):
        call = Caller(served.root, number=f"+1773555020{last}").dials()
        call.is_hung_up_on()
        sids.append(call.sid)
    client = served.client()
    listed = [one.sid for one in client.calls.list(page_size=1, limit=3)]
    assert listed == sids[::-1]
    only = client.calls.list(from_="+17735550201")
    assert [one.sid for one in only] == [sids[1]]
    now = datetime.now(UTC)
    assert len(client.calls.list(start_time_after=now - timedelta(hours=1), limit=3)) == 3
    assert not client.calls.list(start_time_before=now - timedelta(hours=1))
    assert not client.calls.list(status="busy")


@pytest.mark.row("rest.recordings.media", "rest.recordings.channels", "rest.recordings.delete")
def test_a_dual_recording_is_listed_fetched_and_deleted(served: Served, caller: Caller) -> None:
    served.app.replies["/voice"] = response(
        '<Start><Recording channels="dual" track="both" recordingStatusCallback="/recording" '
        'recordingStatusCallbackEvent="completed absent"/></Start>',
        "<Say>You are recorded.</Say><Pause length='600'/>",
    )
    call = caller.dials()
    call.hears("recorded").says("my own words").hangs_up()
    client = served.client()
    done = eventually(
        lambda: [one for one in client.recordings.list(call_sid=call.sid) if one.duration != "-1"]
    )[0]
    assert done.status == "completed" and done.channels == 2 and int(done.duration) >= 2
    assert client.recordings(done.sid).fetch().call_sid == call.sid
    assert [one.sid for one in client.calls(call.sid).recordings.list()] == [done.sid]
    url = f"{served.root}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{done.sid}.wav"
    assert requests.get(url, timeout=60).status_code == 401
    sound = requests.get(url, auth=(ACCOUNT, TOKEN), timeout=60).content
    assert sound[:4] == b"RIFF" and sound[22] == 2
    mono = requests.get(
        url, params={"RequestedChannels": "1"}, auth=(ACCOUNT, TOKEN), timeout=60
    ).content
    assert mono[22] == 1
    told = eventually(
        lambda: [form for form in served.app.forms("/recording") if form["CallSid"] == call.sid]
    )[0]
    assert told["RecordingSid"] == done.sid and told["RecordingChannels"] == "2"
    assert client.recordings(done.sid).delete()
    assert requests.get(url, auth=(ACCOUNT, TOKEN), timeout=60).status_code == 404


def test_messages_are_sent_listed_and_received(served: Served, caller: Caller) -> None:
    served.app.replies["/voice"] = response("<Pause length='600'/><Say>Bye.</Say>")
    client = served.client()
    call = caller.dials()
    sent = client.messages.create(to=CALLER, from_=NUMBER, body="Your report 42 is filed.")
    assert sent.status == "queued" and sent.sid.startswith("SM")
    call.gets_sms("your report").hangs_up()
    assert client.messages(sent.sid).fetch().status == "delivered"
    assert [one.body for one in client.messages.list(to=CALLER, limit=1)] == [sent.body]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": CALLER, "from_": NUMBER, "body": ""}, 21602),
        ({"to": CALLER, "from_": "+15005550006", "body": "x"}, 21606),
        ({"to": "nobody", "from_": NUMBER, "body": "x"}, 21211),
        ({"to": CALLER, "from_": NUMBER, "body": "x" * 1601}, 21617),
    ],
)
def test_bad_messages_are_refused_with_twilios_code(
    served: Served, fields: dict[str, str], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        served.client().messages.create(**fields)
    assert refused.value.code == code


def test_pages_of_other_origins_may_not_place_calls(served: Served) -> None:
    answer = requests.post(
        f"{served.root}/simulator/calls", headers={"Origin": "https://evil.test"}, timeout=60
    )
    assert answer.status_code == 403


@pytest.mark.row("error.21610")
def test_who_opted_out_gets_nothing_more(served: Served) -> None:
    client = served.client()
    gone = "+13125550144"
    served.run(lambda net: net.text(from_number=gone, to=NUMBER, body="STOP"))
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=gone, from_=NUMBER, body="hello")
    assert (refused.value.status, refused.value.code) == (400, 21610)
    served.run(lambda net: net.text(from_number=gone, to=NUMBER, body="START"))
    assert client.messages.create(to=gone, from_=NUMBER, body="hello").sid
