"""What every answer tells the browser: where scripts and sound may come from, what to keep.

Source: CSP level 3 (W3C).
"""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

from carriers.phones import BrowserPhone, browser_phone
from config.settings import Settings

_FOREVER = "public, max-age=31536000, immutable"


def install(app: Flask, settings: Settings) -> None:
    """Add the headers to every answer of `app`."""
    phone = browser_phone(settings)

    def add(response: Response) -> Response:
        return _add_headers(response, settings, phone)

    app.after_request(add)


def csp_nonce() -> str:
    """The mark of this page's own inline scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def policy(settings: Settings, phone: BrowserPhone, nonce: str) -> str:
    """The Content-Security-Policy of a page."""
    rules = {
        "default-src": "'none'",
        "script-src": f"'self' 'nonce-{nonce}' {phone.script_src}",
        "style-src": f"'self' 'nonce-{nonce}'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": f"'self' {_origin(settings.live_events_url)} {phone.connect_src}",
        "media-src": f"'self' blob: {phone.media_src}",
        "worker-src": f"'self' blob: {phone.worker_src}",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}".strip() for name, value in rules.items())


def _add_headers(response: Response, settings: Settings, phone: BrowserPhone) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy(settings, phone, csp_nonce()))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault(
        "Permissions-Policy", "microphone=(self), camera=(), geolocation=(), payment=()"
    )
    if settings.secure_cookies:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if _is_static():
        headers["Cache-Control"] = _FOREVER if "v" in request.args else "no-cache"
    else:
        headers.setdefault("Cache-Control", "no-store")
    return response


def _is_static() -> bool:
    endpoint = request.endpoint or ""
    return endpoint == "static" or endpoint.endswith(".static")


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/', 1)[0]}"
