"""The proxy that is api.twilio.com: unchanged clients get in, nothing gets out."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from aiohttp.test_utils import unused_port

from simulator.door import certificates
from simulator.door.certificates import authority_in
from tests.simulator.app import ACCOUNT, NUMBER, TOKEN
from tests.simulator.processes import process

UNCHANGED = """
import os
from twilio.rest import Client
client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
sent = client.messages.create(to="+13125550199", from_=os.environ["NUMBER"], body="hello")
print(sent.sid, len(client.messages.list()))
"""


@dataclass(frozen=True)
class Served:
    """A simulator in a process of its own, with its door."""

    port: int
    door: int
    ca: Path

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.door}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("door")
    one = Served(unused_port(), unused_port(), folder / "door" / "ca.pem")
    command = [
        *(sys.executable, "-m", "simulator", "serve", "--port", str(one.port)),
        *("--door", str(one.door), "--account-sid", ACCOUNT, "--number", NUMBER),
        *("--data-dir", str(folder)),
    ]
    env = {**os.environ, "SIMULATOR_AUTH_TOKEN": TOKEN}
    with process(command, env, f"http://127.0.0.1:{one.port}/healthz") as told:
        ask(one, "https://lookups.twilio.com/")
        yield one
    assert told[0].count("lookups.twilio.com is not emulated here") == 1
    assert f"HTTPS_PROXY={one.proxy}" in told[0] and f"NODE_EXTRA_CA_CERTS={one.ca}" in told[0]


@pytest.mark.slow
def test_an_unchanged_python_program_reaches_it_by_its_environment(served: Served) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", UNCHANGED],
        env={
            "PATH": os.environ["PATH"],
            "HTTPS_PROXY": served.proxy,
            "REQUESTS_CA_BUNDLE": str(served.ca),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "NUMBER": NUMBER,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("SM")


def ask(served: Served, url: str) -> requests.Response:
    """GET through the door, as the account."""
    proxies = {"https": served.proxy, "http": served.proxy}
    return requests.get(
        url, proxies=proxies, verify=str(served.ca), auth=(ACCOUNT, TOKEN), timeout=10
    )


@pytest.mark.slow
def test_several_requests_share_one_connection(served: Served) -> None:
    session = requests.Session()
    session.trust_env = False
    session.proxies, session.verify = {"https": served.proxy}, str(served.ca)
    session.auth = (ACCOUNT, TOKEN)
    for _ in range(3):
        answer = session.get(
            f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls.json", timeout=10
        )
        assert answer.status_code == 200 and answer.json()["calls"] == []


@pytest.mark.slow
def test_without_our_authority_the_certificate_is_not_trusted(served: Served) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get("https://api.twilio.com/", proxies={"https": served.proxy}, timeout=10)


@pytest.mark.slow
def test_the_door_is_no_way_into_the_internet(served: Served) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://example.org/", proxies={"https": served.proxy}, timeout=10)
    plain = requests.get("http://example.org/", proxies={"http": served.proxy}, timeout=10)
    assert plain.status_code == 403 and "neither the carrier" in plain.text


@pytest.mark.slow
def test_plain_http_for_the_carrier_and_this_machine_goes_through(served: Served) -> None:
    proxies = {"http": served.proxy}
    local = requests.get(f"http://127.0.0.1:{served.port}/healthz", proxies=proxies, timeout=10)
    assert local.json() == {"status": "ok"}
    carrier = requests.get(
        f"http://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
        proxies=proxies,
        auth=(ACCOUNT, TOKEN),
        timeout=10,
    )
    assert carrier.status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("host", ["lookups.twilio.com", "verify.dublin.ie1.twilio.com"])
def test_other_hosts_of_the_carrier_are_refused_by_name(
    served: Served, scheme: str, host: str
) -> None:
    answer = ask(served, f"{scheme}://{host}/v2/PhoneNumbers/+13125550100")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": 20404,
        "message": f"{host} is not emulated here",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }


@pytest.mark.slow
@pytest.mark.parametrize("place", ["", ".ie1", ".dublin.ie1", ".ashburn.us1", ".sydney.au1"])
def test_every_region_and_edge_is_the_carrier(served: Served, place: str) -> None:
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    answer = ask(served, f"https://api{place}.twilio.com{path}")
    assert answer.status_code == 200 and answer.json()["calls"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n",
        b"CONNECT\r\n\r\n",
        b"CONNECT a:b HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01" * 99 + b"\r\n\r\n",
        b"GET /x HTTP/1.1\r\n\r\n",
        b"A" * 40_000,
    ],
    ids=["empty", "short", "no port", "tls", "no proxy request", "endless"],
)
def test_what_is_no_proxy_request_is_answered_and_closed(served: Served, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.door), timeout=10) as connection:
        connection.sendall(sent)
        assert connection.recv(100).startswith(b"HTTP/1.1 4")
    assert requests.get(f"http://127.0.0.1:{served.port}/healthz", timeout=5).ok


def test_the_authority_is_made_once_and_its_keys_are_private(tmp_path: Path) -> None:
    first = authority_in(tmp_path)
    made = first.ca.read_bytes(), first.chain.read_bytes()
    again = authority_in(tmp_path)
    assert (again.ca.read_bytes(), again.chain.read_bytes()) == made
    for key in tmp_path.glob("*.key"):
        assert key.stat().st_mode & 0o777 == 0o600
    assert isinstance(again.context(), ssl.SSLContext)


def test_a_certificate_for_other_names_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "NAMES", ("api.twilio.com",))
    narrow = authority_in(tmp_path).chain.read_bytes()
    monkeypatch.undo()
    assert authority_in(tmp_path).chain.read_bytes() != narrow


def test_a_broken_certificate_is_made_anew(tmp_path: Path) -> None:
    first = authority_in(tmp_path)
    first.chain.write_text("not a certificate")
    authority_in(tmp_path).context()
    (tmp_path / "ca.pem").unlink()
    authority_in(tmp_path).context()
