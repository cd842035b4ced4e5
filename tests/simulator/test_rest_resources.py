"""One journey of the unmodified `twilio` client through every resource; each answer is validated.

And what all resources share: credentials, bodies, dates, pages, filters, errors.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.callers import Caller, ScriptedCall
from simulator.settings import Settings
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, CALLER, NUMBER, PUBLIC, TOKEN, response
from tests.simulator.openapi import check, fields
from tests.simulator.rest_driver import Rooted, Served, describe

EXPERT = "+13125550180"
API = f"/2010-04-01/Accounts/{ACCOUNT}"
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


def fetched(served: Served, path: str, **query: str) -> dict[str, Any]:
    """An answer as it comes, validated."""
    answer = requests.get(
        f"{served.root}{API}{path}", params=query, auth=(ACCOUNT, TOKEN), timeout=10
    )
    check("GET", f"{API}{path}", answer.status_code, answer.text)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


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


@pytest.mark.slow
@pytest.mark.row(
    "rest.recording", "rest.recording.call", "rest.conference", "rest.participant", "rest.queue",
    "rest.member", "rest.message", "rest.media", "rest.number", "rest.application", "rest.stream",
    "rest.call", "enum.sid", "rest.dates", "rest.json", "rest.integers", "rest.strings",
    "rest.booleans", "rest.fetched", "rest.deleted",
)  # fmt: skip
def test_the_client_goes_through_every_resource(served: Served, client: Client) -> None:
    account = client.api.accounts(ACCOUNT).fetch()
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


@pytest.mark.row("rest.basic_auth", "error.401")
def test_the_accounts_token_and_an_api_key_are_let_in(tmp_path: Path) -> None:
    key = Settings().api_key
    with Served(tmp_path, api_key=key, api_secret="a secret") as served:
        client = Client(key, "a secret", account_sid=ACCOUNT, http_client=Rooted(served.root))
        assert client.queues.list() == []
        for user, password in ((key, TOKEN), (ACCOUNT, "a secret"), (ACCOUNT, ""), ("me", "x")):
            other = Client(user, password or "x", ACCOUNT, http_client=Rooted(served.root))
            with pytest.raises(TwilioRestException) as refused:
                other.queues("QU" + "0" * 32).fetch()
            assert (refused.value.status, refused.value.code) == (401, 20003)


@pytest.mark.row("error.body", "error.401")
@pytest.mark.parametrize(
    "header", ["", "Bearer x", "Basic !", f"Basic {base64.b64encode(b'no colon').decode()}"]
)
def test_a_request_without_good_credentials_is_401(served: Served, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = requests.get(f"{served.root}{API}/Calls.json", headers=headers, timeout=10)
    assert answer.status_code == 401 and "Basic" in answer.headers["WWW-Authenticate"]
    assert answer.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


@pytest.mark.row("error.404")
@pytest.mark.parametrize(
    "path",
    [
        f"/2010-04-01/Accounts/AC{'9' * 32}/Calls.json",
        f"{API}/Calls/CA{'0' * 32}.json",
        f"{API}/Recordings/RE{'0' * 32}.json",
        f"{API}/Conferences/CF{'0' * 32}.json",
        f"{API}/Queues/QU{'0' * 32}.json",
        f"{API}/Messages/SM{'0' * 32}.json",
        f"{API}/IncomingPhoneNumbers/PN{'0' * 32}.json",
        f"{API}/Applications/AP{'0' * 32}.json",
        f"{API}/Nonsense.json",
        "/2010-04-01/Nonsense.json",
    ],
)
def test_what_is_not_there_is_404(served: Served, path: str) -> None:
    answer = requests.get(f"{served.root}{path}", auth=(ACCOUNT, TOKEN), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert path in answer.json()["message"]


@pytest.mark.row("rest.xml")
@pytest.mark.parametrize("path", ["/Calls", "/Calls.xml", "/Messages.csv"])
def test_other_forms_than_json_are_refused_by_name(served: Served, path: str) -> None:
    answer = requests.get(f"{served.root}{API}{path}", auth=(ACCOUNT, TOKEN), timeout=10)
    assert answer.status_code == 404 and "not emulated" in answer.json()["message"]


@pytest.mark.parametrize("name", ["Transcriptions", "OutgoingCallerIds", "Usage/Records"])
def test_resources_that_are_not_emulated_say_so(served: Served, name: str) -> None:
    answer = requests.get(f"{served.root}{API}/{name}.json", auth=(ACCOUNT, TOKEN), timeout=10)
    expected = f"{name.partition('/')[0]} is not emulated here"
    assert (answer.status_code, answer.json()["message"]) == (404, expected)


def test_a_wrong_verb_of_http_is_405(served: Served) -> None:
    answer = requests.put(f"{served.root}{API}/Calls.json", auth=(ACCOUNT, TOKEN), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (405, 20004)


@pytest.mark.row("rest.form")
@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_bodies_are_forms_in_both_ways(served: Served, kind: str) -> None:
    said = [
        ("To", EXPERT),
        ("From", NUMBER),
        ("Body", "ä & b"),
        ("MediaUrl", f"{PUBLIC}/picture.png"),
        ("MediaUrl", f"{PUBLIC}/picture.png"),
    ]
    body: dict[str, Any] = {"data": said}
    if kind == "multipart":
        body = {"files": [(name, (None, value)) for name, value in said]}
    url = f"{served.root}{API}/Messages.json"
    answer = requests.post(url, auth=(ACCOUNT, TOKEN), timeout=10, **body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["body"], answer.json()["num_media"]) == ("ä & b", "2")


@pytest.mark.row("error.5xx", "error.429")
@pytest.mark.parametrize("status", [429, 500])
def test_the_plan_of_faults_answers_as_the_carrier_does_in_trouble(
    served: Served, client: Client, status: int
) -> None:
    plan: Any = {"seed": 1, "rest": [{"fault": str(status), "share": 1.0}]}
    assert requests.put(f"{served.root}/simulator/faults", json=plan, timeout=10).ok
    try:
        with pytest.raises(TwilioRestException) as refused:
            client.queues("QU" + "0" * 32).fetch()
    finally:
        requests.delete(f"{served.root}/simulator/faults", timeout=10)
    assert refused.value.status == status
    assert refused.value.code == {429: 20429, 500: 20500}[status]


# Pages, filters, kinds of numbers


@pytest.fixture(scope="module")
def texts(served: Served) -> list[str]:
    """Seven texts to one number, newest first."""
    client = served.client()
    made = [client.messages.create(to="+13125550182", from_=NUMBER, body=str(n)) for n in range(7)]
    eventually(lambda: all(it.date_sent for it in client.messages.list(to="+13125550182")))
    return [str(one.sid) for one in reversed(made)]


@pytest.mark.row("paging.page", "paging.next", "paging.newest")
def test_pages_are_followed_by_their_links(served: Served, texts: list[str]) -> None:
    first = fetched(served, "/Messages.json", To="+13125550182", PageSize="3")
    assert [one["sid"] for one in first["messages"]] == texts[:3]
    assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 3, 0, 2)
    assert first["previous_page_uri"] is None and first["uri"].startswith(API)
    assert "PageToken=PA" in first["next_page_uri"] and "To=%2B1312" in first["next_page_uri"]

    def follow(uri: str) -> dict[str, Any]:
        path, _, query = uri.partition("?")
        pairs = dict(part.split("=", 1) for part in query.split("&"))
        plain = {name: unquote(value) for name, value in pairs.items()}
        return fetched(served, path.removeprefix(API), **plain)

    second = follow(first["next_page_uri"])
    third = follow(second["next_page_uri"])
    seen = [one["sid"] for page in (first, second, third) for one in page["messages"]]
    assert seen == texts and third["next_page_uri"] is None
    assert (third["page"], third["start"], third["end"]) == (2, 6, 6)
    assert [one["sid"] for one in follow(third["previous_page_uri"])["messages"]] == texts[3:6]
    assert follow(third["first_page_uri"])["messages"] == first["messages"]


@pytest.mark.row("paging.next")
def test_what_is_new_meanwhile_doubles_nothing(
    served: Served, client: Client, texts: list[str]
) -> None:
    stream = client.messages.stream(to="+13125550182", page_size=2)
    seen = [next(stream).sid for _ in range(2)]
    newer = client.messages.create(to="+13125550182", from_=NUMBER, body="newer")
    seen += [one.sid for one in stream]
    assert seen == texts and newer.sid not in seen
    eventually(lambda: client.messages(newer.sid).fetch().status == "delivered")
    assert client.messages(newer.sid).delete()


@pytest.mark.row("paging.page")
def test_a_page_has_fifty_entries_and_at_most_a_thousand(served: Served) -> None:
    assert fetched(served, "/Queues.json")["page_size"] == 50
    assert fetched(served, "/Queues.json", PageSize="5000")["page_size"] == 1000
    for query in ({"PageSize": "many"}, {"Page": "-1"}, {"PageToken": "made up"}):
        url = f"{served.root}{API}/Queues.json"
        answer = requests.get(url, params=query, auth=(ACCOUNT, TOKEN), timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (400, 20001)


@pytest.mark.row("paging.dates", "paging.filters")
def test_dates_are_filtered_from_before_and_on_a_day(
    served: Served, client: Client, texts: list[str]
) -> None:
    to, today = "+13125550182", datetime.now(UTC).date()
    tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)
    for found, query in (
        (True, {"date_sent_after": yesterday}),
        (True, {"date_sent_after": today}),
        (False, {"date_sent_after": tomorrow}),
        (False, {"date_sent_before": today}),
        (True, {"date_sent_before": tomorrow}),
        (True, {"date_sent": today}),
        (False, {"date_sent": yesterday}),
    ):
        assert bool(client.messages.list(to=to, **query)) is found, query
    raw = fetched(served, "/Messages.json", **{"To": to, "DateSent>": str(today)})
    assert len(raw["messages"]) == len(texts)
    url = f"{served.root}{API}/Messages.json"
    wrong = requests.get(url, params={"DateSent": "soon"}, auth=(ACCOUNT, TOKEN), timeout=10)
    assert (wrong.status_code, wrong.json()["code"]) == (400, 20001)


@pytest.mark.row("rest.number.kinds")
def test_numbers_are_listed_by_their_kind(client: Client) -> None:
    free = client.incoming_phone_numbers.toll_free.create(phone_number="+18005550199")
    numbers = client.incoming_phone_numbers
    assert [one.sid for one in numbers.toll_free.list()] == [free.sid]
    assert NUMBER in [one.phone_number for one in numbers.local.list()]
    assert free.sid not in [one.sid for one in numbers.local.list()]
    assert numbers.mobile.list() == [] and numbers.list(beta=True) == []
    assert numbers(free.sid).delete()
