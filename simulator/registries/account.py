"""What the account has: numbers and applications, and where each asks what to do.

Settings give the first of each; REST adds, changes and removes them while the simulator runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from simulator.numbers.caller_id import Place, place_by_number
from simulator.registries.verified import VerifiedNumbers
from simulator.settings import Hook, Settings
from simulator.sids import APPLICATION, NUMBER, new_sid


@dataclass(frozen=True)
class Answering:
    """Where a call and a text are asked about, and where a call's progress is told."""

    voice: Hook | None = None
    sms: Hook | None = None
    status_callback: str = ""
    status_method: str = "POST"


@dataclass
class Application:
    """A TwiML application."""

    answering: Answering
    friendly_name: str
    created_at: datetime
    updated_at: datetime
    sid: str = field(default_factory=lambda: new_sid(APPLICATION))
    message_status_callback: str = ""


@dataclass
class Number:
    """A phone number of the account. An application that is named answers in its place."""

    phone_number: str
    answering: Answering
    friendly_name: str
    created_at: datetime
    updated_at: datetime
    voice_application_sid: str = ""
    sms_application_sid: str = ""
    sid: str = field(default_factory=lambda: new_sid(NUMBER))
    looks_up_names: bool = False
    """Whether its calls say the caller's name where it is known."""
    place: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        if self.place == Place():
            self.place = place_by_number(self.phone_number)


class Account:
    """The account's numbers and applications, by what they are called by and by their id."""

    def __init__(self, settings: Settings, at: datetime) -> None:
        first = Number(
            settings.number,
            Answering(
                settings.voice,
                Hook(settings.sms_url) if settings.sms_url else None,
                settings.status_callback,
            ),
            settings.number,
            at,
            at,
            # Not drawn: what a seeded run draws must not depend on what the account has.
            sid=NUMBER + settings.app_sid[2:],
            looks_up_names=settings.looks_up_names,
            place=settings.place,
        )
        app = Application(
            Answering(settings.app_voice, status_callback=settings.app_status_callback),
            "the application",
            at,
            at,
            settings.app_sid,
        )
        self.created_at = at
        self.numbers = {first.phone_number: first}
        self.applications = {app.sid: app}
        self.verified = VerifiedNumbers()

    @property
    def own_numbers(self) -> set[str]:
        """What it may always show as caller: its numbers, bought or verified."""
        return {*self.numbers, *self.verified.by_number}

    def number_by_sid(self, sid: str) -> Number | None:
        """The number of that id, if there is one."""
        return next((number for number in self.numbers.values() if number.sid == sid), None)

    def calls_to(self, number: str) -> Answering:
        """What answers calls to a number; nothing does when `voice` is None."""
        found = self.numbers.get(number)
        if found is None:
            return Answering()
        return self._application(found.voice_application_sid) or found.answering

    def place_of(self, number: str) -> Place:
        """Where a number belongs, the account's own or anybody's."""
        found = self.numbers.get(number)
        return found.place if found else place_by_number(number)

    def texts_to(self, number: str) -> Hook | None:
        """What is asked about texts to a number."""
        found = self.numbers.get(number)
        if found is None:
            return None
        return (self._application(found.sms_application_sid) or found.answering).sms

    def application(self, sid: str) -> Answering:
        """Where an application asks; nowhere when there is none of that id."""
        return self._application(sid) or Answering()

    def _application(self, sid: str) -> Answering | None:
        found = self.applications.get(sid)
        return found.answering if found else None
