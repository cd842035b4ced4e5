"""Twilio's own public samples, answered here: a program that uses them needs no internet.

Their addresses are in many programs, as hold music or as the first document of a call: the buckets
`com.twilio.music.*` and `com.twilio.sounds.*`, demo.twilio.com, the cowbell of api.twilio.com, and
the Twimlets `holdmusic`, `message` and `echo` (Twilio, "Twimlets"). Documents say what Twilio's
say; in place of its sounds our own hold music is heard. An origin that is mapped is asked itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlsplit
from xml.sax.saxutils import escape

from simulator.hold_music import hold_music

_XML = "text/xml; charset=utf-8"
_BUCKET = "com.twilio.music.classical"
_MUSIC = re.compile(
    r"com\.twilio\.(?:music|sounds)\.[\w.-]+\.s3[\w.-]*\.amazonaws\.com/.+"
    r"|s3[\w.-]*\.amazonaws\.com/com\.twilio\.(?:music|sounds)\.[\w.-]+/.+"
    r"|demo\.twilio\.com/docs/classic\.mp3"
    r"|api\.twilio\.com/cowbell\.mp3"
)
_IS_ADDRESS = re.compile(r"https?://", re.IGNORECASE)

Found = tuple[str, bytes]
"""Content type and body."""


def stand_in_for(url: str) -> Found | None:
    """What is answered in the place of that address, or None when it is nobody's we know."""
    parts = urlsplit(url)
    address = f"{(parts.hostname or '').removeprefix('www.')}{parts.path}"
    if _MUSIC.fullmatch(address):
        return "audio/basic", hold_music()
    document = _DOCUMENTS.get(address.rstrip("/"))
    if document is None:
        return None
    return _XML, f'<?xml version="1.0" encoding="UTF-8"?>{document(parts.query)}'.encode()


def _documentation(_query: str) -> str:
    """The document that quick starts let a call begin with."""
    return _response(
        _say("Thanks for trying our documentation. Enjoy!"),
        _play("http://demo.twilio.com/docs/classic.mp3"),
    )


def _welcome(_query: str) -> str:
    """What a new number does until somebody configures it."""
    return _response(
        _say(
            "Thank you for using the phone network on your desk. This number has no voice"
            " address of its own yet."
        )
    )


def _text_reply(_query: str) -> str:
    return _response(
        "<Message>Thanks for the message. Configure your number's SMS URL to change this"
        " message.</Message>"
    )


def _hold_music(query: str) -> str:
    """Music of a bucket, after a message if there is one, again and again."""
    given = dict(parse_qsl(query))
    bucket = given.get("Bucket") or _BUCKET
    again = f"http://twimlets.com/holdmusic?{query}" if query else "http://twimlets.com/holdmusic"
    return _response(
        _said_or_played(given.get("Message", "")),
        _play(f"http://{quote(bucket)}.s3.amazonaws.com/music.mp3"),
        f"<Redirect>{escape(again)}</Redirect>",
    )


def _message(query: str) -> str:
    """Each `Message[n]`, played if it is an address and else said."""
    texts = [text for name, text in parse_qsl(query) if re.fullmatch(r"Message(\[\d*\])?", name)]
    return _response(*map(_said_or_played, texts))


def _echo(query: str) -> str:
    """The document that is in the address."""
    return dict(parse_qsl(query)).get("Twiml") or _response()


def _said_or_played(text: str) -> str:
    if not text:
        return ""
    return _play(text) if _IS_ADDRESS.match(text) else _say(text)


def _say(text: str) -> str:
    return f"<Say>{escape(text)}</Say>"


def _play(url: str) -> str:
    return f"<Play>{escape(url)}</Play>"


def _response(*verbs: str) -> str:
    return f"<Response>{''.join(verbs)}</Response>"


_DOCUMENTS: dict[str, Callable[[str], str]] = {
    "demo.twilio.com/docs/voice.xml": _documentation,
    "demo.twilio.com/docs/voice": _documentation,
    "demo.twilio.com/welcome/voice": _welcome,
    "demo.twilio.com/welcome/sms/reply": _text_reply,
    "demo.twilio.com/sms/welcome": _text_reply,
    "twimlets.com/holdmusic": _hold_music,
    "twimlets.com/message": _message,
    "twimlets.com/echo": _echo,
}
