"""Reads a TwiML document and says what is not in the schema, with line and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from simulator.twiml import schema
from simulator.twiml.codes import SCHEMA, code_of_child, code_of_value

_MOST_DEPTH = 20


class DocumentError(Exception):
    """The document cannot be run. `code` is Twilio's error code; line and column count from 1."""

    def __init__(self, code: int, message: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.code = code
        self.message = message
        self.line = line
        self.column = column


class Misplaced(DocumentError):
    """An element that is TwiML, but not there."""

    def __init__(self, element: str, error: DocumentError) -> None:
        super().__init__(error.code, error.message, error.line, error.column)
        self.element = element


Leniency = Callable[[DocumentError], None]
"""Takes note of a violation and lets the rest be read, or raises it."""


def refuse(error: DocumentError) -> None:
    """Let no violation pass."""
    raise error


def ignore(error: DocumentError) -> None:
    """Let every violation pass that leaves something to be read."""


@dataclass(frozen=True)
class Verb:
    """An element with every attribute of the schema, defaults filled in.

    given: the names of the attributes that the document had.
    text: what stands between its tags, white space at the ends removed; for Say with SSML the
    words of all the parts. parts: text and children in the order in which they stand.
    """

    name: str
    attributes: Mapping[str, Any]
    given: frozenset[str]
    text: str
    children: tuple[Verb, ...]
    line: int
    column: int
    parts: tuple[str | Verb, ...] = ()

    def __getitem__(self, attribute: str) -> Any:
        return self.attributes[attribute]


@dataclass
class _Open:
    """An element whose end has not come yet."""

    name: str
    rules: schema.Element
    attributes: dict[str, Any]
    given: frozenset[str]
    line: int
    column: int
    children: list[Verb] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    parts: list[str | Verb] = field(default_factory=list)


def parse(
    document: bytes,
    *,
    verbs: tuple[str, ...] = schema.VERBS,
    leniency: Leniency = refuse,
) -> tuple[Verb, ...]:
    """The verbs of a document. `verbs`: what may stand in <Response>.

    leniency: asked about each element that is unknown, misplaced or lacks an attribute (left out
    with what is in it), unknown attribute and unreadable value (left out, so that the default
    holds) and stray text.
    Raises DocumentError.
    """
    return _Reader(document, verbs, leniency).read()


class _Reader:
    def __init__(self, document: bytes, verbs: tuple[str, ...], leniency: Leniency) -> None:
        self._document = document
        self._verbs = verbs
        self._be_lenient = leniency
        self._left_out = 0
        self._stack: list[_Open] = []
        self._verbs_found: tuple[Verb, ...] | None = None
        self._parser = expat.ParserCreate(namespace_separator=None)
        self._parser.ordered_attributes = True
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.XmlDeclHandler = self._declaration

    def read(self) -> tuple[Verb, ...]:
        if not self._document.strip():
            raise DocumentError(12100, "the document is empty; expected <Response>", 1, 1)
        try:
            self._parser.Parse(self._document, True)
        except expat.ExpatError as error:
            what = expat.errors.messages.get(error.code, str(error))
            raise DocumentError(
                12100, f"not XML: {what}", error.lineno, error.offset + 1
            ) from error
        except (LookupError, ValueError) as error:
            raise DocumentError(12100, f"not XML: {error}", 1, 1) from error
        if self._verbs_found is None:
            raise self._error(12102, "no <Response>")
        return self._verbs_found

    def _error(self, code: int, message: str) -> DocumentError:
        parser = self._parser
        return DocumentError(
            code, message, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1
        )

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if version != "1.0":
            raise self._error(12101, f"XML version {version}; expected 1.0")

    def _doctype(self, *_: object) -> None:
        raise self._error(12100, "a document type is not allowed in TwiML")

    def _start(self, name: str, attributes: list[str]) -> None:
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        rules = None if self._left_out else self._rules_of(name)
        if rules is None:
            self._left_out += 1
            return
        if len(self._stack) > _MOST_DEPTH:
            raise self._error(12200, f"more than {_MOST_DEPTH} elements inside each other")
        pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
        values = self._values(name, rules, pairs)
        given = frozenset(values)
        if not self._is_complete(name, rules, given):
            self._left_out += 1
            return
        defaults = {key: rule.default for key, rule in rules.attributes.items()}
        self._stack.append(_Open(name, rules, {**defaults, **values}, given, line, column))

    def _is_complete(self, name: str, rules: schema.Element, given: frozenset[str]) -> bool:
        """Whether every attribute that must be there is; if not, the element is left out."""
        for key, rule in rules.attributes.items():
            if rule.default is schema.REQUIRED and key not in given:
                self._be_lenient(self._error(12200, f"<{name}> needs the attribute {key}"))
                return False
        return True

    def _rules_of(self, name: str) -> schema.Element | None:
        """What the element may have, or None when it is left out."""
        if not self._stack:
            if name != "Response":
                raise self._error(12102, f"the root is <{name}>; expected <Response>")
            return schema.RESPONSE
        parent = self._stack[-1]
        allowed = self._verbs if parent.name == "Response" else parent.rules.children
        known = schema.RENAMED.get((parent.name, name), name)
        if known in allowed:
            return schema.VOICE[known]
        if name in schema.NOT_EMULATED or (parent.name, name) in schema.NOT_EMULATED_IN:
            raise self._error(12200, f"<{name}> in <{parent.name}> is not emulated here")
        if name in schema.VOICE:
            message = f"<{name}> is not allowed in <{parent.name}>; {_some(allowed)}"
            self._be_lenient(Misplaced(name, self._error(code_of_child(parent.name), message)))
            return None
        message = f"no such element <{name}> in <{parent.name}>; {_some(allowed)}"
        self._be_lenient(self._error(12200, message))
        return None

    def _values(
        self, element: str, rules: schema.Element, pairs: Mapping[str, str]
    ) -> dict[str, Any]:
        """The values of the attributes that are not left out."""
        values = {}
        for name, text in pairs.items():
            rule = self._rule_of(element, rules, name)
            if rule is None:
                continue
            try:
                values[name] = rule.kind.read(text)
            except ValueError:
                expected = rule.kind.expects
                message = f"{name} of <{element}>: expected {expected}, got {text!r}"
                code = code_of_value(element, name, text)
                self._be_lenient(self._error_at(name, message, code))
        return values

    def _rule_of(self, element: str, rules: schema.Element, name: str) -> schema.Attribute | None:
        """What an attribute may say, or None when it is left out."""
        rule = rules.attributes.get(name)
        if rule is not None:
            return rule
        if name in rules.not_emulated:
            raise self._error_at(name, f"{name} of <{element}> is not emulated here")
        known = sorted({*rules.attributes, *rules.not_emulated})
        message = f"<{element}> has no attribute {name}; {_some(known)}"
        self._be_lenient(self._error_at(name, message))
        return None

    def _error_at(self, attribute: str, message: str, code: int = SCHEMA) -> DocumentError:
        """An error at an attribute of the tag that is being read."""
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        begin = self._parser.CurrentByteIndex
        rest = self._document[begin:].decode(errors="replace")
        found = re.search(rf"\s({re.escape(attribute)})\s*=", rest)
        if found:
            before = rest[: found.start(1)]
            line += before.count("\n")
            tail = before.rpartition("\n")[2]
            column = len(tail) + 1 if "\n" in before else column + len(tail)
        return DocumentError(code, message, line, column)

    def _text(self, text: str) -> None:
        if not self._stack or self._left_out:
            return
        top = self._stack[-1]
        if not top.rules.text and text.strip():
            message = f"text is not allowed in <{top.name}>: {text.strip()[:40]!r}"
            self._be_lenient(self._error(12200, message))
            return
        top.pieces.append(text)
        top.parts.append(text)

    def _end(self, name: str) -> None:
        if self._left_out:
            self._left_out -= 1
            return
        done = self._stack.pop()
        if len(done.children) < done.rules.least_children:
            raise self._error(12200, f"<{name}> is empty; {_some(done.rules.children)}")
        if done.rules.most_children is not None and len(done.children) > done.rules.most_children:
            raise self._error(12200, f"<{name}> takes only {done.rules.most_children} of its nouns")
        text = "".join(done.pieces)
        verb = Verb(
            done.name,
            done.attributes,
            done.given,
            " ".join(text.split()),
            tuple(done.children),
            done.line,
            done.column,
            tuple(done.parts),
        )
        if not self._stack:
            self._verbs_found = verb.children
            return
        self._stack[-1].children.append(verb)
        self._stack[-1].parts.append(verb)
        if self._stack[-1].rules.text and not done.rules.is_apart:
            self._stack[-1].pieces.append(str(verb.attributes.get("alias") or text))


_SHOWN = {known: name for (_, name), known in schema.RENAMED.items()}


def _some(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(_SHOWN.get(name, name) for name in names)
    return f"allowed: {shown}" if shown else "nothing is allowed there"
