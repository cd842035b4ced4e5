"""Vectors computed with the `twilio` package 9.13.0, token 12345."""

from __future__ import annotations

import pytest
from twilio.request_validator import RequestValidator

from simulator.webhooks.origins import BadOrigin, OriginMap
from simulator.webhooks.signature import signature

TOKEN = "12345"
FORM = (
    ("Digits", "1234"),
    ("CallSid", "CA1234567890ABCDE"),
    ("To", "+18005551212"),
    ("Caller", "+12349013030"),
    ("From", "+12349013030"),
)
VECTORS = [
    ("https://mycompany.com/myapp.php?foo=1&bar=2", FORM, "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
    ("https://mycompany.com:443/myapp.php?foo=1&bar=2", FORM, "EpDEmp1PyjDYp77YxYU3GILBWzE="),
    (
        "https://example.com/voice/json?bodySHA256="
        "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
        (),
        "7qDzGuJVDYcbVvt1nUyqlFC3Brg=",
    ),
    ("wss://example.com/media", (), "7PR3qMkpDyEJtMrVOY/LDyNq8J8="),
    (
        "https://example.com/x",
        (("a", "2"), ("a", "1"), ("a", "2"), ("B", "z")),
        "fUxYddVrI164IpkuNoHIt0Um6fo=",
    ),
]


@pytest.mark.row("vector.form", "vector.form.port", "vector.json", "vector.websocket")
@pytest.mark.row("vector.repeated", "signature.form", "signature.repeated")
@pytest.mark.parametrize(("url", "form", "expected"), VECTORS)
def test_known_vectors(url: str, form: tuple[tuple[str, str], ...], expected: str) -> None:
    assert signature(TOKEN, url, form) == expected


@pytest.mark.row("signature.empty")
def test_the_helper_library_accepts_ours_and_no_other() -> None:
    form = {"Body": "Größe & 中文", "Empty": ""}
    url = "https://hotline.test/sms?a=b%20c"
    ours = signature(TOKEN, url, form.items())
    assert RequestValidator(TOKEN).validate(url, form, ours)
    assert not RequestValidator("other").validate(url, form, ours)


def test_a_public_origin_is_found_where_it_really_is() -> None:
    origins = OriginMap.of(("https://hotline.test=http://127.0.0.1:5000",))
    place = origins.local("https://hotline.test/a%20b?c=d#rc=2")
    assert place.url == "http://127.0.0.1:5000/a%20b?c=d" and place.host == "hotline.test"
    same = origins.local("https://hotline.test:443/x")
    assert same.url == "http://127.0.0.1:5000/x"
    other = origins.local("https://hotline.test:8443/x")
    assert other.url == "https://hotline.test:8443/x" and other.host == "hotline.test:8443"


@pytest.mark.parametrize("mapping", ["https://a.test", "ftp://a=http://b", "https://a/p=http://b"])
def test_a_bad_mapping_is_refused(mapping: str) -> None:
    with pytest.raises(BadOrigin):
        OriginMap.of((mapping,))
