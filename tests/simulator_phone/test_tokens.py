"""Access tokens as the twilio package makes them open a phone; others are refused by code."""

from __future__ import annotations

import time

import jwt
import pytest
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from simulator.phone.tokens import EXPIRED, INVALID, Grant, TokenRefused, read_token

ACCOUNT = "AC" + "1" * 32
KEY = "SK" + "2" * 32
APP = "AP" + "3" * 32
SECRET = "an-api-secret-of-at-least-thirty-two-bytes"


def _token(
    *, key: str = KEY, secret: str = SECRET, account: str = ACCOUNT, ttl: int = 36000
) -> str:
    token = AccessToken(account, key, secret, identity="agent_7", ttl=ttl)
    token.add_grant(VoiceGrant(incoming_allow=True, outgoing_application_sid=APP))
    return str(token.to_jwt())


def _read(token: str) -> Grant:
    return read_token(token, account_sid=ACCOUNT, api_key=KEY, api_secret=SECRET)


@pytest.mark.row("token.header", "token.claims", "token.identity")
def test_a_token_of_the_twilio_package_says_who_it_is_and_what_it_may() -> None:
    header = jwt.get_unverified_header(_token())
    assert (header["alg"], header["typ"], header["cty"]) == ("HS256", "JWT", "twilio-fpa;v=1")
    grant = _read(_token())
    assert grant.identity == "agent_7"
    assert grant.application_sid == APP
    assert grant.may_be_called
    assert grant.expires_at > time.time()


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (_token(secret="another-secret-of-at-least-thirty-two-bytes"), INVALID),
        (_token(key="SK" + "9" * 32), INVALID),
        (_token(account="AC" + "9" * 32), INVALID),
        (_token(ttl=-3600), EXPIRED),
        ("", INVALID),
        ("not.a.token", INVALID),
        (jwt.encode({"exp": 2**31, "iss": KEY, "sub": ACCOUNT}, SECRET), INVALID),
        (jwt.encode({"exp": 2**31, "iss": KEY, "sub": ACCOUNT, "grants": {}}, SECRET), INVALID),
        (jwt.encode({"exp": 2**31, "iss": KEY, "sub": ACCOUNT}, "", algorithm="none"), INVALID),
    ],
)
def test_any_other_token_is_refused_with_the_carriers_code(token: str, code: int) -> None:
    with pytest.raises(TokenRefused) as refused:
        _read(token)
    assert refused.value.code == code
