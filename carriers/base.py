"""The carrier as the rest of Swiftline knows it: what it tells, is told, and can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from carriers.media import StreamMessage
from carriers.messages import CarrierMessage, CarrierRecording
from carriers.verbs import Verbs


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
    """A call in the carrier's records: one leg. Status and client as in CarrierMessage."""

    sid: str
    from_number: str
    to_number: str
    direction: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: int | None
    client: str = ""


@dataclass(frozen=True)
class CarrierRequest:
    """An HTTP request that claims to come from the carrier, or the handshake of a media socket.

    url: the public address it must have been sent to, query included, as we gave it.
    route, args: path and query of that address, decoded. headers: names in any case.
    """

    url: str
    route: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """A header, or the empty string."""
        wanted = name.lower()
        return next((text for known, text in self.headers.items() if known.lower() == wanted), "")


@dataclass(frozen=True)
class Document:
    """An answer to the carrier."""

    text: str
    content_type: str


class MediaFormat(Protocol):
    """How the carrier writes the messages of a media socket. Sound: 8 kHz mu-law."""

    def read(self, text: str | bytes) -> StreamMessage:
        """One message of the carrier. Raises StreamError for anything else."""

    def sounds(self, stream_sid: str, mulaw: bytes) -> list[str]:
        """Messages that play this sound after what is already queued."""

    def mark(self, stream_sid: str, name: str) -> str:
        """A mark that comes back once everything before it has been played."""

    def clear(self, stream_sid: str) -> str:
        """Drop what is queued; every outstanding mark comes back at once."""


class Carrier(Protocol):
    """A telephone network. Every method that asks it something may raise CarrierError.

    ops/services.py says which one a process has.
    """

    @property
    def media(self) -> MediaFormat:
        """The messages of its media sockets."""

    def is_authentic(self, request: CarrierRequest) -> bool:
        """Whether the carrier sent this request, for our account. Fails closed."""

    def read(self, request: CarrierRequest) -> CarrierMessage:
        """What an authentic request says. Raises MessageError when it cannot be read."""

    def reply(self, verbs: Verbs) -> Document:
        """What the call is to do next, in the carrier's own language; () for nothing.

        Sounds and addresses in the verbs are public ones of ours.
        """

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

    def place_call(self, *, to: str, then: str, notify: str) -> str:
        """Call a number from the hotline's; returns the carrier's id.

        then: asked once somebody answers, with who or what it was. notify: told of every step.
        Asking twice calls twice: see `calls_to`.
        """

    def calls_to(self, number: str, *, since: datetime) -> list[CarrierCall]:
        """Calls to that number that were placed since then, also those that still ring."""

    def recordings(self, *, since: datetime) -> list[CarrierRecording]:
        """Recordings that began since then."""

    def recordings_of(self, call_sid: str) -> list[CarrierRecording]:
        """Every recording of that call."""

    def redirect_call(self, sid: str, url: str) -> None:
        """Make a live call ask at `url`, a public address of ours, what to do, at once."""

    def end_call(self, sid: str) -> None:
        """Hang up a live call; one already over is no error."""

    def browser_token(self, identity: str, *, ttl_s: int = 3600) -> str:
        """An access token for one agent's browser phone."""
