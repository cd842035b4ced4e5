"""The signature on every request to an application.

Base64 of HMAC-SHA1, keyed with the account's auth token, over the full URL followed by the names
and values of a form, sorted by name (Twilio, "Webhooks security").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

HEADER = "X-Twilio-Signature"


def signature(token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """Sign a request to `url` (no fragment) with these form fields; none for GET and wss."""
    values: dict[str, set[str]] = {}
    for name, value in form:
        values.setdefault(name, set()).add(value)
    text = url + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
