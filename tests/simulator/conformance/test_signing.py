"""What is signed, with which key, and that the carrier's own library agrees."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from twilio.request_validator import RequestValidator, get_signature_algorithm

from simulator.webhooks.origins import OriginMap
from simulator.webhooks.signature import SharedKey, signature, with_body_hash
from simulator.webhooks.webhook import Request, WebhookClient
from tests.simulator.app import PUBLIC, TOKEN, FakeApp, Received, response, run

SIGNATURE = "X-Twilio-Signature"
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
FORM = (("CallSid", "CA1"), ("Empty", ""), ("Said", "Größe & 中文"))
VECTOR = (
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+12349013030"),
    ("Digits", "1234"),
    ("From", "+12349013030"),
    ("To", "+18005551212"),
)


def sent(*requests: Request, **settings: Any) -> list[Received]:
    """What arrives of some requests to the public address."""
    app = FakeApp({"/x": response(), "/y": response(), "/moved": _moved})

    async def work() -> list[Received]:
        outer = web.Application()
        outer.router.add_route("*", "/{path:.*}", app.answer)
        async with TestServer(outer) as server:
            public = (PUBLIC, f"{PUBLIC}:8443")
            origins = OriginMap.of(tuple(f"{one}=http://127.0.0.1:{server.port}" for one in public))
            async with WebhookClient(auth_token=TOKEN, origins=origins, **settings) as client:
                for request in requests:
                    await client.send(request, {})
        return app.received

    return run(work())


def _moved(form: dict[str, str]) -> web.Response:
    return web.Response(status=307, headers={"Location": "/y?b=2"})


def accepted(url: str, params: Any, got: Received, key: str = TOKEN) -> bool:
    """Whether the carrier's own library takes a request for authentic."""
    algorithm = get_signature_algorithm(got.headers.get(SETTINGS))
    return bool(RequestValidator(key).validate(url, params, got.headers[SIGNATURE], algorithm))


@pytest.mark.row("vector.form.sha256")
def test_the_vector_by_sha_256() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    signed = signature("12345", url, VECTOR, algorithm="HMAC_SHA256")
    assert signed == "Rmm4Vzj+Ky7JGoWXMCsZDZuHDszLr9xvdbvitrDr4/M="


@pytest.mark.row("signature.json")
def test_a_json_body_is_signed_by_its_hash_in_the_address() -> None:
    body = json.dumps({"said": "Größe", "n": 1}).encode()
    (got,) = sent(Request(f"{PUBLIC}/x?a=1#rc=0", json=body))
    digest = hashlib.sha256(body).hexdigest()
    assert got.url == f"{PUBLIC}/x?a=1&bodySHA256={digest}" and got.raw == body
    assert got.headers["Content-Type"] == "application/json"
    assert accepted(got.url, body.decode(), got)
    assert not accepted(got.url, body.decode() + " ", got), "another body"
    assert with_body_hash("https://a.test/", b"x").count("bodySHA256=") == 1


@pytest.mark.row("signature.key", "trap.shared-key.absent")
def test_the_auth_token_signs_and_no_other_key() -> None:
    (got,) = sent(Request(f"{PUBLIC}/x", FORM))
    assert SETTINGS not in got.headers
    assert accepted(f"{PUBLIC}/x", dict(FORM), got)
    assert not accepted(f"{PUBLIC}/x", dict(FORM), got, key="the API key's secret")


@pytest.mark.row("trap.shared-key")
@pytest.mark.parametrize("algorithm", ["HMAC_SHA256", "HMAC_SHA1"])
def test_a_shared_key_signs_and_says_so(algorithm: str) -> None:
    key = SharedKey("webhooks_sharedkey_1", "its secret", algorithm)
    (got,) = sent(Request(f"{PUBLIC}/x", FORM), shared_key=key)
    assert got.headers[SETTINGS] == f"key=webhooks_sharedkey_1,algorithm={algorithm}"
    assert accepted(f"{PUBLIC}/x", dict(FORM), got, key="its secret")
    assert not accepted(f"{PUBLIC}/x", dict(FORM), got), "the auth token"
    (forged,) = sent(Request(f"{PUBLIC}/x", FORM, is_forged=True), shared_key=key)
    assert not accepted(f"{PUBLIC}/x", dict(FORM), forged, key="its secret")


@pytest.mark.row("trap.ports", "trap.proxy", "http.header.signature")
@pytest.mark.parametrize("origin", [PUBLIC, f"{PUBLIC}:8443"])
def test_the_public_address_is_signed_as_it_is_written(origin: str) -> None:
    (got,) = sent(Request(f"{origin}/x", FORM))
    assert got.headers["Host"] == origin.removeprefix("https://")
    assert got.headers[SIGNATURE] == signature(TOKEN, f"{origin}/x", FORM)
    assert accepted(f"{origin}/x", dict(FORM), got)


@pytest.mark.row("trap.userinfo")
def test_a_login_in_the_address_is_sent_and_signed_as_written() -> None:
    url = PUBLIC.replace("https://", "https://ada:pass%40word@") + "/x"
    (got,) = sent(Request(url, FORM))
    assert got.headers["Authorization"] == "Basic YWRhOnBhc3NAd29yZA=="
    assert got.headers["Host"] == "hotline.test"
    assert got.headers[SIGNATURE] == signature(TOKEN, url, FORM)


@pytest.mark.row("trap.query")
@pytest.mark.parametrize("query", ["a=b%20c&d=%7E~", "q=%E4%BD%A0", "x=1+2&y=a/b:c", "e=&f"])
def test_the_querys_bytes_are_sent_and_signed_as_they_are(query: str) -> None:
    (got,) = sent(Request(f"{PUBLIC}/x?{query}", FORM))
    assert got.url == f"{PUBLIC}/x?{query}"
    assert got.headers[SIGNATURE] == signature(TOKEN, f"{PUBLIC}/x?{query}", FORM)


@pytest.mark.row("trap.blank")
def test_blank_values_are_sent_and_signed() -> None:
    (got,) = sent(Request(f"{PUBLIC}/x", FORM))
    assert got.form == dict(FORM) and b"Empty=&" in got.raw
    without = {name: value for name, value in FORM if value}
    assert not accepted(f"{PUBLIC}/x", without, got)


@pytest.mark.row("trap.fragment")
def test_a_fragment_is_neither_sent_nor_signed() -> None:
    (got,) = sent(Request(f"{PUBLIC}/x#rc=2&rp=all", FORM))
    assert got.url == f"{PUBLIC}/x" and accepted(f"{PUBLIC}/x", dict(FORM), got)


@pytest.mark.row("trap.redirects")
def test_each_hop_is_signed_for_its_own_address() -> None:
    first, second = sent(Request(f"{PUBLIC}/moved", FORM))
    assert accepted(f"{PUBLIC}/moved", dict(FORM), first)
    assert accepted(f"{PUBLIC}/y?b=2", dict(FORM), second)
    assert not accepted(f"{PUBLIC}/moved", dict(FORM), second)
