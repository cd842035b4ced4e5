"""Documents are read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.twiml import schema
from simulator.twiml.parser import DocumentError, Verb, parse


def refused(document: str) -> DocumentError:
    with pytest.raises(DocumentError) as error:
        parse(document.encode())
    return error.value


def one(document: str) -> Verb:
    (verb,) = parse(f"<Response>{document}</Response>".encode())
    return verb


def test_attributes_that_are_not_there_have_twilios_defaults() -> None:
    gather = one("<Gather/>")
    assert (gather["timeout"], gather["finishOnKey"], gather["numDigits"]) == (5, "#", None)
    record = one('<Record maxLength="9"/>')
    assert (record["timeout"], record["maxLength"], record["playBeep"]) == (5, 9, True)
    assert record["trim"] == "trim-silence" and record["finishOnKey"] == "1234567890*#"
    assert record.given == {"maxLength"}


def test_a_method_and_events_are_read_as_programs_write_them() -> None:
    assert one('<Gather method="get"/>')["method"] == "GET"
    number = '<Dial><Number statusCallbackEvent="initiated,ringing, answered">x</Number></Dial>'
    events = one(number).children[0]["statusCallbackEvent"]
    assert events == ("initiated", "ringing", "answered")
    begun = refused(f"<Response>{number.replace('initiated', 'begun')}</Response>")
    assert "some of initiated" in str(begun)


@pytest.mark.row("rule.unknown.verb")
def test_an_unknown_verb_is_an_error_with_line_and_column() -> None:
    error = refused("<Response>\n  <Say>Hi</Say>\n  <Shout>Hi</Shout>\n</Response>")
    assert (error.code, error.line, error.column) == (12200, 3, 3)
    assert "no such element <Shout>" in str(error) and "Say, Play" in str(error)


@pytest.mark.row("rule.unknown.attribute")
def test_an_unknown_attribute_is_an_error_at_its_place() -> None:
    error = refused('<Response>\n  <Say voice="man"\n       loud="1">Hi</Say></Response>')
    assert (error.code, error.line, error.column) == (12200, 3, 8)
    assert "loud" in str(error)


@pytest.mark.parametrize(
    ("document", "code", "words"),
    [
        ("", 12100, "empty"),
        ("<Response>", 12100, "not XML"),
        ('\n<?xml version="1.0"?><Response/>', 12100, "declaration not at start"),
        ("<Answer/>", 12102, "expected <Response>"),
        ("<response/>", 12102, "expected <Response>"),
        ("<Response>Hello</Response>", 12200, "text is not allowed"),
        ("<Response><say>Hi</say></Response>", 12200, "no such element <say>"),
        ('<Response><Pause length="soon"/></Response>', 13910, "expected a whole number"),
        ('<Response><Gather method="PUT"/></Response>', 13312, "GET, POST"),
        ('<Response><Gather input="song"/></Response>', 13326, "some of dtmf, speech"),
        ('<Response><Gather speechTimeout="soon"/></Response>', 13327, "seconds, or auto"),
        ("<Response><Pay/></Response>", 12200, "<Pay> in <Response> is not emulated"),
        ("<Response><Dial><Sim>x</Sim></Dial></Response>", 12200, "not emulated"),
        ("<Response><Gather><Record/></Gather></Response>", 13320, "not allowed in <Gather>"),
        ("<Response><Connect/></Response>", 12200, "<Connect> is empty"),
        ("<Response><Connect><Stream/></Connect></Response>", 12200, "needs the attribute url"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><Response/>", 12100, "document type"),
    ],
)
@pytest.mark.row("rule.case", "verb.Record.nesting", "gather.nested")
def test_what_is_not_twiml_is_refused(document: str, code: int, words: str) -> None:
    error = refused(document)
    assert error.code == code and words in str(error)


def test_blanks_before_a_document_without_declaration_are_no_error() -> None:
    (verb,) = parse(b"\n  <Response>\n<Hangup/></Response>")
    assert (verb.name, verb.line, verb.column) == ("Hangup", 3, 1)


@pytest.mark.row("queue.wait.verbs")
def test_a_wait_document_holds_less() -> None:
    assert parse(b"<Response><Leave/></Response>", verbs=schema.WAIT_VERBS)
    with pytest.raises(DocumentError):
        parse(b"<Response><Record/></Response>", verbs=schema.WAIT_VERBS)


def test_speech_markup_is_read_as_its_words() -> None:
    assert one('<Say>It is <sub alias="twelve">12</sub> <break/>o\'clock</Say>').text == (
        "It is twelve o'clock"
    )


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(document: bytes) -> None:
    try:
        parse(document)
    except DocumentError as error:
        assert error.code in (12100, 12102, 12200)


@given(st.text(alphabet="<>/ResponSay=\"' &;#x0123", max_size=80))
def test_no_near_twiml_crashes_the_reader(inside: str) -> None:
    try:
        parse(f"<Response>{inside}</Response>".encode())
    except DocumentError as error:
        assert error.line >= 1 and error.column >= 1
