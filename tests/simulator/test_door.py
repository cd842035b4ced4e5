"""The ports that are api.twilio.com: unchanged clients get in, nothing gets out."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
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
HOSTS = """
import socket
ask = socket.getaddrinfo
def with_line(host, port, *args, **kwargs):
    there = ("127.0.0.1", {port}) if str(host).endswith(".twilio.com") else (host, port)
    return ask(*there, *args, **kwargs)
socket.getaddrinfo = with_line
"""
"""What a line in /etc/hosts and a redirect of port 443 do to a program."""
UNCHANGED_ASYNC = """
import asyncio, os
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client
async def main():
    http = AsyncTwilioHttpClient()
    async with http:
        login = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
        client = Client(*login, http_client=http)
        sent = await client.messages.create_async(
            to="+13125550199", from_=os.environ["NUMBER"], body="hello")
        print(sent.sid, len(await client.messages.list_async()))
asyncio.run(main())
"""


@dataclass(frozen=True)
class Served:
    """A simulator in a process of its own, with its door."""

    port: int
    door: int
    tls: int
    ca: Path

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.door}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("door")
    one = Served(unused_port(), unused_port(), unused_port(), folder / "door" / "ca.pem")
    command = [
        *(sys.executable, "-m", "simulator", "serve", "--port", str(one.port)),
        *("--door", str(one.door), "--account-sid", ACCOUNT, "--number", NUMBER),
        *("--data-dir", str(folder)),
    ]
    env = os.environ | {"SIMULATOR_AUTH_TOKEN": TOKEN, "SIMULATOR_SERVE_DOOR_TLS": str(one.tls)}
    with process(command, env, f"http://127.0.0.1:{one.port}/healthz") as told:
        ask(one, "https://verify.twilio.com/")
        yield one
    assert told[0].count("verify.twilio.com is not emulated here") == 1
    assert f"HTTPS_PROXY={one.proxy}" in told[0] and f"NODE_EXTRA_CA_CERTS={one.ca}" in told[0]
    assert told[0].count(f"SSL_CERT_FILE={one.ca}") == 2
    assert "127.0.0.1 api.twilio.com' |" in told[0] and f"--to-ports {one.tls}" in told[0]
    assert "Traceback" not in told[0]


@pytest.mark.slow
def test_an_unchanged_python_program_reaches_it_by_its_environment(served: Served) -> None:
    runs(UNCHANGED, HTTPS_PROXY=served.proxy, REQUESTS_CA_BUNDLE=str(served.ca))


@pytest.mark.slow
@pytest.mark.parametrize("program", [UNCHANGED, UNCHANGED_ASYNC], ids=["requests", "aiohttp"])
def test_a_program_that_reads_no_proxy_reaches_it_by_the_hosts_file(
    served: Served, program: str
) -> None:
    ca = str(served.ca)
    runs(HOSTS.format(port=served.tls) + program, REQUESTS_CA_BUNDLE=ca, SSL_CERT_FILE=ca)


def runs(program: str, **reach: str) -> None:
    """Run a program that sends a text, with this environment."""
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "NUMBER": NUMBER}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], **account, **reach},
        capture_output=True,
        text=True,
        timeout=200,
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
        requests.get("https://api.twilio.com/", proxies={"https": served.proxy}, timeout=60)


@pytest.mark.slow
def test_the_door_is_no_way_into_the_internet(served: Served) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://example.org/", proxies={"https": served.proxy}, timeout=60)
    plain = requests.get("http://example.org/", proxies={"http": served.proxy}, timeout=60)
    assert plain.status_code == 403 and "neither the carrier" in plain.text


@pytest.mark.slow
def test_plain_http_for_the_carrier_and_this_machine_goes_through(served: Served) -> None:
    proxies = {"http": served.proxy}
    local = requests.get(f"http://127.0.0.1:{served.port}/healthz", proxies=proxies, timeout=60)
    assert local.json() == {"status": "ok"}
    carrier = requests.get(
        f"http://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
        proxies=proxies,
        auth=(ACCOUNT, TOKEN),
        timeout=60,
    )
    assert carrier.status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("host", ["verify.twilio.com", "verify.dublin.ie1.twilio.com"])
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
@pytest.mark.parametrize("place", ["", ".dublin.ie1"])
def test_lookup_is_there_and_what_else_its_host_has_is_not(served: Served, place: str) -> None:
    host = f"lookups{place}.twilio.com"
    answer = ask(served, f"https://{host}/v2/PhoneNumbers/+13125550100")
    assert answer.status_code == 200 and answer.json()["valid"]
    answer = ask(served, f"https://{host}/v2/batch/query")
    assert (answer.status_code, answer.json()["message"]) == (404, f"{host} is not emulated here")


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
    with socket.create_connection(("127.0.0.1", served.door), timeout=60) as connection:
        with suppress(ConnectionError):
            connection.sendall(sent)
        assert connection.recv(100).startswith(b"HTTP/1.1 4")
    assert requests.get(f"http://127.0.0.1:{served.port}/healthz", timeout=60).ok


def get(served: Served, host: str, path: str) -> tuple[int, bytes]:
    """GET from a host that is here by the hosts file, as the account."""
    context = ssl.create_default_context(cafile=served.ca)
    login = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    with socket.create_connection(("127.0.0.1", served.tls), timeout=60) as plain:
        connection = HTTPConnection(host)
        connection.sock = context.wrap_socket(plain, server_hostname=host)
        connection.request("GET", path, headers={"Authorization": f"Basic {login}"})
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.slow
@pytest.mark.parametrize("host", ["api.twilio.com", "api.dublin.ie1.twilio.com"])
def test_the_carriers_host_answers_without_a_proxy(served: Served, host: str) -> None:
    status, body = get(served, host, f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
    assert status == 200 and json.loads(body)["calls"] == []


@pytest.mark.slow
def test_another_host_of_the_carrier_is_refused_by_name_without_a_proxy(served: Served) -> None:
    status, body = get(served, "verify.twilio.com", "/v2/Services")
    assert status == 404
    assert json.loads(body)["message"] == "verify.twilio.com is not emulated here"


@pytest.mark.slow
def test_without_a_proxy_it_is_nobody_elses_host(served: Served) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for 'example\.org'"):
        get(served, "example.org", "/")


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: api.twilio.com\r\n\r\n",
        b"\x16\x03\x01" * 99,
        b"\x16\x03\x01\x00\x05hello",
        bytes(range(256)) * 200,
    ],
    ids=["nothing", "plain", "broken", "short", "garbage"],
)
def test_what_is_no_tls_is_closed_and_the_next_one_served(served: Served, sent: bytes) -> None:
    address = ("127.0.0.1", served.tls)
    with suppress(ConnectionError), socket.create_connection(address, timeout=60) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert not connection.recv(1000).startswith(b"HTTP")
    assert get(served, "api.twilio.com", "/healthz") == (200, b'{"status": "ok"}')


@pytest.mark.slow
def test_it_listens_on_this_machines_one_address_alone(served: Served) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", served.tls), timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--door", "--door-tls"])
def test_a_port_that_is_taken_is_named(served: Served, tmp_path: Path, option: str) -> None:
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "simulator", "serve", "--port", str(unused_port())),
            *(option, str(served.tls), "--data-dir", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert f"Error: {option}: " in ran.stderr and "give another port" in ran.stderr


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
