"""One journey of the unmodified `twilio` client through every resource; each answer is validated.

And what all resources share: credentials, bodies, dates, pages, filters, errors.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from simulator.callers import Caller, ScriptedCall
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, CALLER, NUMBER, PUBLIC, response
from tests.simulator.openapi import fields
from tests.simulator.rest_driver import Served, describe, fetched

pytestmark = pytest.mark.slow

EXPERT = "+13125550180"
RFC_2822 = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000")
SIDS = {
    "sid": r"(CA|CF|QU|RE|SM|MM|PN|AP|MZ|ME|AC)[0-9a-fA-F]{32}",
    "account_sid": "AC[0-9a-fA-F]{32}",
    "call_sid": "CA[0-9a-fA-F]{32}",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("resources"), sms_url=f"{PUBLIC}/sms") as one:
        one.app.socket = _listen
        one.app.replies |= {
            path: response() for path in ("/room", "/sms", "/queued", "/taken", "/queue-wait")
        }
        one.app.replies["/picture.png"] = lambda _: web.Response(
            body=b"picture", content_type="image/png"
        )
        yield one


async def _listen(socket: web.WebSocketResponse) -> None:
    """Take a media stream until it is closed."""
    with contextlib.suppress(asyncio.CancelledError):
        async for _ in socket:
            pass


@pytest.fixture
def client(served: Served) -> Client:
    return served.client()


def checked(shown: dict[str, Any], schema: str) -> dict[str, Any]:
    """A resource with all its fields, its dates and ids of the right form."""
    assert set(shown) == fields(f"api.v2010.account{schema}")
    for name, value in shown.items():
        if value is not None and (name.startswith("date_") or name.endswith("_time")):
            is_date = not isinstance(value, int) and not value.isdigit()
            assert not is_date or RFC_2822.fullmatch(value), (name, value)
        if name in SIDS and value is not None:
            assert re.fullmatch(SIDS[name], value), (name, value)
    return shown


def waits(served: Served, document: str) -> ScriptedCall:
    """A caller whose line runs a document."""
    served.app.replies["/voice"] = document
    return Caller(served.root, number=CALLER).dials()


@pytest.mark.row(
    "rest.recording", "rest.recording.call", "rest.conference", "rest.participant", "rest.queue",
    "rest.member", "rest.message", "rest.media", "rest.number", "rest.application", "rest.stream",
    "rest.call", "enum.sid", "rest.dates", "rest.json", "rest.integers", "rest.strings",
    "rest.booleans", "rest.fetched", "rest.deleted", "rest.account",
)  # fmt: skip
def test_the_client_goes_through_every_resource(served: Served, client: Client) -> None:
    account, balance = client.api.accounts(ACCOUNT).fetch(), client.balance.fetch()
    assert (balance.account_sid, float(balance.balance), balance.currency) == (ACCOUNT, 100, "USD")
    assert (account.status, [one.sid for one in client.api.accounts.list()]) == (
        "active",
        [ACCOUNT],
    )
    checked(fetched(served, ".json"), "")
    _numbers_and_applications(served, client)
    _calls_streams_and_recordings(served, client)
    _conferences_and_participants(served, client)
    _queues_and_members(served, client)
    _messages_and_media(served, client)


def _numbers_and_applications(served: Served, client: Client) -> None:
    app = client.applications.create(friendly_name="desk", voice_url=f"{PUBLIC}/voice")
    assert set(fetched(served, f"/Applications/{app.sid}.json")) >= {
        "sid", "friendly_name", "voice_url", "sms_url", "message_status_callback",
    }  # fmt: skip
    bought = client.incoming_phone_numbers.create(
        phone_number="+13125550181", voice_application_sid=app.sid
    )
    checked(fetched(served, f"/IncomingPhoneNumbers/{bought.sid}.json"), ".incoming_phone_number")
    assert client.incoming_phone_numbers(bought.sid).update(friendly_name="x").friendly_name == "x"
    assert bought.sid in {one.sid for one in client.incoming_phone_numbers.list()}
    assert client.incoming_phone_numbers(bought.sid).delete()
    assert client.applications(app.sid).update(friendly_name="y").friendly_name == "y"
    assert client.applications.list(friendly_name="y")[0].sid == app.sid
    assert client.applications(app.sid).delete()


def _calls_streams_and_recordings(served: Served, client: Client) -> None:
    caller = waits(served, response("<Say>Good day</Say><Pause length='600'/>")).hears("good day")
    live = client.calls(caller.sid)
    checked(fetched(served, f"/Calls/{caller.sid}.json"), ".call")
    stream = live.streams.create(url="wss://hotline.test/media", name="ears")
    assert live.streams(stream.sid).update(status="stopped").status == "stopped"
    begun = live.recordings.create()
    caller.waits(0.5)
    assert live.recordings(begun.sid).update(status="stopped").sid == begun.sid
    eventually(lambda: client.recordings(begun.sid).fetch().status == "completed")
    of_call = fetched(served, f"/Calls/{caller.sid}/Recordings/{begun.sid}.json")
    assert isinstance(checked(of_call, ".call.call_recording")["channels"], int)
    alone = checked(fetched(served, f"/Recordings/{begun.sid}.json"), ".recording")
    assert isinstance(alone["duration"], str)
    assert [one.sid for one in live.recordings.list()] == [begun.sid]
    assert client.recordings(begun.sid).delete()
    assert live.update(status="completed").status == "completed"


def _conferences_and_participants(served: Served, client: Client) -> None:
    describe(served, EXPERT)
    caller = waits(served, response('<Dial><Conference waitUrl="">desk</Conference></Dial>'))
    (room,) = eventually(lambda: client.conferences.list(friendly_name="desk"))
    expert = client.conferences(room.sid).participants.create(from_=NUMBER, to=EXPERT)
    caller.waits(2)
    eventually(lambda: client.conferences(room.sid).fetch().status == "in-progress")
    checked(fetched(served, f"/Conferences/{room.sid}.json"), ".conference")
    path = f"/Conferences/{room.sid}/Participants/{expert.call_sid}.json"
    assert checked(fetched(served, path), ".conference.participant")["muted"] is False
    people = client.conferences(room.sid).participants
    assert len(people.list()) == 2 and people(caller.sid).update(muted=True).muted is True
    assert people(expert.call_sid).delete()
    assert client.conferences(room.sid).update(status="completed").status == "completed"
    caller.hangs_up()


def _queues_and_members(served: Served, client: Client) -> None:
    queue = client.queues.create("journey", max_size=3)
    caller = waits(served, response('<Enqueue waitUrl="/queue-wait">journey</Enqueue>'))
    eventually(lambda: client.queues(queue.sid).members.list())
    shown = checked(fetched(served, f"/Queues/{queue.sid}.json"), ".queue")
    numbers = ("current_size", "max_size", "average_wait_time")
    assert all(isinstance(shown[name], int) for name in numbers)
    member = checked(fetched(served, f"/Queues/{queue.sid}/Members/Front.json"), ".queue.member")
    assert isinstance(member["position"], int) and isinstance(member["wait_time"], int)
    assert client.queues(queue.sid).update(max_size=4).max_size == 4
    taken = client.queues(queue.sid).members("Front").update(url=f"{PUBLIC}/taken")
    assert (taken.position, taken.call_sid) == (0, caller.sid)
    eventually(lambda: not client.queues(queue.sid).members.list())
    assert client.queues(queue.sid).delete()
    caller.hangs_up()


def _messages_and_media(served: Served, client: Client) -> None:
    sent = client.messages.create(
        to=CALLER, from_=NUMBER, body="hello", media_url=[f"{PUBLIC}/picture.png"]
    )
    eventually(lambda: client.messages(sent.sid).fetch().status == "delivered")
    shown = checked(fetched(served, f"/Messages/{sent.sid}.json"), ".message")
    assert (shown["num_segments"], shown["num_media"]) == ("1", "1")
    (media,) = client.messages(sent.sid).media.list()
    path = f"/Messages/{sent.sid}/Media/{media.sid}.json"
    checked(fetched(served, path), ".message.media")
    assert client.messages(sent.sid).update(body="").body == ""
    assert client.messages(sent.sid).delete()


# Credentials, bodies, errors


# Pages, filters, kinds of numbers


@pytest.mark.row("rest.available", "rest.numbers.create")
def test_numbers_are_offered_and_bought(client: Client) -> None:
    offered = client.available_phone_numbers("US").local.list(area_code=773, limit=5)
    assert [one.phone_number[:5] for one in offered] == ["+1773"] * 5
    (first, *_) = client.available_phone_numbers("US").toll_free.list(contains="***55512**")
    assert first.phone_number == "+18005551200"
    bought = client.incoming_phone_numbers.create(phone_number=offered[0].phone_number)
    again = client.available_phone_numbers("US").local.list(area_code=773, limit=1)
    assert again[0].phone_number == offered[1].phone_number
    by_area = client.incoming_phone_numbers.create(area_code="773")
    assert by_area.phone_number == offered[1].phone_number
    for wrong, code in (
        ({"phone_number": offered[0].phone_number}, 21422),
        ({"phone_number": "555"}, 21421),
        ({"area_code": "77"}, 20001),
        ({}, 21421),
    ):
        with pytest.raises(TwilioRestException) as refused:
            client.incoming_phone_numbers.create(**wrong)
        assert (refused.value.status, refused.value.code) == (400, code)
    for one in (bought, by_area):
        assert client.incoming_phone_numbers(one.sid).delete()


@pytest.mark.row("rest.available.contains")
@pytest.mark.parametrize(
    ("contains", "first"),
    [
        ("KYLE", "+13125555953"),
        ("kyle", "+13125555953"),
        ("510555****", "+15105551000"),
        ("(510) 555-*7**", "+15105551700"),
        ("+1773", "+17735551000"),
        ("+1%77$", "+13125551077"),
        ("%%%%%%%%%%%%77$", "+13125551077"),
        ("9999$", "+13125559999"),
        ("51*2", "+13125551020"),
        ("STORMY", None),
        ("312666****", None),
    ],
)
def test_offered_numbers_fit_a_pattern(client: Client, contains: str, first: str | None) -> None:
    offered = client.available_phone_numbers("US").local.list(contains=contains, limit=1)
    assert [one.phone_number for one in offered] == ([first] if first else [])


@pytest.mark.row("rest.available.contains")
def test_an_area_that_is_named_wins_over_that_of_a_pattern(client: Client) -> None:
    local = client.available_phone_numbers("US").local
    assert local.list(contains="510555****", area_code=773) == []
    free = client.available_phone_numbers("US").toll_free
    assert free.list(contains="888*******", limit=1)[0].phone_number == "+18885551000"
    assert free.list(contains="510*******", limit=1) == []


@pytest.mark.row("rest.available.filters")
def test_offered_numbers_can_call_and_text_but_not_fax(client: Client) -> None:
    local = client.available_phone_numbers("US").local
    assert local.list(voice_enabled=True, sms_enabled=True, mms_enabled=True, limit=1)
    assert local.list(beta=True, exclude_all_address_required=True, limit=1)
    for impossible in ({"fax_enabled": True}, {"sms_enabled": False}):
        assert local.list(**impossible, limit=1) == []


@pytest.mark.row("rest.available.filters")
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        *(
            ({name: "1"}, "is not emulated here")
            for name in (
                "near_number", "near_lat_long", "distance", "in_postal_code", "in_region",
                "in_rate_center", "in_lata", "in_locality",
            )
        ),
        ({"contains": "1"}, "Contains: expected"),
        ({"contains": "12#4"}, "Contains: expected"),
        ({"contains": "5$5"}, "Contains: expected"),
    ],
    ids=str,
)  # fmt: skip
def test_a_search_that_is_not_kept_is_refused_by_name(
    client: Client, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(TwilioException, match=f'HTTP 400 .*"code": 20001, .*{words}'):
        client.available_phone_numbers("US").local.list(**asked)


@pytest.mark.row("rest.available.countries")
def test_the_countries_with_numbers_are_listed(served: Served, client: Client) -> None:
    (country,) = client.available_phone_numbers.list()
    assert (country.country_code, country.country) == ("US", "United States")
    shown = fetched(served, "/AvailablePhoneNumbers/US.json")
    assert set(shown) == fields("api.v2010.account.available_phone_number_country")
    with pytest.raises(TwilioRestException) as nowhere:
        client.available_phone_numbers("ZZ").fetch()
    with pytest.raises(TwilioException, match="only numbers of US"):
        client.available_phone_numbers("GB").local.list()
    assert nowhere.value.status == 404


@pytest.mark.row("rest.numbers.update")
def test_a_number_keeps_every_address_it_is_given(client: Client) -> None:
    number = client.incoming_phone_numbers.create(phone_number="+13125550183")
    changes = {
        "voice_url": f"{PUBLIC}/a",
        "voice_method": "GET",
        "voice_fallback_url": f"{PUBLIC}/b",
        "voice_fallback_method": "GET",
        "sms_url": f"{PUBLIC}/c",
        "sms_method": "GET",
        "sms_fallback_url": f"{PUBLIC}/d",
        "sms_fallback_method": "GET",
        "status_callback": f"{PUBLIC}/e",
        "status_callback_method": "GET",
        "friendly_name": "Parks",
        "voice_caller_id_lookup": True,
        "voice_receive_mode": "voice",
    }
    client.incoming_phone_numbers(number.sid).update(**changes)
    kept = client.incoming_phone_numbers(number.sid).fetch()
    assert {name: getattr(kept, name) for name in changes} == changes
    assert client.incoming_phone_numbers(number.sid).delete()


@pytest.mark.row("rest.numbers.others")
@pytest.mark.parametrize(
    "changes",
    [
        {"trunk_sid": "TK" + "0" * 32},
        {"address_sid": "AD" + "0" * 32},
        {"bundle_sid": "BU" + "0" * 32},
        {"identity_sid": "RI" + "0" * 32},
        {"emergency_address_sid": "AD" + "0" * 32},
        {"voice_receive_mode": "fax"},
    ],
    ids=str,
)
def test_what_a_number_cannot_be_given_is_refused_by_name(
    client: Client, changes: dict[str, str]
) -> None:
    (number,) = client.incoming_phone_numbers.list(phone_number=NUMBER)
    with pytest.raises(TwilioRestException, match="is not emulated here"):
        client.incoming_phone_numbers(number.sid).update(**changes)


@pytest.mark.row("rest.notification", "rest.event")
def test_the_errors_and_requests_of_a_call_are_listed(served: Served, client: Client) -> None:
    served.app.replies["/broken"] = response("<Sing/>")
    describe(served, EXPERT)
    made = client.calls.create(to=EXPERT, from_=NUMBER, url=f"{PUBLIC}/broken")
    (one,) = eventually(lambda: client.calls(made.sid).notifications.list())
    assert (one.error_code, one.log, one.call_sid) == ("12200", "0", made.sid)
    assert client.calls(made.sid).notifications.list(log=1) == []
    whole = client.notifications(one.sid).fetch()
    assert whole.message_text == one.message_text and one.sid in {
        it.sid for it in client.notifications.list(limit=5)
    }
    assert client.calls(made.sid).notifications(one.sid).fetch().sid == one.sid
    (event,) = client.calls(made.sid).events.list()
    assert event.request["url"] == f"{PUBLIC}/broken"
    assert event.request["parameters"]["CallSid"] == made.sid
    assert event.response["response_code"] == 200 and "Sing" in event.response["response_body"]
    with pytest.raises(TwilioRestException) as gone:
        client.notifications("NO" + "0" * 32).fetch()
    assert gone.value.code == 20404


@pytest.mark.row("rest.number.kinds")
def test_numbers_are_listed_by_their_kind(client: Client) -> None:
    free = client.incoming_phone_numbers.toll_free.create(phone_number="+18005550199")
    numbers = client.incoming_phone_numbers
    assert [one.sid for one in numbers.toll_free.list()] == [free.sid]
    assert NUMBER in [one.phone_number for one in numbers.local.list()]
    assert free.sid not in [one.sid for one in numbers.local.list()]
    assert numbers.mobile.list() == [] and numbers.list(beta=True) == []
    assert numbers(free.sid).delete()
