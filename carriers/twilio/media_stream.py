"""Media Streams: the carrier's JSON text frames as values, and ours as text.

Facts: Twilio, "Media Streams: WebSocket messages". 160 bytes of sound are 20 ms.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from carriers.media import (
    BYTES_A_SECOND,
    Connected,
    Key,
    Played,
    Sound,
    Started,
    Stopped,
    StreamError,
    StreamMessage,
)

_MOST_SOUND_BYTES = 2 * BYTES_A_SECOND
_MOST_NAME = 120
_KEYS = frozenset("0123456789*#ABCD")
_SEND_BYTES = 1600
"""Sound is sent in pieces of 200 ms."""


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
