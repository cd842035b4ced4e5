"""Builds the web application from settings: services, shell, blueprints."""

from __future__ import annotations

from flask import Flask

import agents.pages
import agents.webhooks
import ivr.webhooks
import recordings.pages
import recordings.webhooks
import tickets.pages
from asr.model import Models
from carriers.base import Carrier
from carriers.twilio import TwilioCarrier
from config.city import City, load_city
from config.settings import Settings, load_settings
from infra import events, jobs
from infra.db import Database
from infra.doorbell import Doorbell
from infra.services import Services
from infra.storage import LocalStorage, Storage
from voice.cache import VoiceCache
from web.health import add_checks
from web.shell import create_shell


def build_services(settings: Settings, *, speech: bool = False) -> Services:
    """What every process is built with; `speech` loads and warms the recognisers."""
    services = Services(settings, Database(settings.database))
    services.add(City, load_city(settings.city))
    services.add(Carrier, TwilioCarrier(settings))
    services.add(Storage, LocalStorage(settings.storage))
    services.add(VoiceCache, VoiceCache(settings))
    events.tell_through(settings.redis)
    jobs.ring_with(Doorbell(settings.redis).ring)
    if speech and settings.speech_on:
        models = Models(settings)
        models.warm()
        services.add(Models, models)
    return services


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The Flask application: pages, API and webhooks."""
    services = services or build_services(settings or load_settings())
    app = Flask("swiftline", root_path=str(services.settings.var_dir.absolute().parent))
    create_shell(app, services)
    add_checks(app, services)
    for module in (tickets.pages, agents.pages, recordings.pages):
        app.register_blueprint(module.blueprint)
    for webhooks in (ivr.webhooks, agents.webhooks, recordings.webhooks):
        app.register_blueprint(webhooks.blueprint)
    app.add_url_rule("/say/<key>.wav", "say", ivr.webhooks.sound)
    return app
