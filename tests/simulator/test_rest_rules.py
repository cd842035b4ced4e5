"""What all resources of the REST API share: credentials, bodies, pages, filters, errors."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import requests
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.settings import Settings
from tests.conftest import eventually
from tests.simulator.app import ACCOUNT, NUMBER, PUBLIC, TOKEN
from tests.simulator.rest_driver import API, Rooted, Served, fetched

EXPERT = "+13125550180"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("rules")) as one:
        one.app.replies["/picture.png"] = lambda _: web.Response(
            body=b"picture", content_type="image/png"
        )
        yield one


@pytest.fixture
def client(served: Served) -> Client:
    return served.client()


# Credentials, bodies, errors


# Pages, filters, kinds of numbers


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
    answer = requests.get(f"{served.root}{API}/Calls.json", headers=headers, timeout=60)
    assert answer.status_code == 401 and "Basic" in answer.headers["WWW-Authenticate"]
    assert answer.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


def test_media_may_be_open_as_it_was_for_older_accounts(tmp_path: Path) -> None:
    sound = f"{API}/Recordings/RE{'0' * 32}"
    with Served(tmp_path, open_media=True) as served:
        for path, status in ((sound, 404), (f"{sound}.mp3", 404), (f"{sound}.json", 401)):
            assert requests.get(f"{served.root}{path}", timeout=10).status_code == status
        assert requests.delete(f"{served.root}{sound}", timeout=10).status_code == 401


def test_media_asks_for_credentials_otherwise(served: Served) -> None:
    url = f"{served.root}{API}/Recordings/RE{'0' * 32}.wav"
    assert requests.get(url, timeout=10).status_code == 401


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
    answer = requests.get(f"{served.root}{path}", auth=(ACCOUNT, TOKEN), timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert path in answer.json()["message"]


@pytest.mark.row("rest.xml")
def test_csv_is_refused_by_name(served: Served) -> None:
    url = f"{served.root}{API}/Messages.csv"
    answer = requests.get(url, auth=(ACCOUNT, TOKEN), timeout=60)
    assert answer.status_code == 404 and "ask for Messages.json" in answer.json()["message"]


@pytest.mark.row("rest.xml")
@pytest.mark.parametrize("ending", ["", ".xml"])
def test_an_address_without_a_form_is_answered_in_xml(served: Served, ending: str) -> None:
    url, who = f"{served.root}{API}/Messages", (ACCOUNT, TOKEN)
    said = {"To": EXPERT, "From": NUMBER, "Body": "a < b"}
    made = requests.post(url + ending, data=said, auth=who, timeout=60)
    assert made.status_code == 201 and made.headers["Content-Type"] == "application/xml"
    (message,) = ElementTree.fromstring(made.content)  # noqa: S314
    sid = message.findtext("Sid")
    assert (message.tag, message.findtext("Body")) == ("Message", "a < b")
    assert message.findtext("Uri") == f"{API}/Messages/{sid}" and message.findtext("Price") == ""
    listed = requests.get(url + ending, params={"To": EXPERT}, auth=who, timeout=60)
    (several,) = ElementTree.fromstring(listed.content)  # noqa: S314
    assert several.tag == "Messages" and several.get("page") == "0"
    assert sid in [one.findtext("Sid") for one in several.findall("Message")]
    gone = requests.get(f"{url}/SM{'0' * 32}{ending}", auth=who, timeout=60)
    (refusal,) = ElementTree.fromstring(gone.content)  # noqa: S314
    assert (gone.status_code, refusal.tag) == (404, "RestException")
    assert refusal.findtext("Code") == "20404"


@pytest.mark.row("rest.xml")
def test_without_a_form_everything_is_where_json_has_it(served: Served) -> None:
    for path, name in (("", "Account"), ("/Calls", "Calls"), ("/Queues", "Queues")):
        answer = requests.get(f"{served.root}{API}{path}", auth=(ACCOUNT, TOKEN), timeout=60)
        (found,) = ElementTree.fromstring(answer.content)  # noqa: S314
        assert (answer.status_code, found.tag) == (200, name)


@pytest.mark.parametrize("name", ["ShortCodes", "Usage/Records"])
def test_resources_that_are_not_emulated_say_so(served: Served, name: str) -> None:
    answer = requests.get(f"{served.root}{API}/{name}.json", auth=(ACCOUNT, TOKEN), timeout=60)
    expected = f"{name.partition('/')[0]} is not emulated here"
    assert (answer.status_code, answer.json()["message"]) == (404, expected)


@pytest.mark.parametrize(
    "path", [f"Calls/CA{'0' * 32}/Transcriptions", f"Transcriptions/TR{'0' * 32}"]
)
def test_transcriptions_that_there_are_not(served: Served, path: str) -> None:
    method = "POST" if path.startswith("Calls") else "GET"
    url = f"{served.root}{API}/{path}.json"
    answer = requests.request(method, url, auth=(ACCOUNT, TOKEN), timeout=60)
    assert answer.status_code == 404 and answer.json()["message"].endswith("was not found")


def test_a_wrong_verb_of_http_is_405(served: Served) -> None:
    answer = requests.put(f"{served.root}{API}/Calls.json", auth=(ACCOUNT, TOKEN), timeout=60)
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
    answer = requests.post(url, auth=(ACCOUNT, TOKEN), timeout=60, **body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["body"], answer.json()["num_media"]) == ("ä & b", "2")


@pytest.mark.row("error.5xx", "error.429")
@pytest.mark.parametrize("status", [429, 500])
def test_the_plan_of_faults_answers_as_the_carrier_does_in_trouble(
    served: Served, client: Client, status: int
) -> None:
    plan: Any = {"seed": 1, "rest": [{"fault": str(status), "share": 1.0}]}
    assert requests.put(f"{served.root}/simulator/faults", json=plan, timeout=60).ok
    try:
        with pytest.raises(TwilioRestException) as refused:
            client.queues("QU" + "0" * 32).fetch()
    finally:
        requests.delete(f"{served.root}/simulator/faults", timeout=60)
    assert refused.value.status == status
    assert refused.value.code == {429: 20429, 500: 20500}[status]


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
        answer = requests.get(url, params=query, auth=(ACCOUNT, TOKEN), timeout=60)
        assert (answer.status_code, answer.json()["code"]) == (400, 20001)


@pytest.mark.row("paging.dates", "paging.filters")
def test_dates_are_filtered_from_before_and_on_a_day(
    served: Served, client: Client, texts: list[str]
) -> None:
    to, today = "+13125550182", client.messages(texts[0]).fetch().date_sent.date()
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
    wrong = requests.get(url, params={"DateSent": "soon"}, auth=(ACCOUNT, TOKEN), timeout=60)
    assert (wrong.status_code, wrong.json()["code"]) == (400, 20001)
