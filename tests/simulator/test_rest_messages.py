"""The unmodified `twilio` client sends texts: their states, what fails, schedules, media."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, NUMBER, PUBLIC, TOKEN, response
from tests.simulator.rest_driver import Served, reach

HANDSET = "+13125550130"
SERVICE = "MG" + "5" * 32
PICTURE = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    changes = {"pace": 0.0, "sms_url": f"{PUBLIC}/sms"}
    with Served(tmp_path_factory.mktemp("messages"), **changes) as one:
        one.app.replies |= {
            "/states": "",
            "/sms": response(),
            "/picture.png": lambda _: web.Response(body=PICTURE, content_type="image/png"),
        }
        yield one


@pytest.fixture
def client(served: Served) -> Client:
    served.app.received.clear()
    return served.client()


def states(served: Served, sid: str, last: str) -> list[dict[str, str]]:
    """What was told of a message, once its last state was."""

    def told() -> list[dict[str, str]]:
        forms = [form for form in served.app.forms("/states") if form["MessageSid"] == sid]
        return forms if forms and forms[-1]["MessageStatus"] == last else []

    found: list[dict[str, str]] = eventually(told)
    return found


def send(client: Client, **changes: Any) -> Any:
    plain = {"to": HANDSET, "from_": NUMBER, "body": "Your report is filed."}
    asked = {**plain, "status_callback": f"{PUBLIC}/states", **changes}
    return client.messages.create(**{name: it for name, it in asked.items() if it is not None})


@pytest.mark.row(
    "state.message.delivered", "rest.messages.create", "rest.messages.create.StatusCallback"
)
def test_a_text_goes_from_queued_to_delivered(served: Served, client: Client) -> None:
    sent = send(client)
    assert (sent.status, sent.date_sent, sent.num_segments) == ("queued", None, "1")
    told = states(served, sent.sid, "delivered")
    assert [form["MessageStatus"] for form in told] == ["sent", "delivered"]
    assert all(form["SmsStatus"] == form["MessageStatus"] for form in told)
    assert told[0]["SmsSid"] == sent.sid and "ErrorCode" not in told[1]
    assert told[1]["RawDlrDoneDate"].isdigit()
    arrived = client.messages(sent.sid).fetch()
    assert arrived.status == "delivered" and arrived.date_sent is not None
    assert (arrived.error_code, arrived.error_message) == (None, None)


@pytest.mark.row("state.message.undelivered", "enum.message.status", "state.message.failed")
@pytest.mark.parametrize(
    ("texts", "last", "code"),
    [
        pytest.param("overflow", "failed", 30001, marks=pytest.mark.row("error.30001")),
        pytest.param("unreachable", "undelivered", 30003, marks=pytest.mark.row("error.30003")),
        pytest.param("blocked", "undelivered", 30004, marks=pytest.mark.row("error.30004")),
        pytest.param("unknown", "undelivered", 30005, marks=pytest.mark.row("error.30005")),
        pytest.param("landline", "undelivered", 30006, marks=pytest.mark.row("error.30006")),
        pytest.param("filtered", "undelivered", 30007, marks=pytest.mark.row("error.30007")),
        pytest.param("error", "undelivered", 30008, marks=pytest.mark.row("error.30008")),
        pytest.param("unregistered", "undelivered", 30034, marks=pytest.mark.row("error.30034")),
    ],
)
def test_a_text_that_does_not_arrive_says_why(
    served: Served, client: Client, texts: str, last: str, code: int
) -> None:
    reach(served, "+13125550131", texts=texts)
    sent = send(client, to="+13125550131")
    told = states(served, sent.sid, last)
    before = ["sent"] if last == "undelivered" else []
    assert [form["MessageStatus"] for form in told] == [*before, last]
    assert told[-1]["ErrorCode"] == str(code)
    shown = client.messages(sent.sid).fetch()
    assert (shown.status, shown.error_code) == (last, code) and shown.error_message


def test_a_carrier_without_receipts_leaves_a_text_sent(served: Served, client: Client) -> None:
    reach(served, "+13125550131", texts="no-receipt")
    sent = send(client, to="+13125550131")
    states(served, sent.sid, "sent")
    assert client.messages(sent.sid).fetch().status == "sent"


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        pytest.param("unverified", 21608, marks=pytest.mark.row("error.21608")),
        pytest.param("opted-out", 21610, marks=pytest.mark.row("error.21610")),
        pytest.param("full", 21611, marks=pytest.mark.row("error.21611")),
        pytest.param("no-route", 21612, marks=pytest.mark.row("error.21612")),
        pytest.param("not-mobile", 21614, marks=pytest.mark.row("error.21614")),
    ],
)
def test_a_number_that_takes_no_texts_is_refused_at_once(
    served: Served, client: Client, texts: str, code: int
) -> None:
    reach(served, "+13125550132", texts=texts)
    with pytest.raises(TwilioRestException) as refused:
        send(client, to="+13125550132")
    assert (refused.value.status, refused.value.code) == (400, code)


@pytest.mark.row("rest.messages.create.ValidityPeriod", "error.30036")
def test_what_waits_longer_than_it_is_valid_fails(served: Served, client: Client) -> None:
    reach(served, "+13125550133", texts="stuck")
    sent = send(client, to="+13125550133", validity_period=60)
    assert states(served, sent.sid, "failed")[-1]["ErrorCode"] == "30036"


@pytest.mark.row(
    "error.21602", "error.21603", "error.21604", "error.21606", "error.21617", "error.400",
    "rest.messages.create.Body",
)  # fmt: skip
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"from_": ""}, 21603),
        ({"from_": "+15005550006"}, 21606),
        ({"from_": "MyCity"}, 21606),
        ({"from_": "whatsapp:+14155238886"}, 20001),
        ({"to": "whatsapp:+14155238886"}, 20001),
        ({"to": ""}, 21604),
        ({"to": "the mayor"}, 21211),
        ({"media_url": [f"{PUBLIC}/picture.png"] * 11}, 21623),
        ({"validity_period": 0}, 21624),
        ({"validity_period": 36_001}, 21624),
        ({"status_callback": "nowhere"}, 21205),
        ({"application_sid": "AP" + "0" * 32, "status_callback": None}, 21218),
        ({"content_retention": "forget"}, 20001),
        ({"risk_check": "maybe"}, 20001),
    ],
    ids=str,
)
def test_what_cannot_be_sent_is_refused(client: Client, changes: dict[str, Any], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(client, **changes)
    assert (refused.value.status, refused.value.code) == (400, code)


@pytest.mark.row("rest.messages.create.others")
@pytest.mark.parametrize(
    "changes",
    [
        {"content_sid": "HX" + "0" * 32},
        {"content_variables": "{}"},
        {"persistent_action": ["geo:0,0"]},
        {"shorten_urls": True},
        {"send_as_mms": True},
        {"fallback_from": NUMBER},
    ],
    ids=str,
)
def test_what_is_not_emulated_is_refused_by_name(client: Client, changes: dict[str, Any]) -> None:
    with pytest.raises(TwilioRestException, match="is not emulated here"):
        send(client, **changes)


@pytest.mark.row("rest.messages.create.SmartEncoded")
def test_quotes_with_plain_twins_are_replaced_if_asked(client: Client) -> None:
    body = "\u201cWe\u2019re on it\u201d \u2026 " + "x" * 100
    assert send(client, body=body).num_segments == "2"
    smart = send(client, body=body, smart_encoded=True, attempt=1, content_retention="retain")
    assert smart.body.startswith('"We\'re on it" ... ') and smart.num_segments == "1"


def test_1600_characters_go_in_eleven_parts(client: Client) -> None:
    assert send(client, body="x" * 1600).num_segments == "11"


@pytest.mark.row("rest.messages.create.SendAt")
def test_a_scheduled_text_is_sent_when_it_is_due(served: Served, client: Client) -> None:
    due = served.network.exchange.clock.date + timedelta(hours=2)
    with served.standing_still():
        sent = send(client, **scheduled(due))
        assert sent.status == "scheduled" and sent.messaging_service_sid == SERVICE
        assert sent.from_ == NUMBER
    told = states(served, sent.sid, "delivered")
    assert [form["MessageStatus"] for form in told] == ["queued", "sent", "delivered"]
    assert told[0]["MessagingServiceSid"] == SERVICE
    assert client.messages(sent.sid).fetch().date_sent >= due.replace(microsecond=0)


@pytest.mark.row("rest.messages.update.Status")
def test_a_scheduled_text_is_cancelled_once(served: Served, client: Client) -> None:
    with served.standing_still():
        sent = send(client, **scheduled(served.network.exchange.clock.date + timedelta(hours=2)))
        assert client.messages(sent.sid).update(status="canceled").status == "canceled"
        with pytest.raises(TwilioRestException) as refused:
            client.messages(sent.sid).update(status="canceled")
    assert refused.value.code == 30409
    assert [form["MessageStatus"] for form in states(served, sent.sid, "canceled")] == ["canceled"]


@pytest.mark.row("rest.messages.create.MessagingServiceSid")
def test_a_service_accepts_what_is_sent_at_once(served: Served, client: Client) -> None:
    sent = send(client, from_=None, messaging_service_sid=SERVICE)
    assert sent.status == "accepted"
    told = states(served, sent.sid, "delivered")
    assert [form["MessageStatus"] for form in told] == ["queued", "sent", "delivered"]


@pytest.mark.row("rest.messages.create.SendAt")
@pytest.mark.parametrize(
    ("minutes", "changes", "code"),
    [
        (0, {"send_at": None}, 35111),
        (4, {}, 35114),
        (60 * 24 * 36, {}, 35114),
        (60, {"send_at": "tomorrow"}, 35114),
        (60, {"messaging_service_sid": None, "from_": NUMBER}, 35118),
        (60, {"schedule_type": "whenever"}, 20001),
    ],
    ids=str,
)
def test_a_schedule_that_cannot_be_kept_is_refused(
    served: Served, client: Client, minutes: int, changes: dict[str, Any], code: int
) -> None:
    with served.standing_still(), pytest.raises(TwilioRestException) as refused:
        due = served.network.exchange.clock.date + timedelta(minutes=minutes)
        send(client, **{**scheduled(due), **changes})
    assert (refused.value.status, refused.value.code) == (400, code)


def scheduled(due: datetime) -> dict[str, Any]:
    """What the client is told to send at a time."""
    facts = {"from_": None, "messaging_service_sid": SERVICE, "schedule_type": "fixed"}
    return {**facts, "send_at": due.astimezone(UTC)}


@pytest.mark.row("rest.messages.update.Body", "rest.messages.delete", "rest.deleted")
def test_a_text_is_redacted_and_deleted_once_it_is_complete(served: Served, client: Client) -> None:
    with served.standing_still():
        sent = send(client)
        for early in (client.messages(sent.sid).delete, lambda: redact(client, sent.sid)):
            with pytest.raises(TwilioRestException) as refused:
                early()
            assert (refused.value.status, refused.value.code) == (409, 20009)
    states(served, sent.sid, "delivered")
    assert redact(client, sent.sid).body == ""
    assert client.messages(sent.sid).fetch().body == ""
    with pytest.raises(TwilioRestException):
        client.messages(sent.sid).update(body="something else")
    assert client.messages(sent.sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        client.messages(sent.sid).fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)


def redact(client: Client, sid: str) -> Any:
    return client.messages(sid).update(body="")


@pytest.mark.row("rest.messages.create.MediaUrl", "rest.media")
def test_a_picture_is_fetched_and_listed(served: Served, client: Client) -> None:
    sent = send(client, body=None, media_url=[f"{PUBLIC}/picture.png"])
    assert (sent.num_media, sent.sid[:2]) == ("1", "MM")
    states(served, sent.sid, "delivered")
    (one,) = client.messages(sent.sid).media.list()
    assert one.content_type == "image/png" and one.parent_sid == sent.sid
    assert client.messages(sent.sid).media(one.sid).fetch().sid == one.sid
    url = f"{served.root}{one.uri.removesuffix('.json')}"
    assert requests.get(url, auth=(ACCOUNT, TOKEN), timeout=60).content == PICTURE
    assert client.messages(sent.sid).media(one.sid).delete()
    assert client.messages(sent.sid).media.list() == []


def test_a_picture_that_cannot_be_had_fails_the_message(served: Served, client: Client) -> None:
    sent = send(client, media_url=[f"{PUBLIC}/none.png"])
    assert states(served, sent.sid, "failed")[-1]["ErrorCode"] == "11200"


@pytest.mark.row("rest.messages.feedback")
def test_feedback_is_taken(served: Served, client: Client) -> None:
    sent = send(client, provide_feedback=True)
    told = client.messages(sent.sid).feedback.create(outcome="confirmed")
    assert (told.outcome, told.message_sid) == ("confirmed", sent.sid)


@pytest.mark.row("rest.messages.create.ApplicationSid")
def test_an_application_hears_of_the_states(served: Served, client: Client) -> None:
    app = client.applications.create(message_status_callback=f"{PUBLIC}/states")
    sent = send(client, application_sid=app.sid, status_callback=None)
    assert states(served, sent.sid, "delivered")
    assert client.applications(app.sid).delete()


@pytest.mark.row("enum.message.direction")
def test_a_text_with_a_picture_comes_in(served: Served, client: Client) -> None:
    media = [{"type": "image/png", "data": base64.b64encode(PICTURE).decode()}]
    came = text(served, body="a hole in the road", media=media)
    (form,) = served.app.forms("/sms")
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == came["sid"]
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/png")
    assert (form["NumSegments"], form["SmsStatus"]) == ("1", "received")
    assert (form["FromCountry"], form["ToCountry"], form["FromCity"]) == ("US", "US", "")
    path = form["MediaUrl0"].partition("/2010-04-01")[2]
    url = f"{served.root}/2010-04-01{path}"
    assert requests.get(url, auth=(ACCOUNT, TOKEN), timeout=60).content == PICTURE
    shown = client.messages(came["sid"]).fetch()
    assert (shown.direction, shown.status) == ("inbound", "received")


@pytest.mark.row("enum.message.direction")
def test_replies_say_what_became_of_them(served: Served, client: Client) -> None:
    served.app.replies["/sms"] = response(
        '<Message statusCallback="/states"><Body>Thanks</Body><Media>/picture.png</Media></Message>'
    )
    text(served, body="hello")
    served.app.replies["/sms"] = response()
    told = eventually(lambda: served.app.forms("/states")[1:])
    reply = client.messages(told[0]["MessageSid"]).fetch()
    assert (reply.direction, reply.body, reply.num_media) == ("outbound-reply", "Thanks", "1")


def test_who_opted_out_gets_no_reply_but_the_confirmation(served: Served, client: Client) -> None:
    served.app.replies["/sms"] = response("<Message>Please stay</Message>")
    text(served, body="STOP", **{"from": "+13125550139"})
    served.app.replies["/sms"] = response()
    bodies = eventually(lambda: [one.body for one in client.messages.list(to="+13125550139")])
    assert len(bodies) == 1 and "unsubscribed" in bodies[0]
    assert 21610 in [one.code for one in served.network.exchange.debugger.alerts]


@pytest.mark.row("rest.message", "paging.filters")
def test_texts_are_listed_by_number_and_day(served: Served, client: Client) -> None:
    sent = send(client, to="+13125550140")
    states(served, sent.sid, "delivered")
    day = served.network.exchange.clock.date.date()
    assert [one.sid for one in client.messages.list(to="+13125550140", date_sent=day)] == [sent.sid]
    after = day + timedelta(days=1)
    assert client.messages.list(to="+13125550140", date_sent_after=after) == []
    assert client.messages.list(from_="+13125550140") == []


def test_a_number_is_reached_again(served: Served, client: Client) -> None:
    reach(served, "+13125550132", texts="not-mobile")
    requests.delete(f"{served.root}/simulator/reach/+13125550132", timeout=60)
    assert send(client, to="+13125550132").status == "queued"


@pytest.mark.parametrize(
    "changes",
    [
        {"from": 5},
        {"to": "+13125559999"},
        {"to": "whatsapp:+13125550100"},
        {"media": "x"},
        {"media": [{"type": "a/b", "data": "!"}]},
        {"media": [1]},
    ],
    ids=str,
)
def test_a_text_that_no_handset_sends_is_refused(served: Served, changes: dict[str, Any]) -> None:
    answer = requests.post(
        f"{served.root}/simulator/messages",
        json={"from": HANDSET, "body": "x", **changes},
        timeout=60,
    )
    assert answer.status_code == 400


def text(served: Served, **changes: Any) -> dict[str, Any]:
    """A handset sends a text; the message as REST shows it."""
    answer = requests.post(
        f"{served.root}/simulator/messages", json={"from": HANDSET, **changes}, timeout=60
    )
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown
