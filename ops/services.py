"""Builds what every process is made of, from settings: database, city, carrier, storage, voice."""

from __future__ import annotations

from asr.model import Models
from carriers.base import Carrier
from carriers.twilio import TwilioCarrier
from config.city import City, load_city
from config.settings import Settings
from infra import events, failpoints, jobs
from infra.db import Database
from infra.doorbell import Doorbell
from infra.services import Services
from infra.storage import LocalStorage, Storage
from migrations import tables
from voice.cache import VoiceCache


def build_services(settings: Settings, *, speech: bool = False) -> Services:
    """What every process is built with; `speech` loads and warms the recognisers."""
    failpoints.arm_plan(settings.failpoints)
    assert tables.metadata.tables, "foreign keys name tables of every package"
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
