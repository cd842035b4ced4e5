"""Access tokens of browser phones: who they are for and what they allow.

A token is a JWT (HS256) as the `twilio` package makes it: `iss` is the API key, `sub` the account,
`grants.identity` the client's name, signed with the API key's secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

INVALID = 20101
EXPIRED = 20104
NOT_ALLOWED = 20151
SIGNALLED = {INVALID: 31204, EXPIRED: 31205, NOT_ALLOWED: 31201}
"""The codes the carrier's socket uses; the SDK turns them into those above (voice-sdk 2.18.5)."""
BAD_SIGNATURE = 31202
ALLOWED_DRIFT_S = 30


@dataclass(frozen=True)
class Grant:
    """What a token allows its holder."""

    identity: str
    expires_at: float
    application_sid: str | None
    may_be_called: bool


class TokenRefused(Exception):
    """The token is no good; `code` is Twilio's error code, `signalled` the socket's own."""

    def __init__(self, code: int, message: str, *, signalled: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.signalled = signalled or SIGNALLED[code]


def expired() -> TokenRefused:
    """The token was good once."""
    return TokenRefused(EXPIRED, "The access token has expired; bring a new one.")


def read_token(token: str, *, account_sid: str, api_key: str, api_secret: str) -> Grant:
    """Check `token` and return what it allows. Raises TokenRefused."""
    try:
        claims = jwt.decode(
            token,
            api_secret,
            algorithms=["HS256"],
            leeway=ALLOWED_DRIFT_S,
            options={"require": ["exp", "iss", "sub"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise expired() from error
    except jwt.InvalidSignatureError as error:
        message = "The access token is not signed with this account's API secret."
        raise TokenRefused(INVALID, message, signalled=BAD_SIGNATURE) from error
    except jwt.InvalidTokenError as error:
        raise TokenRefused(INVALID, f"The access token is invalid: {error}.") from error
    if claims["iss"] != api_key or claims["sub"] != account_sid:
        raise TokenRefused(INVALID, "The access token is for another account or API key.")
    return _grant(claims)


def _grant(claims: Mapping[str, Any]) -> Grant:
    grants = claims.get("grants")
    voice = grants.get("voice") if isinstance(grants, dict) else None
    if not isinstance(grants, dict) or not isinstance(voice, dict) or not grants.get("identity"):
        raise TokenRefused(INVALID, "The access token has no voice grant with an identity.")
    outgoing, incoming = voice.get("outgoing") or {}, voice.get("incoming") or {}
    return Grant(
        identity=str(grants["identity"]),
        expires_at=float(claims["exp"]),
        application_sid=outgoing.get("application_sid"),
        may_be_called=incoming.get("allow") is True,
    )
