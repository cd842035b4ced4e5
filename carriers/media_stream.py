"""Media Streams: the carrier's JSON text frames as values, and ours as text.

Facts: Twilio, Media Streams WebSocket messages. Sound is 8 kHz mu-law, 160 bytes = 20 ms.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carriers.twilio import is_authentic
from config.settings import Settings

MOST_BYTES = 64 * 1024
_SEND_BYTES = 1600
"""Sound is sent in pieces of 200 ms."""


class StreamError(Exception):
    """A message of the media socket that cannot be understood; names what was expected."""


@dataclass(frozen=True)
class Started:
    """The stream begins; `params` are the `<Parameter>` values of its TwiML."""

    stream_sid: str
    call_sid: str
    params: Mapping[str, str]


@dataclass(frozen=True)
class Sound:
    """20 ms of mu-law of one track, `inbound` or `outbound`."""

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
        understood: StreamMessage = _READERS[message["event"]](message)
        return understood
    except (json.JSONDecodeError, TypeError):
        raise StreamError("expected a JSON object with an event") from None
    except KeyError as error:
        raise StreamError(f"a message lacks or does not know {error}") from None


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
    params = {str(k): str(v) for k, v in (start.get("customParameters") or {}).items()}
    return Started(str(start["streamSid"]), str(start["callSid"]), params)


def _sound(message: dict[str, Any]) -> Sound:
    media = message["media"]
    try:
        mulaw = base64.b64decode(media["payload"], validate=True)
    except (binascii.Error, ValueError):
        raise StreamError("expected base64 in a media payload") from None
    return Sound(str(media.get("track", "inbound")), mulaw)


_READERS: dict[str, Any] = {
    "connected": lambda message: Connected(),
    "start": _started,
    "media": _sound,
    "dtmf": lambda message: Key(str(message["dtmf"]["digit"])),
    "mark": lambda message: Played(str(message["mark"]["name"])),
    "stop": lambda message: Stopped(),
}
