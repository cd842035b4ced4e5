"""The unmodified `twilio` client leads live calls, and what was recorded of them."""

from __future__ import annotations

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.callers import Caller
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, PUBLIC, TOKEN, response
from tests.simulator.rest_calling import LISTENS, PHONE, call, client, served
from tests.simulator.rest_driver import Served, ended, told, told_of_end
from tests.simulator.rest_driver import describe as described

__all__ = ["client", "served"]

pytestmark = pytest.mark.slow


@pytest.mark.row(
    "rest.calls.update.Url",
    "rest.calls.update.Twiml",
    "rest.calls.update.Status",
    "enum.call.update",
    "rest.fetched",
)
def test_a_live_call_is_redirected_and_ended(client: Client, served: Served) -> None:
    with served.standing_still() as go_on:
        made = call(client, twiml="<Response><Pause length='600'/></Response>")
        go_on(lambda: served.network.exchange.calls[str(made.sid)].status == "in-progress")
        one = client.calls(made.sid)
        for wrong in (
            {"url": f"{PUBLIC}/hello", "twiml": LISTENS},
            {"status": "canceled"},
            {"status": "asleep"},
            {},
        ):
            with pytest.raises(TwilioRestException) as refused:
                one.update(**wrong)
            assert (refused.value.status, refused.value.code) in {(400, 20001), (400, 21220)}
        assert one.update(status="completed").status == "completed"


@pytest.mark.row("rest.calls.update.Url", "rest.calls.update.Twiml")
def test_a_new_document_begins_at_once(client: Client, served: Served) -> None:
    with served.standing_still() as go_on:
        made = call(client, twiml="<Response><Pause length='600'/></Response>")
        go_on(lambda: served.network.exchange.calls[str(made.sid)].status == "in-progress")
        client.calls(made.sid).update(twiml="<Response><Pause length='300'/></Response>")
        log = served.network.exchange.calls[made.sid].log.events
        go_on(lambda: sum(event["event"] == "twiml" for event in log) == 2)
        client.calls(made.sid).update(url=f"{PUBLIC}/hello", method="GET")
    assert int(eventually(lambda: ended(client, made.sid)).duration) < 300
    asked = [one.url for one in served.app.received if one.path == "/hello"]
    assert len([url for url in asked if f"CallSid={made.sid}" in url]) == 1


@pytest.mark.row("rest.calls.update.FallbackUrl", "rest.calls.update.StatusCallback")
def test_what_follows_goes_to_other_addresses(client: Client, served: Served) -> None:
    with served.standing_still() as go_on:
        made = call(client, twiml="<Response><Pause length='600'/></Response>")
        go_on(lambda: served.network.exchange.calls[str(made.sid)].status == "in-progress")
        client.calls(made.sid).update(
            url=f"{PUBLIC}/nothing",
            fallback_url=f"{PUBLIC}/fallback",
            status_callback=f"{PUBLIC}/progress",
        )
    told_of_end(served, made.sid)
    assert told(served, "/fallback", made.sid)[0]["ErrorCode"] == "11200"


@pytest.mark.row("rest.calls.update.Status", "state.call.unanswered")
def test_a_ringing_call_is_cancelled(client: Client, served: Served) -> None:
    described(served, PHONE, behaviour="no-answer")
    with served.standing_still() as go_on:
        made = call(client, status_callback=f"{PUBLIC}/progress")
        go_on(lambda: served.network.exchange.calls[str(made.sid)].status == "ringing")
        assert client.calls(made.sid).fetch().status == "ringing"
        assert client.calls(made.sid).update(status="canceled").status == "canceled"
    assert told_of_end(served, made.sid)["CallStatus"] == "canceled"


