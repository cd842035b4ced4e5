"""Twilio's Twimlets: documents that are made of nothing but their address (Twilio, "Twimlets").

A call's fields are read from the address as well, so what depends on them is asked for by GET. The
sentences are ours. Nothing is mailed: a voice mail is a recording of the account, no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode
from xml.sax.saxutils import escape, quoteattr

from simulator.numbers.e164 import to_e164

_BUCKET = "com.twilio.music.classical"
_GENRES = ("ambient", "classical", "electronica", "guitars", "rock", "soft-rock")
_IS_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_INDEX = re.compile(r"\[\d*\]$")
_OWN = frozenset(
    {
        "AllowedCallers", "CallerId", "Email", "FailUrl", "Message", "Moderators", "Music", "Name",
        "Password", "PhoneNumber", "Timeout", "Transcribe",
    }
)  # fmt: skip
"""Parameters of Twimlets; the others are the call's."""


def hold_music(query: str) -> str:
    """Music of a bucket, after a message if there is one, again and again."""
    given = dict(parse_qsl(query))
    bucket = given.get("Bucket") or _BUCKET
    again = f"http://twimlets.com/holdmusic?{query}" if query else "http://twimlets.com/holdmusic"
    return document(
        _said_or_played(given.get("Message", "")),
        play(f"http://{quote(bucket)}.s3.amazonaws.com/music.mp3"),
        _redirect(again),
    )


def message(query: str) -> str:
    """Each `Message[n]`, played if it is an address and else said."""
    return document(*map(_said_or_played, _listed(query, "Message")))


def echo(query: str) -> str:
    """The document that is in the address."""
    return dict(parse_qsl(query)).get("Twiml") or document()


def forward(query: str) -> str:
    """Call `PhoneNumber`; where nobody answers, go on at `FailUrl`.

    Only for `AllowedCallers[n]`, if there are any; `Timeout` in seconds, and a `CallerId`.
    """
    given = dict(parse_qsl(query))
    if "DialCallStatus" in given:
        failed = given["DialCallStatus"] not in {"completed", "answered"}
        return document(_redirect(given["FailUrl"]) if failed and "FailUrl" in given else "")
    allowed = [_number(one) for one in _listed(query, "AllowedCallers")]
    if allowed and "From" not in given:
        return document(_redirect(_itself("forward", query), method="GET"))
    if allowed and _number(given["From"]) not in allowed:
        return document(say("Calls from your number are not forwarded."))
    if "PhoneNumber" not in given:
        return document(say("There is no number to which this call could be forwarded."))
    attributes = _attributes(
        action=_itself("forward", query),
        method="GET",
        timeout=given.get("Timeout", "20"),
        callerId=_number(given.get("CallerId", "")),
    )
    return document(f"<Dial{attributes}>{escape(_number(given['PhoneNumber']))}</Dial>")


def voice_mail(query: str) -> str:
    """Say or play `Message`, then record; `Transcribe` it if that is true."""
    given = dict(parse_qsl(query))
    if "RecordingUrl" in given:
        return document(say("Thank you. Good bye."))
    attributes = _attributes(
        action=_itself("voicemail", query),
        method="GET",
        transcribe="true" if given.get("Transcribe", "").lower() == "true" else "",
    )
    greeting = given.get("Message") or "Please leave a message after the tone."
    return document(_said_or_played(greeting), f"<Record{attributes}/>")


def conference(query: str) -> str:
    """A room of that `Name`, after a `Message`, with `Music` until it begins.

    With `Moderators[n]` it begins when one of them comes; a `Password` is asked for by keys.
    """
    given = dict(parse_qsl(query))
    moderators = [_number(one) for one in _listed(query, "Moderators")]
    password, itself = given.get("Password", ""), _itself("conference", query)
    if password and given.get("Digits") != password:
        attributes = _attributes(action=itself, method="GET", numDigits=str(len(password)))
        asked = f"<Gather{attributes}>{say('Please enter the password.')}</Gather>"
        return document(asked, _redirect(itself, method="GET"))
    if moderators and "From" not in given:
        return document(_redirect(itself, method="GET"))
    begins = not moderators or _number(given["From"]) in moderators
    attributes = _attributes(
        startConferenceOnEnter="true" if begins else "false", waitUrl=_music(given.get("Music", ""))
    )
    name = given.get("Name") or " ".join((*moderators, given.get("Message", "")))
    room = f"<Conference{attributes}>{escape(name.strip() or 'conference')}</Conference>"
    return document(_said_or_played(given.get("Message", "")), f"<Dial>{room}</Dial>")


def _music(music: str) -> str:
    """The address of a genre's music, or the one that is given."""
    if music not in _GENRES:
        return music
    return f"http://twimlets.com/holdmusic?Bucket=com.twilio.music.{music}"


def _listed(query: str, name: str) -> list[str]:
    """Every `Name`, `Name[]` and `Name[n]`, in order."""
    return [text for one, text in parse_qsl(query) if _INDEX.sub("", one) == name]


def _itself(name: str, query: str) -> str:
    """The Twimlet's own address, without the fields of a call."""
    own = [pair for pair in parse_qsl(query) if _INDEX.sub("", pair[0]) in _OWN]
    return f"http://twimlets.com/{name}?{urlencode(own)}"


def _number(text: str) -> str:
    """A number in E.164. In an address that nobody encoded, its + is a blank."""
    return to_e164(re.sub("^ ", "+", text))


def _said_or_played(text: str) -> str:
    if not text:
        return ""
    return play(text) if _IS_ADDRESS.match(text) else say(text)


def say(text: str) -> str:
    """A sentence."""
    return f"<Say>{escape(text)}</Say>"


def play(url: str) -> str:
    """A sound."""
    return f"<Play>{escape(url)}</Play>"


def _redirect(url: str, *, method: str = "POST") -> str:
    return f'<Redirect method="{method}">{escape(url)}</Redirect>'


def _attributes(**values: str) -> str:
    """Attributes that have a value, to stand after a name."""
    return "".join(f" {name}={quoteattr(value)}" for name, value in values.items() if value)


def document(*verbs: str) -> str:
    """The verbs as a whole document."""
    return f"<Response>{''.join(verbs)}</Response>"


TWIMLETS: dict[str, Callable[[str], str]] = {
    "holdmusic": hold_music,
    "message": message,
    "echo": echo,
    "forward": forward,
    "voicemail": voice_mail,
    "conference": conference,
}
"""What each answers to a query, by its name."""
