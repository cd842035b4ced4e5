"""Everything the `twilio` package can write is emulated, or refused by name: nothing is ignored."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.twiml import TwiML, voice_response

from simulator.twiml import schema
from simulator.twiml.element import REQUIRED, Element
from simulator.twiml.parser import DocumentError, parse

ABOVE = {
    "Gather": ("Response",),
    "Dial": ("Response",),
    "Connect": ("Response",),
    "Start": ("Response",),
    "Stop": ("Response",),
    "Refer": ("Response",),
    "Enqueue": ("Response",),
    "Hangup": ("Response",),
    "Reject": ("Response",),
    "Say": ("Response",),
    "Pay": ("Response",),
    "Prompt": ("Response",),
    "Client": ("Response", "Dial"),
    "Application": ("Response", "Dial"),
    "Sip": ("Response", "Dial"),
    "Stream": ("Response", "Start"),
    "Siprec": ("Response", "Start"),
    "Transcription": ("Response", "Start"),
    "VirtualAgent": ("Response", "Connect"),
    "ConversationRelay": ("Response", "Connect"),
    "Headers": ("Response", "Dial", "Sip"),
}
"""What stands above each element that may hold others."""
PLAIN = {
    "ai_session": "AiSession",
    "break_": "break",
    "say_as": "say-as",
    "sip": "Sip",
    "uri": "Uri",
}
SSML = frozenset({"emphasis", "lang", "p", "phoneme", "prosody", "s", "sub", "w"})


def classes() -> dict[str, type[TwiML]]:
    """Every element's class of the package."""
    found = inspect.getmembers(voice_response, inspect.isclass)
    return {name: one for name, one in found if issubclass(one, TwiML) and one is not TwiML}


def element_name(owner: type[TwiML]) -> str:
    """The element that a class writes."""
    signature = inspect.signature(owner.__init__).parameters.values()
    needed = [one for one in signature if one.default is one.empty and one.name != "self"]
    plain = [one for one in needed if one.kind is one.POSITIONAL_OR_KEYWORD]
    return str(owner(*["x" for _ in plain]).name)


def written() -> Iterator[tuple[str, str, str]]:
    """(parent, child, attribute) of everything that the package can write; attribute may be ''."""
    names = {element_name(one) for one in classes().values()} - {"Response"}
    for owner in classes().values():
        for method, function in inspect.getmembers(owner, inspect.isfunction):
            child = _child(method, names)
            if method in vars(owner) and child:
                yield element_name(owner), child, ""
                for argument in list(inspect.signature(function).parameters.values())[1:]:
                    if argument.kind is argument.POSITIONAL_OR_KEYWORD:
                        yield element_name(owner), child, _attribute(child, argument.name)


def _child(method: str, names: set[str]) -> str:
    pascal = "".join(part.capitalize() for part in method.split("_"))
    named = PLAIN.get(method) or (method if method in SSML else pascal)
    return named if named in names else ""


_TEXT = frozenset(
    {
        ("Number", "phoneNumber"),
        ("Conference", "name"),
        ("Queue", "name"),
        ("Enqueue", "name"),
        ("Dial", "number"),
        ("Client", "identity"),
        ("Identity", "clientIdentity"),
        ("Application", "applicationSid"),
        ("ApplicationSid", "sid"),
        ("Sip", "sipUrl"),
        ("Uri", "sipUrl"),
        ("Say", "message"),
        ("Sms", "message"),
        ("Play", "url"),
        ("Redirect", "url"),
        ("Task", "body"),
        ("Sim", "simSid"),
        ("WhatsApp", "phoneNumber"),
        ("Room", "name"),
        ("Autopilot", "name"),
    }
)
"""Arguments that are the element's text."""


def _attribute(child: str, argument: str) -> str:
    if argument == "words":
        return ""
    first, *rest = argument.rstrip("_").split("_")
    name = {"xmlLang": "xml:lang", "interpretAs": "interpret-as"}.get(
        camel := first + "".join(part.capitalize() for part in rest), camel
    )
    return "" if (child, name) in _TEXT else name


def refusal(document: str) -> str:
    """What the document is refused with; nothing when it is read."""
    try:
        parse(document.encode())
    except DocumentError as error:
        return str(error)
    return ""


def below(parents: tuple[str, ...], inner: str) -> str:
    """An element inside its parents."""
    opened = "".join(f"<{name}{_needed(name)}>" for name in parents)
    closed = "".join(f"</{name}>" for name in reversed(parents))
    return f"{opened}{inner}{closed}"


def _rules(parent: str, child: str) -> Element | None:
    return schema.VOICE.get(schema.RENAMED.get((parent, child), child))


def _needed(name: str, parent: str = "", besides: str = "") -> str:
    rules = _rules(parent, name)
    if rules is None:
        return ""
    values = {"xml:lang": "en", "interpret-as": "date", "url": "wss://a.example/"}
    needed = [key for key, rule in rules.attributes.items() if rule.default is REQUIRED]
    return "".join(f' {key}="{values.get(key, "x")}"' for key in needed if key != besides)


def path_to(parent: str) -> tuple[str, ...]:
    """The elements from the root to a parent."""
    if parent == "Response":
        return ("Response",)
    if parent in schema.VOICE and parent not in ABOVE:
        return ("Response", "Say", parent)
    return (*ABOVE[parent], parent)


def test_the_package_is_read_whole() -> None:
    found = set(written())
    assert len(classes()) >= 59 and len(found) > 500
    assert ("Response", "Gather", "actionOnEmptyResult") in found
    assert ("Sip", "Uri", "priority") in found and ("Say", "lang", "xml:lang") in found
    assert {child for _, child, _ in found} | {"Response"} == {
        element_name(one) for one in classes().values()
    }


@pytest.mark.parametrize("parent", sorted({parent for parent, _, _ in written()}))
def test_every_element_is_emulated_or_refused_by_name(parent: str) -> None:
    for child in sorted({child for owner, child, _ in written() if owner == parent}):
        inner = f"<{child}{_needed(child, parent)}/>"
        said = refusal(below(path_to(parent), inner))
        is_refused = f"<{child}> in <{parent}> is not emulated" in said
        parent_is_refused = f"<{parent}>" in said and "is not emulated" in said
        is_read = not said or "is empty" in said
        assert is_read or is_refused or parent_is_refused, (parent, child, said)


@pytest.mark.parametrize("parent", sorted({parent for parent, _, _ in written()}))
@pytest.mark.row("rule.package")
def test_every_attribute_is_emulated_or_refused_by_name(parent: str) -> None:
    for _, child, attribute in sorted(one for one in set(written()) if one[0] == parent and one[2]):
        rules = _rules(parent, child)
        if rules is not None and attribute in rules.attributes:
            continue
        needed = _needed(child, parent, besides=attribute)
        said = refusal(below(path_to(parent), f'<{child}{needed} {attribute}="x"/>'))
        assert "is not emulated" in said, (parent, child, attribute, said)


def test_what_the_package_cannot_write_is_not_called_unemulated() -> None:
    said: Any = refusal('<Response><Gather colour="red"/></Response>')
    assert "no attribute colour" in said and "not emulated" not in said
