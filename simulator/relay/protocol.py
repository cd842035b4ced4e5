"""What the application may say in a session: each message checked, then a fact.

Twilio, "ConversationRelay: Getting and sending WebSocket messages".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.sound.audio import KEYS

NONE, KEYS_ONLY, SPEECH, ANY = "none", "dtmf", "speech", "any"
INPUTS = (NONE, KEYS_ONLY, SPEECH, ANY)
"""Which input of the caller's something is open to."""
_OLDER = {"true": ANY, "false": NONE}
_TONES = f"{KEYS}w"
_MOST_SHOWN = 60


class InvalidMessage(Exception):
    """Not a message of the protocol; the text says why."""


@dataclass(frozen=True)
class Text:
    """Some words to speak; `last` ends the talk cycle. What is None is as the session has it."""

    token: str
    last: bool
    lang: str | None
    interruptible: str | None
    preemptible: bool | None


@dataclass(frozen=True)
class Play:
    """A sound file, `loop` times; 0 = until something stops it."""

    source: str
    loop: int
    interruptible: str | None
    preemptible: bool | None


@dataclass(frozen=True)
class SendDigits:
    """Key tones for the caller; w waits half a second."""

    digits: str


@dataclass(frozen=True)
class Language:
    """From now on another language; None = unchanged."""

    tts: str | None
    transcription: str | None


@dataclass(frozen=True)
class End:
    """The session is over; handoff_data goes to the action."""

    handoff_data: str | None


Message = Text | Play | SendDigits | Language | End


@dataclass(frozen=True)
class _Field:
    """What a field takes, in words, and how it is read. `read` raises ValueError or TypeError."""

    expects: str
    read: Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _tones(value: Any) -> str:
    if set(_text(value)) - set(_TONES):
        raise ValueError
    return str(value)


def open_to(value: str) -> str:
    """One of INPUTS, also by its older name. Raises ValueError."""
    named = _OLDER.get(value.lower(), value)
    if named not in INPUTS:
        raise ValueError
    return named


def _open_to(value: Any) -> str:
    return open_to(str(value) if isinstance(value, bool) else _text(value))


_TEXT = _Field("a string", _text)
_FLAG = _Field("true or false", _flag)
_FIELDS = {
    "token": _TEXT,
    "last": _FLAG,
    "lang": _TEXT,
    "source": _TEXT,
    "loop": _Field("a whole number, 0 or more", _count),
    "interruptible": _Field(f"true, false or one of {', '.join(INPUTS)}", _open_to),
    "preemptible": _FLAG,
    "digits": _Field(f"keys of {_TONES}", _tones),
    "ttsLanguage": _TEXT,
    "transcriptionLanguage": _TEXT,
    "handoffData": _TEXT,
}
_KINDS: Mapping[str, tuple[str, ...]] = {
    "text": ("token", "last", "lang", "interruptible", "preemptible"),
    "play": ("source", "loop", "interruptible", "preemptible"),
    "sendDigits": ("digits",),
    "language": ("ttsLanguage", "transcriptionLanguage"),
    "end": ("handoffData",),
}
_REQUIRED = {"text": ("token",), "play": ("source",), "sendDigits": ("digits",)}


def read(text: str) -> Message:
    """A message of the server's; fields that it does not have are left out.

    Raises InvalidMessage.
    """
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage("not JSON") from error
    if not isinstance(said, dict):
        raise InvalidMessage("not a JSON object")
    kind = said.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        known = ", ".join(_KINDS)
        raise InvalidMessage(f"type is {repr(kind)[:_MOST_SHOWN]}; expected one of {known}")
    for name in _REQUIRED.get(kind, ()):
        if said.get(name) is None:
            raise InvalidMessage(f"{kind} without {name}")
    return _made(kind, {name: _checked(kind, name, said) for name in _KINDS[kind]})


def _made(kind: str, given: Mapping[str, Any]) -> Message:
    if kind == "text":
        return Text(
            given["token"],
            bool(given["last"]),
            given["lang"],
            given["interruptible"],
            given["preemptible"],
        )
    if kind == "play":
        loop = 1 if given["loop"] is None else given["loop"]
        return Play(given["source"], loop, given["interruptible"], given["preemptible"])
    if kind == "sendDigits":
        return SendDigits(given["digits"])
    if kind == "language":
        return Language(given["ttsLanguage"], given["transcriptionLanguage"])
    return End(given["handoffData"])


def _checked(kind: str, name: str, said: Mapping[str, Any]) -> Any:
    """One field; None when it is not there. Raises InvalidMessage."""
    value: Any = said.get(name)
    if value is None:
        return None
    try:
        return _FIELDS[name].read(value)
    except (ValueError, TypeError) as error:
        shown = repr(value)[:_MOST_SHOWN]
        expected = _FIELDS[name].expects
        raise InvalidMessage(f"{kind} whose {name} is {shown}; expected {expected}") from error
