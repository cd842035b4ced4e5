"""Numbers and applications by the unmodified `twilio` client: configured, and then obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from simulator.callers import Caller
from simulator.network import Network
from tests.conftest import eventually
from tests.simulator.app import CALLER, NUMBER, response
from tests.simulator.rest_driver import Served, refusal

pytestmark = pytest.mark.slow

APP = "https://hotline.test"
_fresh = count(200)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("account")) as one:
        one.app.replies["/voice"] = response("<Say>The first line.</Say>")
        one.app.replies["/parks"] = response("<Say>Parks and trees.</Say>")
        one.app.replies["/sms-parks"] = response("<Message>About trees?</Message>")
        one.app.replies["/sms-static"] = response("<Message>Out of order.</Message>")
        one.app.replies["/told"] = ""
        yield one


@pytest.fixture
def number() -> str:
    """One that nobody has bought yet."""
    return f"+1773555{next(_fresh):04d}"


def hears(served: Served, number: str, words: str) -> str:
    call = Caller(served.root, number=CALLER).dials(number)
    call.hears(words).is_hung_up_on()
    return call.sid


def texts(served: Served, number: str, body: str) -> list[str]:
    """Everything that comes back to a handset of its own."""
    handset = f"+1872555{next(_fresh):04d}"

    async def send(network: Network) -> Any:
        await network.text(from_number=handset, to=number, body=body)
        return [one.body for one in network.exchange.messages.all if one.to == handset]

    found: list[str] = served.run(send)
    return found


@pytest.mark.row("rest.numbers.update")
def test_the_number_of_the_settings_is_shown_and_pointed_elsewhere(served: Served) -> None:
    client = served.client()
    mine = client.incoming_phone_numbers.list(phone_number=NUMBER)
    assert [one.phone_number for one in mine] == [NUMBER]
    before = mine[0].voice_url
    client.incoming_phone_numbers(mine[0].sid).update(voice_url=f"{APP}/parks", voice_method="GET")
    hears(served, NUMBER, "parks and trees")
    changed = client.incoming_phone_numbers(mine[0].sid).update(voice_url=before)
    assert (changed.voice_url, changed.voice_method) == (before, "GET")
    client.incoming_phone_numbers(mine[0].sid).update(voice_method="POST")


def test_a_second_number_is_bought_answers_and_is_given_back(served: Served, number: str) -> None:
    client = served.client()
    bought = client.incoming_phone_numbers.create(
        phone_number=number,
        voice_url=f"{APP}/parks",
        status_callback=f"{APP}/told",
        friendly_name="Parks",
    )
    assert (bought.friendly_name, bought.voice_url) == ("Parks", f"{APP}/parks")
    sid = hears(served, number, "parks and trees")
    told = eventually(lambda: [f for f in served.app.forms("/told") if f["CallSid"] == sid])
    assert told[-1]["CallStatus"] == "completed"
    assert client.messages.create(to=CALLER, from_=number, body="Thank you").status == "queued"
    assert client.incoming_phone_numbers(bought.sid).delete()
    assert refusal(client.incoming_phone_numbers(bought.sid).fetch) == (404, 20404)
    gone = served.client().messages
    assert refusal(lambda: gone.create(to=CALLER, from_=number, body="Still here?"))[1] == 21606


@pytest.mark.row("rest.numbers.update.VoiceApplicationSid")
def test_an_application_answers_in_place_of_the_number(served: Served, number: str) -> None:
    client = served.client()
    app = client.applications.create(
        friendly_name="parks", voice_url=f"{APP}/parks", sms_url=f"{APP}/sms-parks"
    )
    bought = client.incoming_phone_numbers.create(
        phone_number=number,
        voice_url=f"{APP}/voice",
        voice_application_sid=app.sid,
        sms_application_sid=app.sid,
    )
    hears(served, number, "parks and trees")
    assert texts(served, number, "a tree") == ["About trees?"]
    assert [one.sid for one in client.applications.list(friendly_name="parks")] == [app.sid]
    renamed = client.applications(app.sid).update(friendly_name="green")
    assert renamed.friendly_name == client.applications(app.sid).fetch().friendly_name == "green"
    assert client.applications(app.sid).delete()
    assert refusal(client.applications(app.sid).fetch) == (404, 20404)
    hears(served, bought.phone_number, "the first line")


def test_a_text_whose_address_fails_is_asked_of_the_fallback(served: Served, number: str) -> None:
    served.client().incoming_phone_numbers.create(
        phone_number=number,
        sms_url=f"{APP}/not-there",
        sms_fallback_url=f"{APP}/sms-static",
        sms_fallback_method="GET",
    )
    assert texts(served, number, "hello") == ["Out of order."]


def test_a_call_by_rest_may_run_any_application_and_come_from_any_number(
    served: Served, number: str
) -> None:
    client = served.client()
    app = client.applications.create(voice_url=f"{APP}/parks")
    client.incoming_phone_numbers.create(phone_number=number)
    call = client.calls.create(to="+13125550177", from_=number, application_sid=app.sid)
    ended = eventually(
        lambda: client.calls(call.sid).fetch().status == "completed", within_s=30, every_s=0.2
    )
    assert ended


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"phone_number": "312 555"}, 21421),
        ({"phone_number": NUMBER}, 21422),
        ({"phone_number": "+13125550999", "voice_url": "parks"}, 21205),
        ({"phone_number": "+13125550999", "voice_method": "PUT"}, 20001),
        ({"phone_number": "+13125550999", "voice_application_sid": "AP" + "0" * 32}, 21218),
        ({"phone_number": "+13125550999", "trunk_sid": "TK" + "0" * 32}, 20001),
    ],
)
def test_a_number_that_cannot_be_is_refused_and_not_kept(
    served: Served, fields: dict[str, str], code: int
) -> None:
    client = served.client()
    assert refusal(lambda: client.incoming_phone_numbers.create(**fields)) == (400, code)
    assert not client.incoming_phone_numbers.list(phone_number="+13125550999")
