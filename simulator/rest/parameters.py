"""Parameters that several resources take, read from a form; what is wrong raises ApiError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from simulator.calls.status_callback import EVENTS as PROGRESS_EVENTS
from simulator.calls.status_callback import StatusCallback
from simulator.documents.detection import MODES, Detection
from simulator.exchange import Exchange
from simulator.registries.recordings import Callback, RecordTerms
from simulator.rest.answers import ApiError

EVENTS = "StatusCallbackEvent"
_INVALID_EVENT = 21626
RECORDING_EVENTS = ("in-progress", "completed", "absent")
_DETECTION = "MachineDetection"
_THRESHOLDS = {
    "SpeechThreshold": (1000, 6000, 2400),
    "SpeechEndThreshold": (500, 5000, 1200),
    "SilenceTimeout": (2000, 10_000, 5000),
}
"""Least, most and default, in milliseconds."""
_LONGEST_JUDGED_S = 120


def whole(form: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number in a range."""
    text = form.get(name, str(default))
    if not re.fullmatch("[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise ApiError(400, 20001, f"{name}: expected {least} to {most}, got {text!r}")
    return int(text)


def seconds_of(form: Mapping[str, str], name: str, default: int, most: int) -> float:
    """A whole number from 1 to `most`."""
    return float(whole(form, name, default, 1, most))


def method_of(form: Mapping[str, str], name: str, default: str = "POST") -> str:
    """GET or POST."""
    method = form.get(name, default).upper()
    if method not in {"GET", "POST"}:
        raise ApiError(400, 20001, f"{name}: expected GET or POST, got {method!r}")
    return method


def one_of(form: Mapping[str, str], name: str, values: tuple[str, ...]) -> str:
    """A word of a fixed set, the first when it is missing."""
    word = form.get(name, values[0])
    if word not in values:
        raise ApiError(400, 20001, f"{name}: expected {', '.join(filter(None, values))}")
    return word


def flag(form: Mapping[str, str], name: str, default: str = "false") -> bool:
    """`true` or `false`, in any case."""
    text = form.get(name, default).lower()
    if text not in {"true", "false"}:
        raise ApiError(400, 20001, f"{name}: expected true or false, got {form[name]!r}")
    return text == "true"


def checked_url(name: str, url: str) -> str:
    """An absolute address whose host has no underscore."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "_" in parts.hostname:
        raise ApiError(400, 21205, f"{name} is not a valid URL: {url!r}")
    return url


def url_of(form: Mapping[str, str], name: str) -> str:
    """An absolute address, or nothing."""
    return checked_url(name, form[name]) if form.get(name) else ""


def progress_from(
    exchange: Exchange, form: Mapping[str, str], events: tuple[str, ...]
) -> StatusCallback:
    """Where a call's progress goes. Events that there are not are left out, and warned of."""
    asked = tuple(event.strip() for one in events for event in one.split(","))
    told = tuple(event for event in asked if event in PROGRESS_EVENTS)
    if len(told) < len(asked):
        _warn_of_event(exchange, f"Invalid '{EVENTS}': expected {', '.join(PROGRESS_EVENTS)}")
    method = method_of(form, "StatusCallbackMethod")
    url = url_of(form, "StatusCallback")
    return StatusCallback(url, method, told if asked else ("completed",))


def _warn_of_event(exchange: Exchange, message: str) -> None:
    if exchange.settings.strict:
        raise ApiError(400, _INVALID_EVENT, message)
    exchange.debugger.add(_INVALID_EVENT, message, level="warning")


def words(name: str, given: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Words of a fixed set, repeated or separated by spaces or commas."""
    told = tuple(word for one in given for word in re.split(r"[\s,]+", one) if word)
    if set(told) - set(known):
        raise ApiError(400, 20001, f"{name}: expected {', '.join(known)}")
    return told


def recording_from(
    form: Mapping[str, str],
    events: tuple[str, ...],
    *,
    trims: tuple[str, str],
    known: tuple[str, ...] = RECORDING_EVENTS,
) -> RecordTerms:
    """How to record a call. trims: both values of Trim, the default first."""
    return RecordTerms(
        channels=2 if one_of(form, "RecordingChannels", ("mono", "dual")) == "dual" else 1,
        track=one_of(form, "RecordingTrack", ("both", "inbound", "outbound")),
        trim=one_of(form, "Trim", trims),
        callback=callback_from(form, "RecordingStatusCallback", events, known),
    )


def callback_from(
    form: Mapping[str, str], name: str, events: tuple[str, ...], known: tuple[str, ...]
) -> Callback:
    """Where a recording's states go. events: those asked for, of which `known` there are."""
    return Callback(
        url_of(form, name),
        method_of(form, f"{name}Method"),
        words(f"{name}Event", events, known) or ("completed",),
    )


def detection_from(form: Mapping[str, str], callback: str, *, always_aside: bool) -> Detection:
    """How to judge who answered. callback: the name of the address that is told."""
    ms = {
        name: whole(form, _DETECTION + name, default, least, most)
        for name, (least, most, default) in _THRESHOLDS.items()
    }
    return Detection(
        mode=one_of(form, _DETECTION, MODES),
        timeout_s=seconds_of(form, f"{_DETECTION}Timeout", 30, _LONGEST_JUDGED_S),
        speech_ms=ms["SpeechThreshold"],
        speech_end_ms=ms["SpeechEndThreshold"],
        silence_ms=ms["SilenceTimeout"],
        background=flag(form, "AsyncAmd") or always_aside,
        url=url_of(form, callback),
        method=method_of(form, f"{callback}Method"),
    )
