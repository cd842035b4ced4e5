"""The signature on every request to an application.

Base64 of an HMAC over the full URL followed by the names and values of a form, sorted by name
(Twilio, "Webhooks security"): HMAC-SHA1 with the account's auth token, or what a shared key says.
A body that is no form is not signed itself: its URL carries its hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
ALGORITHMS = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}


@dataclass(frozen=True)
class SharedKey:
    """A key that signs in the auth token's place; the application is told which."""

    sid: str
    secret: str = field(repr=False)
    algorithm: str = "HMAC_SHA256"

    @property
    def settings(self) -> str:
        """What the settings header says."""
        return f"key={self.sid},algorithm={self.algorithm}"


def signature(
    token: str, url: str, form: Iterable[tuple[str, str]] = (), *, algorithm: str = "HMAC_SHA1"
) -> str:
    """Sign a request to `url` (no fragment) with these form fields; none for GET and wss."""
    values: dict[str, set[str]] = {}
    for name, value in form:
        values.setdefault(name, set()).add(value)
    text = url + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    digest = hmac.new(token.encode(), text.encode(), ALGORITHMS[algorithm]).digest()
    return base64.b64encode(digest).decode()


def with_body_hash(url: str, body: bytes) -> str:
    """The address of a request whose body is no form."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, f"bodySHA256={hashlib.sha256(body).hexdigest()}")))
    return urlunsplit(parts._replace(query=query))
