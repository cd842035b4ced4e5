"""Twilio's own public samples, answered here: a program that uses them needs no internet.

Their addresses are in many programs, as hold music or as the first document of a call: the buckets
`com.twilio.music.*`, `com.twilio.sounds.*` and `howtodocs`, demo.twilio.com, the cowbell of
api.twilio.com, and the Twimlets. Documents say what Twilio's say; in place of its sounds our own
hold music is heard, and in place of its owl a grey square is seen. An origin that is mapped is
asked itself.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from urllib.parse import urlsplit

from simulator.hosted.twimlets import TWIMLETS, document, play, say
from simulator.sound.hold_music import hold_music

_XML = "text/xml; charset=utf-8"
_MUSIC = re.compile(
    r"com\.twilio\.(?:music|sounds)\.[\w.-]+\.s3[\w.-]*\.amazonaws\.com/.+"
    r"|s3[\w.-]*\.amazonaws\.com/com\.twilio\.(?:music|sounds)\.[\w.-]+/.+"
    r"|demo\.twilio\.com/(?:docs/classic|hellomonkey/[\w-]+)\.mp3"
    r"|howtodocs\.s3[\w.-]*\.amazonaws\.com/.+"
    r"|api\.twilio\.com/[Cc]owbell\.mp3"
)
_OWL = "demo.twilio.com/owl.png"

Found = tuple[str, bytes]
"""Content type and body."""


def stand_in_for(url: str) -> Found | None:
    """What is answered in the place of that address, or None when it is nobody's we know."""
    parts = urlsplit(url)
    address = f"{(parts.hostname or '').removeprefix('www.')}{parts.path}"
    if _MUSIC.fullmatch(address):
        return "audio/basic", hold_music()
    if address == _OWL:
        return "image/png", _picture()
    found = _DOCUMENTS.get(address.rstrip("/"))
    if found is None:
        return None
    return _XML, f'<?xml version="1.0" encoding="UTF-8"?>{found(parts.query)}'.encode()


def _documentation(_query: str) -> str:
    """The document that quick starts let a call begin with."""
    return document(
        say("Thanks for trying our documentation. Enjoy!"),
        play("http://demo.twilio.com/docs/classic.mp3"),
    )


def _welcome(_query: str) -> str:
    """What a new number does until somebody configures it."""
    return document(
        say(
            "Thank you for using the phone network on your desk. This number has no voice"
            " address of its own yet."
        )
    )


def _text_reply(_query: str) -> str:
    return document(
        "<Message>Thanks for the message. Configure your number's SMS URL to change this"
        " message.</Message>"
    )


def _picture() -> bytes:
    """A grey square in place of the owl: a PNG of 8 x 8 pixels (W3C, "PNG Specification")."""
    side = 8
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = (b"\x00" + b"\x80" * side) * side
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


_DOCUMENTS: dict[str, Callable[[str], str]] = {
    "demo.twilio.com/docs/voice.xml": _documentation,
    "demo.twilio.com/docs/voice": _documentation,
    "demo.twilio.com/welcome/voice": _welcome,
    "demo.twilio.com/welcome/sms/reply": _text_reply,
    "demo.twilio.com/sms/welcome": _text_reply,
    **{f"twimlets.com/{name}": answer for name, answer in TWIMLETS.items()},
}
