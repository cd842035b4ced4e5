"""Builds the web application from settings: shell and blueprints."""

from __future__ import annotations

from flask import Flask

import agents.desk.pages
import agents.webhooks
import ivr.webhooks
import recordings.pages
import recordings.webhooks
import tickets.pages
from config.settings import Settings, load_settings
from infra.services import Services
from ops.services import build_services
from web.health import add_checks
from web.shell import create_shell


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The Flask application: pages, API and webhooks."""
    services = services or build_services(settings or load_settings())
    app = Flask("swiftline", static_folder=None)
    create_shell(app, services)
    add_checks(app, services)
    for module in (tickets.pages, agents.desk.pages, recordings.pages):
        app.register_blueprint(module.blueprint)
    for webhooks in (ivr.webhooks, agents.webhooks, recordings.webhooks):
        app.register_blueprint(webhooks.blueprint)
    app.add_url_rule("/say/<key>.wav", "say", ivr.webhooks.sound)
    return app
