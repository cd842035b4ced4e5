"""One element in the smallest document that may hold it, and the check of its attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from simulator.twiml.parser import DocumentError, Verb, parse

PARENTS = {
    "Number": ("Dial",),
    "Client": ("Dial",),
    "Sip": ("Dial",),
    "Conference": ("Dial",),
    "Queue": ("Dial",),
    "Application": ("Dial",),
    "Stream": ("Start",),
    "ConversationRelay": ("Connect",),
    "Recording": ("Start",),
    "Transcription": ("Start",),
    "Siprec": ("Start",),
}
INSIDE = {
    "Connect": '<Stream url="wss://a.example/"/>',
    "Start": "<Recording/>",
    "Refer": "<Sip>sip:a@a.example</Sip>",
}
NEEDED = dict.fromkeys(("Stream", "ConversationRelay"), ' url="wss://a.example/"')


def read(element: str, attributes: str = "", inside: str = "") -> Verb:
    """The element with these attributes, where it may stand. Raises DocumentError."""
    above = PARENTS.get(element, ())
    opened = "".join(f"<{name}>" for name in above)
    closed = "".join(f"</{name}>" for name in reversed(above))
    tag = f"<{element}{NEEDED.get(element, '')}{attributes}>"
    body = f"{tag}{inside or INSIDE.get(element, '')}</{element}>"
    verb: Verb = parse(f"<Response>{opened}{body}{closed}</Response>".encode())[0]
    for _ in above:
        verb = verb.children[0]
    return verb


def given(name: str, values: str | None) -> Iterator[str]:
    """The attribute as it stands in a tag, with each of the values between bars."""
    return (f" {name}={quoteattr(value)}" for value in (values or "").split("|") if values)


def check(element: str, name: str, default: Any, allowed: str, refused: str | None) -> None:
    """Hold an attribute to its default and to values between bars that it takes or refuses."""
    assert read(element)[name] == default and not read(element).given - {"url"}
    for text in given(name, allowed):
        assert name in read(element, text).given
    for text in given(name, refused):
        with pytest.raises(DocumentError, match=f"{name} of <{element}>: expected") as error:
            read(element, text)
        assert error.value.line == 1 and error.value.column > len("<Response>")
