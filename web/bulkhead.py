"""A bulkhead: pages may hold only half of the web server's threads.

When the database stands still, every page that is open asks again and again and waits for ever.
Callers must not run out of threads by that: beyond the limit a page is told to come back.
"""

from __future__ import annotations

import threading

from flask import Flask, Response, current_app, g, request

from web.access.guard import rule_of

MOST_PAGES = 12
_AGAIN_S = "3"
_KEY = "swiftline_bulkhead"


def install(app: Flask, most: int = MOST_PAGES) -> None:
    """Let at most so many pages for people be under way at once in this process of `app`."""
    app.extensions[_KEY] = threading.BoundedSemaphore(most)
    app.before_request(_enter)
    app.teardown_request(_leave)


def _enter() -> Response | None:
    if request.endpoint is None or not rule_of(current_app, request.endpoint):
        return None
    g.has_place = current_app.extensions[_KEY].acquire(blocking=False)
    if g.has_place:
        return None
    words = "The line is busy. Try again in a moment."
    return Response(words, 503, {"Retry-After": _AGAIN_S}, content_type="text/plain")


def _leave(_error: BaseException | None) -> None:
    if g.pop("has_place", False):
        current_app.extensions[_KEY].release()
