"""The shell around every page: guard, headers, errors, sign-in and the look, put into one app."""

from __future__ import annotations

from flask import Flask

from infra.services import Services
from web import bulkhead, errors, headers, pages
from web.access import csrf, guard
from web.access import pages as access_pages
from web.ui import formats, page

MOST_BYTES = 1024 * 1024


def create_shell(app: Flask, services: Services) -> None:
    """Give `app` its guard, headers, error pages, sign-in and the look of every page."""
    app.extensions["swiftline"] = services
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.secret_key = services.settings.secret_key or None
    bulkhead.install(app)
    guard.install(app)
    csrf.install(app)
    headers.install(app, services.settings)
    errors.install(app)
    formats.install(app)
    page.install(app, services)
    app.register_blueprint(access_pages.blueprint)
    app.register_blueprint(pages.blueprint)
