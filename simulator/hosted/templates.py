"""Fills in a document that the carrier hosts, by the Mustache of its TwiML Bins.

`{{Name}}` is a parameter of the request; a section is for what is there (`{{#Name}}`), for what is
not (`{{^Name}}`), and once for each of several (`Name[]`, within it `{{.}}`); `{{#e164}}` takes the
number out of a SIP address (Twilio, "How to use templates with TwiML Bins"; mustache(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from simulator.numbers.e164 import to_e164

Values = Mapping[str, tuple[str, ...]]
"""Every value of each parameter, in their order."""

_TAG = re.compile(r"\{\{\{(?P<bare>[^{}]*)\}\}\}|\{\{(?P<kind>[#^/&!>=]?)(?P<name>[^{}]*)\}\}")
_QUOTES = {'"': "&quot;", "'": "&#39;"}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class BadTemplate(Exception):
    """The document's tags cannot be followed; the text names the one."""


@dataclass(frozen=True)
class _Value:
    """A tag that stands for a value; bare: as it is, without escaping."""

    name: str
    is_bare: bool


@dataclass
class _Section:
    """What stands up to the tag that ends it. kind: `#`, `^`, or empty for the whole document."""

    kind: str
    name: str
    parts: list[str | _Value | _Section] = field(default_factory=list)


def values_of(parameters: Iterable[tuple[str, str]]) -> Values:
    """Parameters by name; those called `Name[]` are several of `Name`."""
    found: dict[str, tuple[str, ...]] = {}
    for given, value in parameters:
        name = given.removesuffix("[]")
        found[name] = (*found.get(name, ()), value)
    return found


def filled(document: bytes, values: Values) -> bytes:
    """The document with values in place of its tags; what is not given is empty.

    Of several values a tag shows the last. Raises BadTemplate.
    """
    whole = _parsed(document.decode(errors="surrogateescape"))
    return _rendered(whole, values, "").encode(errors="surrogateescape")


def _parsed(text: str) -> _Section:
    sections, at = [_Section("", "")], 0
    for tag in _TAG.finditer(text):
        sections[-1].parts.append(text[at : tag.start()])
        at = tag.end()
        _take(tag, sections)
    if len(sections) > 1:
        raise BadTemplate(f"{{{{{sections[-1].kind}{sections[-1].name}}}}} has no end")
    sections[0].parts.append(text[at:])
    return sections[0]


def _take(tag: re.Match[str], sections: list[_Section]) -> None:
    """Put a tag where it belongs: into the innermost of the sections that are open."""
    kind, name = tag["kind"] or "", (tag["bare"] or tag["name"] or "").strip()
    match kind:
        case "!":
            return
        case "#" | "^":
            section = _Section(kind, name)
            sections[-1].parts.append(section)
            sections.append(section)
        case "/":
            if sections.pop().name != name or not sections:
                raise BadTemplate(f"{tag[0]} ends nothing that was begun")
        case ">" | "=":
            raise BadTemplate(f"{tag[0]} is not emulated here")
        case _:
            is_bare = kind == "&" or tag["bare"] is not None
            sections[-1].parts.append(_Value(name, is_bare))


def _rendered(section: _Section, values: Values, item: str) -> str:
    """item: what `{{.}}` stands for."""
    return "".join(_shown(part, values, item) for part in section.parts)


def _shown(part: str | _Value | _Section, values: Values, item: str) -> str:
    match part:
        case str():
            return part
        case _Value(name, is_bare):
            text = item if name == "." else values.get(name, ("",))[-1]
            return _legal(text) if is_bare else escape(_legal(text), _QUOTES)
        case _Section("#", "e164"):
            return _number(_rendered(part, values, item))
        case _Section("^", name):
            return "" if any(values.get(name, ())) else _rendered(part, values, item)
        case _:
            given = (one for one in values.get(part.name, ()) if one)
            return "".join(_rendered(part, values, one) for one in given)


def _legal(text: str) -> str:
    """Without characters that no XML may hold."""
    return _NOT_IN_XML.sub("\ufffd", text)


def _number(address: str) -> str:
    """The number in an address such as sip:+15125551212@example.com."""
    bare = address.strip()
    user = bare.removeprefix("sips:").removeprefix("sip:").partition("@")[0]
    return to_e164(user)
