"""Lookup by the unmodified `twilio` client, at its own host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.simulator.app import ACCOUNT, NUMBER, TOKEN
from tests.simulator.rest_driver import Served, reach

pytestmark = pytest.mark.slow

HOST = "lookups.twilio.com"
DESK = "+13125550177"


class Hosted(TwilioHttpClient):
    """Twilio's own HTTP client; the simulator is reached by the carrier's names."""

    def __init__(self, root: str) -> None:
        super().__init__(timeout=10)
        self._root = urlsplit(root)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send to the simulator."""
        there = urlsplit(url)
        here = there._replace(scheme=self._root.scheme, netloc=self._root.netloc)
        kwargs["headers"] = {**kwargs["headers"], "Host": there.netloc}
        return super().request(method, urlunsplit(here), *args, **kwargs)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("lookups")) as one:
        yield one


@pytest.fixture
def client(served: Served) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=Hosted(served.root))


def asked(served: Served, path: str, **query: str) -> requests.Response:
    """GET at the host, as the account."""
    return requests.get(
        f"{served.root}{path}",
        params=query,
        headers={"Host": HOST},
        auth=(ACCOUNT, TOKEN),
        timeout=10,
    )


def known(instance: object) -> set[str]:
    """The fields that the client reads."""
    return {name for name in vars(instance) if not name.startswith("_")}


@pytest.mark.row("rest.lookup.v2")
@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        (DESK, None, ("1", "US", DESK, "(312) 555-0177")),
        ("(312) 555-0177", None, ("1", "US", DESK, "(312) 555-0177")),
        ("020 7765 1182", "gb", ("44", "GB", "+442077651182", "020 7765 1182")),
        ("+33123456789", "US", ("33", "FR", "+33123456789", "01 23 45 67 89")),
    ],
)
def test_a_number_is_told_in_its_forms(
    served: Served, client: Client, written: str, country: str | None, expected: tuple[str, ...]
) -> None:
    options = {"country_code": country} if country else {}
    found = client.lookups.v2.phone_numbers(written).fetch(**options)
    shown = (found.calling_country_code, found.country_code, found.phone_number)
    assert (*shown, found.national_format) == expected
    assert (found.valid, found.validation_errors) == (True, [])
    assert found.url == f"https://{HOST}/v2/PhoneNumbers/{expected[2]}"
    assert found.caller_name is found.line_type_intelligence is found.sim_swap is None
    answer = asked(served, f"/v2/PhoneNumbers/{written}", CountryCode=country or "")
    assert set(answer.json()) == known(found)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ("+141599299600", "TOO_LONG"),
        ("+1415", "TOO_SHORT"),
        ("5550177", "TOO_SHORT"),
        ("+13120550177", "INVALID_BUT_POSSIBLE"),
        ("+99912345678", "INVALID_COUNTRY_CODE"),
        ("desk", "NOT_A_NUMBER"),
    ],
)
@pytest.mark.row("rest.lookup.v1", "rest.lookup.v2")
def test_what_is_no_number_says_why_and_is_not_there_in_v1(
    client: Client, written: str, error: str
) -> None:
    found = client.lookups.v2.phone_numbers(written).fetch(fields="line_type_intelligence")
    assert (found.valid, found.validation_errors) == (False, [error])
    assert (found.phone_number, found.country_code, found.national_format) == (written, None, None)
    assert found.line_type_intelligence is None
    with pytest.raises(TwilioRestException) as refused:
        client.lookups.v1.phone_numbers(written).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    assert f"The requested resource /PhoneNumbers/{written} was not found" in refused.value.msg


@pytest.mark.row("rest.lookup.v1")
def test_v1_tells_a_number_in_its_forms(served: Served, client: Client) -> None:
    found = client.lookups.v1.phone_numbers(DESK).fetch()
    assert (found.country_code, found.phone_number) == ("US", DESK)
    assert found.national_format == "(312) 555-0177"
    assert found.caller_name is found.carrier is found.add_ons is None
    assert found.url == f"https://{HOST}/v1/PhoneNumbers/{DESK}"
    assert set(asked(served, f"/v1/PhoneNumbers/{DESK}").json()) == known(found)


@pytest.mark.row("rest.lookup.v1", "rest.lookup.v2")
@pytest.mark.parametrize(
    ("number", "line", "plain"),
    [
        (NUMBER, "nonFixedVoip", "voip"),
        (DESK, "mobile", "mobile"),
        ("+13125550178", "landline", "landline"),
        ("+442077651182", "landline", "landline"),
        ("+18005550177", "tollFree", None),
    ],
)
def test_the_kind_of_a_line_is_told_to_who_asks(
    served: Served, client: Client, number: str, line: str, plain: str | None
) -> None:
    reach(served, "+13125550178", texts="landline")
    both = "caller_name, line_type_intelligence"
    found = client.lookups.v2.phone_numbers(number).fetch(fields=both)
    unknown = {"mobile_country_code": None, "mobile_network_code": None, "error_code": None}
    name = {"caller_name": None, "caller_type": None, "error_code": None}
    assert found.line_type_intelligence == {**unknown, "carrier_name": None, "type": line}
    assert found.caller_name == name
    older = client.lookups.v1.phone_numbers(number).fetch(type=["carrier", "caller-name"])
    assert older.carrier == {**unknown, "name": None, "type": plain}
    assert older.caller_name == name


@pytest.mark.row("rest.lookup.v1", "rest.lookup.v2")
@pytest.mark.parametrize(
    ("version", "query", "named"),
    [
        ("v2", {"Fields": "caller_name,sim_swap"}, "Fields: sim_swap is not emulated here"),
        ("v2", {"Fields": "shoe_size"}, "Fields: shoe_size is no field of Lookup"),
        ("v1", {"AddOns": "payfone_tcpa_compliance"}, "AddOns is not emulated here"),
        ("v1", {"Type": "shoe"}, "Type: expected carrier or caller-name, got 'shoe'"),
    ],
)
def test_what_is_not_known_here_is_refused_by_name(
    served: Served, version: str, query: dict[str, str], named: str
) -> None:
    answer = asked(served, f"/{version}/PhoneNumbers/{DESK}", **query)
    assert (answer.status_code, answer.json()["message"]) == (400, named)


def test_it_wants_the_accounts_password(served: Served) -> None:
    stranger = Client(ACCOUNT, "wrong", http_client=Hosted(served.root))
    with pytest.raises(TwilioRestException) as refused:
        stranger.lookups.v2.phone_numbers(DESK).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)
    answer = requests.post(
        f"{served.root}/v2/PhoneNumbers/{DESK}", auth=(ACCOUNT, TOKEN), timeout=10
    )
    assert answer.status_code == 405
