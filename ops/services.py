"""Builds what every process is made of, from settings: database, city, carrier, storage, voice."""

from __future__ import annotations

from dataclasses import replace

from asr.models.pool import Models
from carriers.base import Carrier
from carriers.twilio.carrier import TwilioCarrier
from config.city import City, load_city
from config.language import load_language
from config.settings import Settings
from infra import failpoints
from infra.db import Database
from infra.events import Notifier, RedisNotifier
from infra.outbox.plan import OutboxPlan
from infra.outbox.wakeup import WakeUpSignal
from infra.services import Services
from infra.storage.base import Storage
from infra.storage.local import LocalStorage
from ivr.understanding.emergencies import read_emergencies
from migrations import tables
from ops.queues import PLAN
from places.geocoder import geocoder_of
from voice.cache import VoiceCache


def build_services(settings: Settings, *, speech: bool = False) -> Services:
    """What every process is built with; `speech` loads and warms the recognisers."""
    failpoints.arm_plan(settings.failpoints)
    assert tables.metadata.tables, "foreign keys name tables of every package"
    services = Services(settings, Database(settings.database))
    city = load_city(settings.city)
    geocoder_of(city)  # read now, so that no caller waits for it
    services.add(City, city)
    for language in settings.language_list:
        read_emergencies(language)
        load_language(language)  # now, since an apology must not meet a broken file
    services.add(Carrier, TwilioCarrier(settings))
    services.add(Storage, LocalStorage(settings.storage))
    services.add(VoiceCache, VoiceCache(settings))
    attach_signals(services.database, settings.redis)
    if speech and settings.speech_on:
        models = Models(settings)
        models.warm()
        services.add(Models, models)
    return services


def attach_signals(database: Database, redis_url: str) -> None:
    """Let commits of this database wake the workers and notify the pages through a Redis."""
    signal = WakeUpSignal(redis_url)
    database.attach(OutboxPlan, replace(PLAN, wake=signal.wake))
    database.attach(Notifier, RedisNotifier(redis_url))
