"""Changes come from our own pages only: a token in each form, and the browser's own word.

The token belongs to the sign-in. The sign-in page has none yet: its form repeats, keyed by
our secret, what a cookie of that page holds. Carrier webhooks are exempt because signed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request

from web.access.guard import current_sign_in
from web.services import services

FIELD, HEADER = "csrf_token", "X-CSRF-Token"
FORM_COOKIE = "swiftline_form"
_SAFE = ("GET", "HEAD", "OPTIONS")


def install(app: Flask) -> None:
    """Check every change that comes to `app`."""
    app.before_request(_check)
    app.after_request(_keep_form_cookie)


def token() -> str:
    """What a form must send back."""
    signed_in = current_sign_in()
    if signed_in is not None:
        return signed_in.csrf_token
    if "form_secret" not in g:
        g.form_secret = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    return _keyed(g.form_secret)


def _check() -> None:
    if request.method in _SAFE or request.endpoint is None or _is_webhook():
        return
    sent = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not _comes_from_us() or not hmac.compare_digest(sent.encode(), _expected().encode()):
        abort(403, description="This form is no longer valid. Go back, reload it and try again.")


def _expected() -> str:
    signed_in = current_sign_in()
    if signed_in is not None:
        return signed_in.csrf_token
    held = request.cookies.get(FORM_COOKIE, "")
    return _keyed(held) if held else secrets.token_urlsafe(32)


def _comes_from_us() -> bool:
    """What the browser says of the sender; older ones say nothing and are judged by token."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _is_webhook() -> bool:
    blueprint = current_app.blueprints.get(request.blueprint or "")
    return bool(getattr(blueprint, "is_signed", False))


def _keep_form_cookie(response: Response) -> Response:
    if "form_secret" in g:
        response.set_cookie(
            FORM_COOKIE,
            g.form_secret,
            httponly=True,
            samesite="Strict",
            secure=services().settings.secure_cookies,
        )
    return response


def _keyed(value: str) -> str:
    key = services().settings.secret_key.encode() or b"\0"
    return hmac.new(key, f"form:{value}".encode(), hashlib.sha256).hexdigest()
