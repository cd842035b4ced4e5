"""Media Streams: the carrier's JSON text frames as values, and ours as text.

Facts: Twilio, Media Streams WebSocket messages. Sound is 8 kHz mu-law, 160 bytes = 20 ms.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from carriers.twilio import is_authentic
from config.settings import Settings

BYTES_A_SECOND = 8000
MOST_BYTES = 64 * 1024
"""The longest message that is taken."""
_MOST_SOUND_BYTES = 2 * BYTES_A_SECOND
_MOST_NAME = 120
_KEYS = frozenset("0123456789*#ABCD")
_SEND_BYTES = 1600
"""Sound is sent in pieces of 200 ms."""


class StreamError(Exception):
    """A message of the media socket that cannot be taken; names what was expected."""


@dataclass(frozen=True)
class Started:
    """The stream begins; `params` are the `<Parameter>` values of its TwiML."""

    stream_sid: str
    call_sid: str
    params: Mapping[str, str]


@dataclass(frozen=True)
class Sound:
    """Some mu-law of one track, `inbound` or `outbound`; usually 20 ms."""

    track: str
    mulaw: bytes


@dataclass(frozen=True)
class Key:
    """A key was pressed."""

    digit: str


@dataclass(frozen=True)
class Played:
    """Everything sent before our mark of that name has been played, or was cleared."""

    mark: str


@dataclass(frozen=True)
class Stopped:
    """The call or the stream is over."""


@dataclass(frozen=True)
class Connected:
    """First message of every stream; carries nothing of use."""


StreamMessage = Connected | Started | Sound | Key | Played | Stopped


class Pace:
    """Counts the messages of one socket, so that a flood ends it.

    Two tracks make 100 messages a second; after a stall of the network many come at once.
    """

    def __init__(self, *, a_second: int = 250, at_once: int = 1500) -> None:
        self._a_second, self._at_once = a_second, at_once
        self._left = float(at_once)
        self._at_s: float | None = None

    def count(self, at_s: float) -> None:
        """One more message at that time. Raises StreamError when there are too many."""
        passed_s = 0.0 if self._at_s is None else at_s - self._at_s
        self._at_s = at_s
        self._left = min(self._at_once, self._left + passed_s * self._a_second) - 1
        if self._left < 0:
            raise StreamError(f"expected at most {self._a_second} messages a second")


def is_authentic_handshake(settings: Settings, path: str, signature: str) -> bool:
    """Whether the carrier signed the handshake, over the public wss address as in the TwiML."""
    public = settings.media_url.rsplit("/media", 1)[0] + path
    return bool(signature) and is_authentic(settings, public, {}, signature)


def read(text: str | bytes) -> StreamMessage:
    """One message of the carrier. Raises StreamError for anything else."""
    if not isinstance(text, str):
        raise StreamError("expected text frames, got a binary one")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise StreamError("expected JSON") from None
    event = message.get("event") if isinstance(message, dict) else None
    if not isinstance(event, str) or event not in _READERS:
        raise StreamError(f"expected an object with an event of {', '.join(_READERS)}")
    try:
        return _READERS[event](message)
    except (KeyError, TypeError, AttributeError):
        raise StreamError(f"expected a {event} message with all its fields") from None


def sounds(stream_sid: str, mulaw: bytes) -> list[str]:
    """Messages that play this sound after what is already queued."""
    pieces = [mulaw[at : at + _SEND_BYTES] for at in range(0, len(mulaw), _SEND_BYTES)]
    return [
        json.dumps(
            {
                "event": "media",
                "streamSid": stream_sid,
                "media": {"payload": base64.b64encode(piece).decode()},
            }
        )
        for piece in pieces
    ]


def mark(stream_sid: str, name: str) -> str:
    """A mark that comes back once everything before it has been played."""
    return json.dumps({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}})


def clear(stream_sid: str) -> str:
    """Drop what is queued; every outstanding mark comes back at once."""
    return json.dumps({"event": "clear", "streamSid": stream_sid})


def _started(message: dict[str, Any]) -> Started:
    start = message["start"]
    params = {_name(k): _name(v) for k, v in (start.get("customParameters") or {}).items()}
    return Started(_name(start["streamSid"]), _name(start["callSid"]), params)


def _sound(message: dict[str, Any]) -> Sound:
    media = message["media"]
    track = media.get("track", "inbound")
    if track not in ("inbound", "outbound"):
        raise StreamError("expected the track inbound or outbound")
    try:
        mulaw = base64.b64decode(media["payload"], validate=True)
    except ValueError:
        raise StreamError("expected base64 in a media payload") from None
    if len(mulaw) > _MOST_SOUND_BYTES:
        raise StreamError("expected at most 2 s of sound in a message")
    return Sound(track, mulaw)


def _key(message: dict[str, Any]) -> Key:
    digit = message["dtmf"]["digit"]
    if digit not in _KEYS:
        raise StreamError("expected one telephone key in a dtmf message")
    return Key(digit)


def _name(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_NAME:
        raise StreamError(f"expected names and parameters of at most {_MOST_NAME} characters")
    return value


_READERS: dict[str, Callable[[dict[str, Any]], StreamMessage]] = {
    "connected": lambda message: Connected(),
    "start": _started,
    "media": _sound,
    "dtmf": _key,
    "mark": lambda message: Played(_name(message["mark"]["name"])),
    "stop": lambda message: Stopped(),
}
