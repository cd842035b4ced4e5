"""Verified numbers of others by the unmodified `twilio` client; each answer is validated."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, PUBLIC, response
from tests.simulator.openapi import fields
from tests.simulator.rest_driver import Served, describe, fetched

pytestmark = pytest.mark.slow

DESK, SHOP, OTHER = "+13125550171", "+13125550172", "+13125550173"


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("caller-ids")) as one:
        one.app.replies["/verified"] = response()
        yield one


@pytest.fixture
def client(served: Served) -> Client:
    return served.client()


@pytest.mark.row("rest.caller_ids")
def test_described_phones_are_verified_listed_renamed_and_removed(
    served: Served, client: Client
) -> None:
    for address in (DESK, SHOP, "client:agent_7"):
        describe(served, address)
    caller_ids = client.outgoing_caller_ids
    assert [one.phone_number for one in caller_ids.list(page_size=1)] == [SHOP, DESK]
    (desk,) = caller_ids.list(phone_number=DESK)
    assert desk.friendly_name == "(312) 555-0171"
    shown = fetched(served, f"/OutgoingCallerIds/{desk.sid}.json")
    assert set(shown) == fields("api.v2010.account.outgoing_caller_id")
    assert caller_ids(desk.sid).update(friendly_name="the desk").friendly_name == "the desk"
    describe(served, DESK, behaviour="busy")
    assert [one.sid for one in caller_ids.list(friendly_name="the desk")] == [desk.sid]
    assert caller_ids(desk.sid).delete()
    assert [one.phone_number for one in caller_ids.list()] == [SHOP]
    with pytest.raises(TwilioRestException) as gone:
        caller_ids(desk.sid).fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)


@pytest.mark.row("rest.caller_ids.create", "rest.caller_ids.callback")
def test_a_number_is_verified_as_soon_as_that_is_asked_for(served: Served, client: Client) -> None:
    placed = {"to": SHOP, "twiml": response("<Hangup/>")}
    with pytest.raises(TwilioRestException) as refused:
        client.calls.create(from_=OTHER, **placed)
    assert refused.value.code == 21210
    asked = client.validation_requests.create(
        phone_number="(312) 555-0173", call_delay=5, status_callback=f"{PUBLIC}/verified"
    )
    assert (asked.phone_number, asked.friendly_name) == (OTHER, "(312) 555-0173")
    assert re.fullmatch("[0-9]{6}", str(asked.validation_code))
    assert client.calls.create(from_=OTHER, **placed)._from == OTHER
    (number,) = client.outgoing_caller_ids.list(phone_number=OTHER)
    assert number.friendly_name == "(312) 555-0173"
    (form,) = eventually(lambda: served.app.forms("/verified"))
    assert form == {
        "AccountSid": ACCOUNT,
        "CallSid": asked.call_sid,
        "To": OTHER,
        "VerificationStatus": "success",
        "OutgoingCallerIdSid": number.sid,
    }


@pytest.mark.row("error.21421", "error.21450", "error.21454")
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"phone_number": "555"}, 21421),
        ({"phone_number": DESK}, 21450),
        ({"phone_number": OTHER, "call_delay": 61}, 21454),
        ({"phone_number": OTHER, "status_callback": "nowhere"}, 21205),
        ({"phone_number": OTHER, "friendly_name": "x" * 65}, 20001),
    ],
    ids=str,
)
def test_what_cannot_be_verified_is_refused_and_nothing_is_kept(
    served: Served, client: Client, asked: dict[str, str], code: int
) -> None:
    describe(served, DESK)
    with pytest.raises(TwilioRestException) as refused:
        client.validation_requests.create(**asked)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert [one.phone_number for one in client.outgoing_caller_ids.list()] == [DESK]
