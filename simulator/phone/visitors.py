"""Which web pages may open a phone socket."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def may_connect(origin: str | None, *, host: str, allowed: Collection[str] = ()) -> bool:
    """Whether a page of `origin` may use a phone at `host` (the request's Host header).

    Pages of this machine and of the simulator itself always may; `allowed` names further origins
    (`https://desk.example`). Programs that are no browsers send no Origin and may.
    """
    if origin is None:
        return True
    parts = urlsplit(origin)
    if parts.scheme not in {"http", "https"}:
        return False
    return parts.hostname in LOCAL_HOSTS or parts.netloc == host or origin in allowed
