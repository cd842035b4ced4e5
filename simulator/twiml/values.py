"""Kinds of attribute values: what is allowed, in words, and how to read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Kind:
    """One kind of value. `read` gives the value or raises ValueError."""

    expects: str
    read: Callable[[str], Any]


def integer(least: int, most: int | None = None) -> Kind:
    """A whole number in a range."""
    upper = f" to {most}" if most is not None else " or more"

    def read(text: str) -> int:
        if not re.fullmatch(r"-?\d+", text.strip()):
            raise ValueError
        number = int(text)
        if number < least or (most is not None and number > most):
            raise ValueError
        return number

    return Kind(f"a whole number, {least}{upper}", read)


def one_of(*words: str) -> Kind:
    """One of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return Kind("one of " + ", ".join(words), read)


def some_of(*words: str) -> Kind:
    """Several of these words, separated by spaces."""

    def read(text: str) -> tuple[str, ...]:
        chosen = tuple(text.split())
        if not chosen or set(chosen) - set(words):
            raise ValueError
        return chosen

    return Kind("some of " + ", ".join(words) + ", separated by spaces", read)


def events_of(*words: str) -> Kind:
    """Several of these words, separated by spaces or, as many write them, by commas."""
    several = some_of(*words)
    return Kind(several.expects, lambda text: several.read(text.replace(",", " ")))


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError
    return text.lower() == "true"


def _keys(text: str) -> str:
    if set(text) - set("0123456789*#"):
        raise ValueError
    return text


def _one_key(text: str) -> str:
    if len(text) > 1:
        raise ValueError
    return _keys(text)


def _key_row(text: str) -> str:
    if set(text) - set("0123456789ABCD*#wW"):
        raise ValueError
    return text


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme and parts.scheme not in {"http", "https"}:
        raise ValueError
    return text


def _language(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*", text):
        raise ValueError
    return text


def _speech_timeout(text: str) -> float | None:
    """Seconds; None: `auto`."""
    if text == "auto":
        return None
    seconds = float(text)
    if seconds <= 0:
        raise ValueError
    return seconds


def _relay_timeout(text: str) -> int | None:
    """Milliseconds; None: `auto`."""
    return None if text == "auto" else integer(600, 5000).read(text)


def _hints(text: str) -> tuple[str, ...]:
    phrases = tuple(one.strip() for one in text.split(",") if one.strip())
    if len(phrases) > 500 or any(len(one) > 100 for one in phrases):
        raise ValueError
    return phrases


def at_most(length: int) -> Kind:
    """Text of so many characters."""

    def read(text: str) -> str:
        if len(text) > length:
            raise ValueError
        return text

    return Kind(f"text of at most {length} characters", read)


def matching(expects: str, pattern: str) -> Kind:
    """Text of one form; `expects` says which."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return Kind(expects, read)


def _break_time(text: str) -> float:
    """Seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", text.strip())
    if not found:
        raise ValueError
    seconds = float(found[1]) / (1000 if found[2] == "ms" else 1)
    if seconds > MOST_BREAK_S:
        raise ValueError
    return seconds


MOST_BREAK_S = 10.0
TEXT = Kind("text", str)
BOOLEAN = Kind("true or false", _boolean)
METHOD = Kind("one of GET, POST", lambda text: one_of("GET", "POST").read(text.upper()))
URL = Kind("an http or https address, or a relative one", _address)
SOCKET_URL = Kind("an address", str)
LANGUAGE = Kind("a language tag such as en-US", _language)
ONE_KEY = Kind("one of 0-9 * #, or nothing", _one_key)
SOME_KEYS = Kind("keys 0-9 * #", _keys)
KEY_ROW = Kind("keys 0-9 A-D * # and the pauses w W", _key_row)
SEND_DIGITS = matching("at most 32 of 0-9 A-D * # w W", r"[0-9A-Da-d*#wW]{0,32}")
GATHER_INPUT = some_of("dtmf", "speech")
SPEECH_TIMEOUT = Kind("seconds, or auto", _speech_timeout)
RELAY_TIMEOUT = Kind("600 to 5000 milliseconds, or auto", _relay_timeout)
HINTS = Kind("at most 500 phrases of at most 100 characters, separated by commas", _hints)
BREAK_TIME = Kind("a time such as 500ms or 2s, at most 10s", _break_time)
VOICE_NAME = matching(
    "man, woman, alice, Polly.NAME or Google.NAME",
    r"man|woman|alice|(Polly|Google)\.[\w.-]+",
)
VOLUME = matching(
    "default, silent, x-soft to x-loud, or +NdB",
    r"default|silent|x-soft|soft|medium|loud|x-loud|[+-]\d+(\.\d+)?dB",
)
RATE = matching("x-slow to x-fast, or N%", r"default|x-slow|slow|medium|fast|x-fast|\d+(\.\d+)?%")
PITCH = matching(
    "x-low to x-high, or +N%", r"default|x-low|low|medium|high|x-high|[+-]\d+(\.\d+)?(%|st|Hz)"
)
CALL_SID = matching("a call's SID", r"CA[0-9a-fA-F]{32}")
REGION = one_of("us1", "us2", "ie1", "de1", "sg1", "br1", "au1", "jp1", "in1")