@pytest.mark.row("rest.calls.update.over", "error.21220", "rest.calls.delete")
def test_a_call_that_is_over_is_only_forgotten(client: Client, served: Served) -> None:
    with served.standing_still():
        made = call(client)
        with pytest.raises(TwilioRestException) as early:
            client.calls(made.sid).delete()
        assert (early.value.status, early.value.code) == (409, 20009)
        with pytest.raises(TwilioRestException) as ringing:
            client.calls(made.sid).update(url=f"{PUBLIC}/hello")
        assert (ringing.value.status, ringing.value.code) == (400, 21220)
    eventually(lambda: ended(client, made.sid))
    for change in ({"status": "completed"}, {"twiml": LISTENS}):
        with pytest.raises(TwilioRestException) as over:
            client.calls(made.sid).update(**change)
        assert (over.value.status, over.value.code) == (400, 21220)
    assert client.calls(made.sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        client.calls(made.sid).fetch()
    assert gone.value.code == 20404


@pytest.mark.row("rest.calls.update.bridge")
def test_a_redirected_callee_leaves_the_caller_to_their_document(
    client: Client, served: Served
) -> None:
    other = "+13125550164"
    described(served, other)
    served.app.replies["/after"] = response("<Pause length='3'/>")
    document = response(f'<Dial action="{PUBLIC}/after"><Number>{other}</Number></Dial>')
    with served.standing_still() as go_on:
        parent = call(client, twiml=document)
        go_on(
            lambda: any(
                one.party.to == other and one.status == "in-progress"
                for one in served.network.exchange.calls.values()
            )
        )
        (child,) = client.calls.list(parent_call_sid=parent.sid)
        client.calls(child.sid).update(twiml=LISTENS)
    eventually(lambda: ended(client, child.sid))
    after = eventually(lambda: told(served, "/after", parent.sid))
    assert after[0]["DialCallStatus"] == "completed"
    assert ended(client, parent.sid) or client.calls(parent.sid).fetch().status == "in-progress"


@pytest.mark.row("error.call_rate")
def test_calls_beyond_the_rate_wait_as_queued(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Served(tmp_path_factory.mktemp("rate"), pace=0.0, call_rate=1.0) as served:
        client = served.client()
        with served.standing_still():
            made = [call(client) for _ in range(3)]
            waiting = call(client)
            assert client.calls(waiting.sid).update(status="canceled").status == "canceled"
        eventually(lambda: all(ended(client, one.sid) for one in made))
        done = [client.calls(one.sid).fetch() for one in made]
    assert [one.queue_time for one in done] == ["0", "1000", "2000"]
    assert done[1].start_time > done[0].start_time


@pytest.mark.row("state.call.abandoned")
def test_a_caller_who_hangs_up_before_the_answer_leaves_canceled(
    client: Client, served: Served
) -> None:
    served.app.replies["/voice"] = response("<Pause length='30'/>")
    caller = Caller(served.root, number="+13125550165").dials()
    eventually(lambda: served.app.forms("/voice"))
    assert client.calls(caller.sid).fetch().status == "ringing"
    caller.hangs_up()
    gone = client.calls(caller.sid).fetch()
    assert (gone.status, gone.duration) == ("canceled", "0")


@pytest.mark.row("enum.recording.source", "enum.recording.status", "rest.recordings.missing")
def test_recordings_say_where_they_come_from_and_how_far_they_are(
    client: Client, served: Served
) -> None:
    child = "+13125550166"
    described(served, child, steps=[{"waits_s": 2}, {"hangs_up": True}])
    dialled = call(
        client,
        record=True,
        trim="do-not-trim",
        twiml=response(
            f"<Dial record='record-from-answer'>{child}</Dial>",
            f"<Record maxLength='2' playBeep='false' action='{PUBLIC}/hello' trim='do-not-trim'/>",
        ),
    )
    eventually(lambda: ended(client, dialled.sid))
    eventually(lambda: len(client.recordings.list(call_sid=dialled.sid)) == 3)
    found = {one.source for one in client.recordings.list(call_sid=dialled.sid)}
    assert found == {"OutboundAPI", "DialVerb", "RecordVerb"}
    with served.standing_still() as go_on:
        live = call(client)
        go_on(lambda: served.network.exchange.calls[str(live.sid)].status == "in-progress")
        one = client.calls(live.sid).recordings.create()
        assert (one.source, one.status) == ("StartCallRecordingAPI", "in-progress")
        url = f"{served.root}{one.uri.removesuffix('.json')}"
        for suffix in ("", ".wav", ".mp3"):
            assert requests.get(url + suffix, auth=(ACCOUNT, TOKEN), timeout=60).status_code == 404
        mine = client.calls(live.sid).recordings(one.sid)
        assert mine.update(status="paused").status == "paused"
        mine.update(status="in-progress")
        mine.update(status="stopped")
        eventually(lambda: client.recordings(one.sid).fetch().status in {"absent", "completed"})
        with pytest.raises(TwilioRestException) as over:
            mine.update(status="in-progress")
        assert (over.value.status, over.value.code) == (400, 21220)


@pytest.mark.row("rest.recordings.media", "rest.recordings.delete", "rest.recordings.channels")
def test_a_recording_is_fetched_as_wav_and_mp3_and_listed_after_it_was_deleted(
    client: Client, served: Served
) -> None:
    made = call(client, record=True, recording_channels="dual", trim="do-not-trim")
    eventually(lambda: ended(client, made.sid))
    (one,) = eventually(lambda: client.recordings.list(call_sid=made.sid))
    eventually(lambda: client.recordings(one.sid).fetch().status == "completed")
    url = f"{served.root}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{one.sid}"
    for suffix, kind, magic in (
        ("", "audio/x-wav", b"RIFF"),
        (".wav", "audio/x-wav", b"RIFF"),
        (".mp3", "audio/mpeg", b""),
    ):
        answer = requests.get(url + suffix, auth=(ACCOUNT, TOKEN), timeout=60)
        assert answer.headers["Content-Type"] == kind and answer.content.startswith(magic)
        mono = requests.get(
            url + suffix, params={"RequestedChannels": 1}, auth=(ACCOUNT, TOKEN), timeout=60
        )
        assert mono.ok and len(mono.content) < len(answer.content)
        wrong = requests.get(
            url + suffix, params={"RequestedChannels": 3}, auth=(ACCOUNT, TOKEN), timeout=60
        )
        assert wrong.status_code == 400 and "<Code>20001</Code>" in wrong.text
    assert client.recordings(one.sid).delete()
    assert client.recordings.list(call_sid=made.sid) == []
    (left,) = client.recordings.list(call_sid=made.sid, include_soft_deleted=True)
    assert (left.sid, left.status) == (one.sid, "deleted")
    assert client.recordings(one.sid).fetch(include_soft_deleted=True).status == "deleted"
    assert requests.get(url, auth=(ACCOUNT, TOKEN), timeout=60).status_code == 404
    with pytest.raises(TwilioRestException) as gone:
        client.recordings(one.sid).fetch()
    assert gone.value.code == 20404
