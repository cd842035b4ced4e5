"""The unmodified `twilio` client calls out: each parameter, each state, each refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.callers import Caller
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, NUMBER, PUBLIC, TOKEN, response
from tests.simulator.openapi import fields
from tests.simulator.rest_calling import LISTENS, PHONE, call, client, served
from tests.simulator.rest_driver import Served, ended, reach, told, told_of_end
from tests.simulator.rest_driver import describe as described

__all__ = ["client", "served"]

pytestmark = pytest.mark.slow

EVENTS = ["initiated", "ringing", "answered", "completed"]


@pytest.mark.row("rest.call", "rest.calls.create", "rest.created", "rest.strings", "rest.dates")
def test_a_call_shows_every_field_of_the_resource(client: Client, served: Served) -> None:
    with served.standing_still():
        made = call(client)
        assert (made.status, made.direction) == ("queued", "outbound-api")
        assert made.duration is None and made.start_time is None and made.price is None
    done = eventually(lambda: ended(client, made.sid))
    uri = f"{served.root}/2010-04-01/Accounts/{ACCOUNT}/Calls/{made.sid}.json"
    shown = requests.get(uri, auth=(ACCOUNT, TOKEN), timeout=60).json()
    assert set(shown) == fields("api.v2010.account.call")
    assert (shown["duration"], shown["queue_time"]) == ("5", "0")
    assert shown["start_time"].endswith("+0000") and done.end_time > done.start_time
    assert (shown["to_formatted"], shown["price_unit"]) == ("(312) 555-0160", "USD")
    (number,) = client.incoming_phone_numbers.list(phone_number=NUMBER)
    assert shown["phone_number_sid"] == number.sid


@pytest.mark.row("state.call.outbound", "rest.calls.create.StatusCallbackEvent")
@pytest.mark.parametrize("between", [None, ",", ", "], ids=repr)
def test_all_events_are_told_in_order(client: Client, served: Served, between: str | None) -> None:
    events = EVENTS if between is None else [between.join(EVENTS)]
    made = call(client, status_callback=f"{PUBLIC}/progress", status_callback_event=events)
    told_of_end(served, made.sid)
    assert [form["CallStatus"] for form in told(served, "/progress", made.sid)] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]


@pytest.mark.row("error.21626", "rest.calls.create.StatusCallbackEvent")
@pytest.mark.parametrize(
    ("events", "statuses"),
    [
        (["completed", "busy", "no-answer", "failed"], ["completed"]),
        (["initiated ringing answered completed"], []),
    ],
)
def test_events_that_there_are_not_are_left_out_and_warned_of(
    tmp_path: Path, events: list[str], statuses: list[str]
) -> None:
    with Served(tmp_path, pace=0.0, strict=False) as served:
        client = served.client()
        served.app.replies |= {"/hello": response("<Say>Hello</Say>"), "/progress": response()}
        made = call(client, status_callback=f"{PUBLIC}/progress", status_callback_event=events)
        eventually(lambda: ended(client, made.sid))
        eventually(lambda: len(told(served, "/progress", made.sid)) == len(statuses))
        assert [form["CallStatus"] for form in told(served, "/progress", made.sid)] == statuses
        (warned,) = served.network.exchange.debugger.about(code=21626)
        assert warned.level == "warning"


@pytest.mark.row("rest.calls.create.StatusCallback", "rest.calls.create.StatusCallbackMethod")
def test_only_the_end_is_told_by_default_and_by_get_if_asked(
    client: Client, served: Served
) -> None:
    url = f"{PUBLIC}/progress?mine=1"
    made = call(client, status_callback=url, status_callback_method="GET")
    eventually(lambda: ended(client, made.sid))
    (one,) = eventually(lambda: [one for one in served.app.received if one.path == "/progress"])
    assert f"CallSid={made.sid}" in one.url and one.form == {}


@pytest.mark.row("state.call.unanswered", "enum.call.status")
@pytest.mark.parametrize("behaviour", ["busy", "failed", "no-answer"])
def test_nobody_takes_the_call(client: Client, served: Served, behaviour: str) -> None:
    described(served, PHONE, behaviour=behaviour)
    made = call(client, status_callback=f"{PUBLIC}/progress")
    assert told_of_end(served, made.sid)["CallStatus"] == behaviour
    assert client.calls(made.sid).fetch().status == behaviour
    assert client.calls(made.sid).fetch().start_time is None


@pytest.mark.row("rest.calls.create.Url", "rest.calls.create.Method")
def test_an_address_is_asked_as_told_and_wins_over_a_document(
    client: Client, served: Served
) -> None:
    made = call(client, url=f"{PUBLIC}/hello", method="GET")
    eventually(lambda: ended(client, made.sid))
    asked = [one.url for one in served.app.received if one.path == "/hello"]
    (url,) = [url for url in asked if f"CallSid={made.sid}" in url]
    assert "CallStatus=in-progress" in url


@pytest.mark.row("rest.calls.create.Twiml")
def test_a_document_has_at_most_4000_characters(client: Client) -> None:
    def document(length: int) -> str:
        return f"<Response><!--{'x' * (length - len('<Response><!----></Response>'))}--></Response>"

    assert call(client, twiml=document(4000)).sid
    with pytest.raises(TwilioRestException) as refused:
        call(client, twiml=document(4001))
    assert refused.value.code == 20001


@pytest.mark.row("rest.calls.create.FallbackUrl", "rest.calls.create.FallbackMethod")
def test_the_fallback_is_asked_when_the_address_fails(client: Client, served: Served) -> None:
    made = call(
        client,
        url=f"{PUBLIC}/nothing",
        fallback_url=f"{PUBLIC}/fallback",
        fallback_method="GET",
    )
    eventually(lambda: ended(client, made.sid))
    (one,) = [one for one in served.app.received if one.path == "/fallback"]
    assert "ErrorCode=11200" in one.url and one.form == {}


@pytest.mark.row("rest.calls.create.ApplicationSid", "rest.application")
def test_an_application_wins_over_addresses_and_callbacks(client: Client, served: Served) -> None:
    app = client.applications.create(
        voice_url=f"{PUBLIC}/hello", status_callback=f"{PUBLIC}/progress", friendly_name="desk"
    )
    made = client.calls.create(
        to=PHONE,
        from_=NUMBER,
        application_sid=app.sid,
        url=f"{PUBLIC}/nothing",
        status_callback=f"{PUBLIC}/nothing",
    )
    told_of_end(served, made.sid)
    assert len(told(served, "/hello", made.sid)) == 1
    assert served.app.forms("/nothing") == []
    assert client.applications(app.sid).delete()


@pytest.mark.row("rest.calls.create.Timeout")
def test_it_rings_no_longer_than_told(client: Client, served: Served) -> None:
    described(served, PHONE, behaviour="no-answer")
    began_s = served.network.exchange.clock.now_s
    made = call(client, timeout=17)
    eventually(lambda: client.calls(made.sid).fetch().status == "no-answer")
    events = served.network.exchange.calls[made.sid].log.events
    assert 17 <= events[-1]["at_s"] < 18 and served.network.exchange.clock.now_s > began_s


@pytest.mark.row("rest.calls.create.TimeLimit", "rest.calls.update.TimeLimit")
def test_a_call_ends_when_its_time_is_up(client: Client, served: Served) -> None:
    long = "<Response><Pause length='600'/></Response>"
    made = call(client, twiml=long, time_limit=9)
    assert eventually(lambda: ended(client, made.sid)).duration == "9"
    with served.standing_still() as go_on:
        other = call(client, twiml=long)
        go_on(lambda: served.network.exchange.calls[str(other.sid)].status == "in-progress")
        client.calls(other.sid).update(time_limit=20)
    assert eventually(lambda: ended(client, other.sid)).duration == "20"


@pytest.mark.row("rest.calls.create.SendDigits")
def test_keys_are_sent_before_the_document(client: Client, served: Served) -> None:
    made = call(client, url=f"{PUBLIC}/hello", send_digits="wW1#A")
    eventually(lambda: ended(client, made.sid))
    log = served.network.exchange.calls[made.sid].log.events
    asked = next(event for event in log if event["event"] == "webhook")
    answered = next(event for event in log if event.get("status") == "in-progress")
    assert asked["sent_at_s"] - answered["at_s"] >= 1.5 + 2 * 0.2
    for digits in ("hello", "1" * 33):
        with pytest.raises(TwilioRestException) as refused:
            call(client, send_digits=digits)
        assert refused.value.code == 20001


def test_another_document_while_keys_are_sent_takes_the_place_of_the_first(
    client: Client, served: Served
) -> None:
    with served.standing_still() as go_on:
        made = call(client, url=f"{PUBLIC}/hello", send_digits="wW1")
        go_on(lambda: served.network.exchange.calls[str(made.sid)].status == "in-progress")
        client.calls(made.sid).update(twiml=LISTENS)
    assert int(eventually(lambda: ended(client, made.sid)).duration) >= 5
    assert not served.app.forms("/hello")


@pytest.mark.row(
    "rest.calls.create.Record",
    "rest.calls.create.RecordingChannels",
    "rest.calls.create.RecordingTrack",
    "rest.calls.create.RecordingStatusCallback",
    "rest.calls.create.RecordingStatusCallbackMethod",
    "rest.calls.create.RecordingStatusCallbackEvent",
    "rest.calls.create.Trim",
)
def test_a_call_is_recorded_from_its_answer(client: Client, served: Served) -> None:
    made = call(
        client,
        record=True,
        recording_channels="dual",
        recording_track="both",
        trim="do-not-trim",
        recording_status_callback=f"{PUBLIC}/recording",
        recording_status_callback_method="POST",
        recording_status_callback_event=["in-progress", "completed"],
        status_callback=f"{PUBLIC}/progress",
    )
    last = told_of_end(served, made.sid)
    (one,) = client.calls(made.sid).recordings.list()
    assert (one.source, one.channels, one.track) == ("OutboundAPI", 2, "both")
    assert last["RecordingSid"] == one.sid and last["RecordingUrl"].endswith(one.sid)
    assert last["RecordingDuration"] == "5"
    eventually(lambda: len(told(served, "/recording", made.sid)) == 2)
    states = told(served, "/recording", made.sid)
    assert [form["RecordingStatus"] for form in states] == ["in-progress", "completed"]


@pytest.mark.row("rest.calls.create.Record", "rest.calls.create.Trim")
def test_without_record_nothing_is_recorded_and_silence_is_trimmed_by_default(
    client: Client, served: Served
) -> None:
    made = call(client, status_callback=f"{PUBLIC}/progress")
    assert "RecordingSid" not in told_of_end(served, made.sid)
    assert client.calls(made.sid).recordings.list() == []
    described(served, PHONE, greeting="Good morning")
    trimmed = call(client, record=True)
    eventually(lambda: ended(client, trimmed.sid))
    recordings = client.calls(trimmed.sid).recordings
    done = eventually(lambda: [one for one in recordings.list() if one.status == "completed"])[0]
    assert 0 < int(done.duration) < 3 and done.channels == 1


def test_a_greeting_is_an_answer_to_a_question(client: Client, served: Served) -> None:
    question = (
        '<Gather input="speech" action="/said" speechTimeout="1"><Say>Who is it</Say></Gather>'
    )
    served.app.replies |= {"/ask": response(question), "/said": response()}
    described(served, PHONE, greeting="good morning")
    made = call(client, url=f"{PUBLIC}/ask")
    eventually(lambda: ended(client, made.sid))
    (form,) = served.app.forms("/said")
    assert form["SpeechResult"] == "good morning"


@pytest.mark.row("rest.calls.create.CallerId", "rest.calls.create.CallReason")
def test_the_called_side_sees_another_number(client: Client, served: Served) -> None:
    made = call(client, caller_id="+13125550161", call_reason="a survey", url=f"{PUBLIC}/hello")
    assert made._from == "+13125550161"
    with pytest.raises(TwilioRestException) as refused:
        call(client, call_reason="x" * 51)
    assert refused.value.code == 20001


@pytest.mark.row("rest.calls.create.CallToken")
def test_the_caller_of_a_live_call_is_shown_with_its_token(client: Client, served: Served) -> None:
    served.app.replies["/voice"] = response("<Pause length='60'/>")
    from_ = "+13125550162"
    caller = Caller(served.root, number=from_).dials()
    token = eventually(lambda: served.app.forms("/voice"))[0]["CallToken"]
    with pytest.raises(TwilioRestException) as refused:
        call(client, from_=from_)
    assert refused.value.code == 21210
    shown = call(client, from_=from_, call_token=token)
    caller.hangs_up()
    assert shown._from == from_
    with pytest.raises(TwilioRestException):
        call(client, from_=from_, call_token=token)


def test_numbers_may_be_written_as_in_the_country(client: Client) -> None:
    made = call(client, to="(312) 555-0177", from_="312-555-0100", caller_id="1 312 555 0100")
    assert (made.to, made._from) == ("+13125550177", "+13125550100")


@pytest.mark.row("rest.calls.create.others")
@pytest.mark.parametrize(
    "changes",
    [
        {"byoc": "BY" + "0" * 32},
        {"sip_auth_username": "me"},
        {"sip_auth_password": "me"},
        {"client_notification_url": f"{PUBLIC}/push"},
    ],
    ids=str,
)
def test_what_is_not_emulated_is_refused_by_name(client: Client, changes: dict[str, str]) -> None:
    with pytest.raises(TwilioRestException, match="is not emulated here"):
        call(client, **changes)


@pytest.mark.row("rest.calls.create.To", "rest.calls.create.From", "error.400")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"to": ""}, 21201, marks=pytest.mark.row("error.21201")),
        pytest.param({"to": "the mayor"}, 21211, marks=pytest.mark.row("error.21211")),
        pytest.param({"from_": ""}, 21213, marks=pytest.mark.row("error.21213")),
        pytest.param({"from_": "me"}, 21212, marks=pytest.mark.row("error.21212")),
        pytest.param({"from_": "+13125559999"}, 21210, marks=pytest.mark.row("error.21210")),
        pytest.param({"url": "nowhere"}, 21205, marks=pytest.mark.row("error.21205")),
        ({"url": "https://under_score.example/"}, 21205),
        ({"twiml": ""}, 21205),
        pytest.param(
            {"application_sid": "AP" + "0" * 32}, 21218, marks=pytest.mark.row("error.21218")
        ),
        ({"status_callback": "nowhere"}, 21205),
        pytest.param(
            {"status_callback_event": ["initiated, birth"]},
            21626,
            marks=pytest.mark.row("error.21626"),
        ),
        ({"method": "PUT"}, 20001),
        ({"timeout": 601}, 20001),
        ({"record": "perhaps"}, 20001),
        ({"recording_channels": "three"}, 20001),
        ({"recording_track": "left"}, 20001),
        ({"recording_status_callback_event": ["started"]}, 20001),
        ({"trim": "all"}, 20001),
        ({"caller_id": "me"}, 21212),
    ],
    ids=str,
)
def test_what_cannot_be_called_is_refused(
    client: Client, changes: dict[str, Any], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        call(client, **changes)
    assert (refused.value.status, refused.value.code) == (400, code)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(21214, marks=pytest.mark.row("error.21214")),
        pytest.param(21215, marks=pytest.mark.row("error.21215")),
        pytest.param(21216, marks=pytest.mark.row("error.21216")),
        pytest.param(21217, marks=pytest.mark.row("error.21217")),
        pytest.param(21219, marks=pytest.mark.row("error.21219")),
    ],
)
def test_the_carrier_does_not_call_where_it_was_told_not_to(
    client: Client, served: Served, code: int
) -> None:
    reach(served, "+13125550163", calls=code)
    with pytest.raises(TwilioRestException) as refused:
        call(client, to="+13125550163")
    assert (refused.value.status, refused.value.code) == (400, code)


@pytest.mark.row("rest.calls.create.To")
@pytest.mark.parametrize("to", ["client:agent_7", "sip:desk@pbx.test"])
def test_clients_and_sip_addresses_are_called(client: Client, served: Served, to: str) -> None:
    described(served, to, behaviour="answers", steps=[{"hangs_up": True}])
    made = call(client, to=to)
    assert eventually(lambda: client.calls(made.sid).fetch().end_time) and made.to == to


def test_a_fallback_that_answers_nothing_is_no_obstacle(client: Client, served: Served) -> None:
    served.app.replies["/empty"] = web.Response(status=500)
    made = call(client, url=f"{PUBLIC}/empty", fallback_url=f"{PUBLIC}/fallback")
    assert eventually(lambda: ended(client, made.sid)).status == "completed"
