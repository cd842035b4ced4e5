"""Texts by the older name of their resource, as scripts and libraries of then ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from tests.simulator.app import ACCOUNT, NUMBER, TOKEN
from tests.simulator.rest_driver import API, Served

pytestmark = [pytest.mark.slow, pytest.mark.row("rest.message.sms")]

HANDSET = "+13125550183"
FIELDS = {
    "sid", "account_sid", "api_version", "body", "from", "to", "direction", "status", "uri",
    "date_created", "date_updated", "date_sent", "price", "price_unit",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("sms")) as one:
        yield one


def asked(served: Served, path: str, method: str = "GET", **options: Any) -> requests.Response:
    """A request at the resource, as the account."""
    url, who = f"{served.root}{API}/SMS/{path}", (ACCOUNT, TOKEN)
    return requests.request(method, url, auth=who, timeout=10, **options)


def sent(served: Served, path: str, body: str) -> requests.Response:
    """Send a text there."""
    return asked(served, path, "POST", data={"To": HANDSET, "From": NUMBER, "Body": body})


def test_a_text_is_sent_listed_and_fetched(served: Served) -> None:
    made = sent(served, "Messages.json", "hello")
    assert made.status_code == 201 and set(made.json()) == FIELDS
    sid = made.json()["sid"]
    assert made.json()["uri"] == f"{API}/SMS/Messages/{sid}.json"
    one = asked(served, f"Messages/{sid}.json").json()
    assert (one["body"], one["from"], one["to"]) == ("hello", NUMBER, HANDSET)
    listed = asked(served, "Messages.json", params={"To": HANDSET}).json()
    assert listed["sms_messages"][0]["sid"] == sid and listed["page"] == 0
    assert asked(served, "Messages.json", params={"To": NUMBER}).json()["sms_messages"] == []
    assert served.client().messages(sid).fetch().body == "hello"


def test_without_a_form_it_is_xml_of_then(served: Served) -> None:
    made = sent(served, "Messages", "in XML")
    (message,) = ElementTree.fromstring(made.content)  # noqa: S314
    sid = message.findtext("Sid")
    assert (made.status_code, message.tag) == (201, "SMSMessage")
    assert message.findtext("Body") == "in XML"
    assert message.findtext("Uri") == f"{API}/SMS/Messages/{sid}"
    (one,) = ElementTree.fromstring(asked(served, f"Messages/{sid}").content)  # noqa: S314
    assert (one.tag, one.findtext("Sid")) == ("SMSMessage", sid)
    (several,) = ElementTree.fromstring(asked(served, "Messages.xml").content)  # noqa: S314
    assert several.tag == "SMSMessages"
    assert sid in [one.findtext("Sid") for one in several.findall("SMSMessage")]


def test_what_is_wrong_is_refused_as_by_its_newer_name(served: Served) -> None:
    refused = asked(served, "Messages.json", "POST", data={"To": HANDSET, "Body": "hello"})
    assert (refused.status_code, refused.json()["code"]) == (400, 21603)
    gone = asked(served, f"Messages/SM{'0' * 32}.json")
    assert (gone.status_code, gone.json()["code"]) == (404, 20404)
    beyond = asked(served, "ShortCodes.json")
    assert beyond.status_code == 404
    assert beyond.json()["message"] == "ShortCodes is not emulated here"
