"""The carrier as the rest of Swiftline knows it: what we can ask of it outside a call's turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class CarrierError(Exception):
    """The carrier refused or did not answer. `permanent`: asking again cannot help."""

    def __init__(self, message: str, *, permanent: bool, code: int | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code


class NotThereYet(CarrierError):
    """The carrier does not have it, or not yet: recordings appear late (twilio.md, 404)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=False, code=20404)


@dataclass(frozen=True)
class CarrierCall:
    """A call in the carrier's books. Status as in Twilio's REST API."""

    sid: str
    from_number: str
    to_number: str
    direction: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: int | None


@dataclass(frozen=True)
class CarrierRecording:
    """A recording in the carrier's books. Status as in Twilio's REST API."""

    sid: str
    call_sid: str
    status: str
    channels: int
    duration_s: int | None
    source: str
    started_at: datetime | None


class Carrier(Protocol):
    """A telephone network with a REST API. Every method may raise CarrierError."""

    def send_sms(self, *, to: str, body: str) -> str:
        """Send a text message from the hotline's number; returns the carrier's id."""

    def find_sms(self, *, to: str, body: str, since: datetime) -> str | None:
        """The id of a message like this already sent since then, if there is one."""

    def download_recording(self, sid: str) -> Iterator[bytes]:
        """The recording's WAV, in pieces. Raises NotThereYet on 404."""

    def delete_recording(self, sid: str) -> None:
        """Forget the recording at the carrier; one already gone is no error."""

    def calls(self, *, since: datetime) -> list[CarrierCall]:
        """Calls that started or ended since then."""

    def recordings(self, *, since: datetime) -> list[CarrierRecording]:
        """Recordings that began since then."""

    def recordings_of(self, call_sid: str) -> list[CarrierRecording]:
        """Every recording of that call."""

    def redirect_call(self, sid: str, url: str) -> None:
        """Make a live call fetch new TwiML at once."""

    def end_call(self, sid: str) -> None:
        """Hang up a live call; one already over is no error."""

    def browser_token(self, identity: str, *, ttl_s: int = 3600) -> str:
        """An access token for one agent's browser phone."""
