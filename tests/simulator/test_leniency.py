"""What violates the schema is a warning, and the rest runs; strict networks refuse the document."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.twiml.parser import DocumentError, ignore, parse
from tests.simulator.app import FakeApp, network, response, run
from tests.simulator.line import Played, one, play

SAY = "<Say>Hello</Say>"
VIOLATIONS = {
    '<Say colour="red">Hello</Say>': (12200, "colour"),
    "<Shout>Hello</Shout>" + SAY: (12200, "<Shout>"),
    "<say>Hello</say>" + SAY: (12200, "<say>"),
    "<Stream url='wss://a.test'/>" + SAY: (12200, "<Stream>"),
    "Hello." + SAY: (12200, "text is not allowed"),
    '<Gather numDigits="all" timeout="1">' + SAY + "</Gather>": (13314, "numDigits"),
    '<Gather timeout="1"><Dial>911</Dial>' + SAY + "</Gather>": (13320, "<Dial>"),
}


def verbs(played: Played) -> list[str]:
    return [str(event["verb"]) for event in played.events("verb")]


@pytest.mark.parametrize("document", VIOLATIONS)
def test_the_rest_runs_and_a_warning_says_where(tmp_path: Path, document: str) -> None:
    played = one(tmp_path, document, strict=False)
    code, about = VIOLATIONS[document]
    (warning,) = played.events("error")
    assert warning["code"] == code and about in warning["message"]
    assert warning["level"] == "warning" and warning["message"].startswith("line 1, column ")
    assert [one.level for one in played.net.exchange.debugger.alerts] == ["warning"]
    assert played.heard() == ["Hello"]


@pytest.mark.parametrize("document", VIOLATIONS)
def test_nothing_runs_where_it_is_strict(tmp_path: Path, document: str) -> None:
    played = one(tmp_path, document, strict=True)
    assert played.codes() == [VIOLATIONS[document][0]]
    assert not verbs(played)
    assert played.events("error")[0]["level"] == "error"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Pay/>" + SAY, 12200),
        ('<Enqueue workflowSid="WW1">shop</Enqueue>' + SAY, 12200),
        ('<Dial callerId="the office">+13125550177</Dial>' + SAY, 13214),
        ("<Say>Hello", 12100),
    ],
    ids=["not emulated", "attribute not emulated", "caller id", "no XML"],
)
def test_what_cannot_be_left_out_ends_the_document(
    tmp_path: Path, document: str, code: int
) -> None:
    played = one(tmp_path, document, strict=False)
    assert played.codes() == [code] and "Hello" not in played.heard()


def test_a_verb_whose_only_noun_is_left_out_ends_the_document(tmp_path: Path) -> None:
    played = one(tmp_path, "<Connect><Stream/></Connect>" + SAY, strict=False)
    told = [(event["code"], event["level"]) for event in played.events("error")]
    assert told == [(12200, "warning"), (12200, "error")] and "Hello" not in played.heard()


def test_what_is_left_out_takes_all_that_is_in_it_along() -> None:
    inner = b"<Response><A><Say>no</Say>text<B/></A><Say>yes</Say></Response>"
    (verb,) = parse(inner, leniency=ignore)
    assert verb.text == "yes"


def test_a_parameter_without_a_value_is_left_out_and_the_others_count() -> None:
    stream = b"<Stream url='wss://a.test'><Parameter name='a'/><Parameter name='b' value='2'/>"
    (connect,) = parse(
        b"<Response><Connect>" + stream + b"</Stream></Connect></Response>", leniency=ignore
    )
    assert [child["name"] for child in connect.children[0].children] == ["b"]


def test_an_unreadable_value_counts_as_not_given() -> None:
    (gather,) = parse(b'<Response><Gather numDigits="x"/></Response>', leniency=ignore)
    (plain,) = parse(b"<Response><Gather/></Response>")
    assert gather["numDigits"] == plain["numDigits"]
    assert "numDigits" not in gather.given


def test_a_whisper_that_dials_is_refused_all_the_same(tmp_path: Path) -> None:
    replies = {
        "/voice": response('<Dial><Number url="/whisper">+13125550177</Number></Dial>'),
        "/whisper": response("<Dial>+13125550178</Dial>"),
    }
    played = play(tmp_path, replies, phones={"+13125550177": {}}, strict=False)
    assert [alert.code for alert in played.net.exchange.debugger.alerts] == [13201]


def test_a_text_is_answered_beside_what_is_no_messaging_verb(tmp_path: Path) -> None:
    app = FakeApp({"/sms": response(SAY, "<Message>Thank you</Message>"), "/status": response()})

    async def work() -> None:
        hook = "https://hotline.test/sms"
        async with network(app, tmp_path, pace=0.0, sms_url=hook, strict=False) as net:
            await net.text(from_number="+13125550199", to="+13125550100", body="hi")
            sent = [one.body for one in net.exchange.messages.all if one.direction != "inbound"]
            assert sent == ["Thank you"]
            assert [(one.code, one.level) for one in net.exchange.debugger.alerts] == [
                (12200, "warning")
            ]

    run(work())


def test_strictness_is_what_a_parser_has_unless_told_otherwise() -> None:
    with pytest.raises(DocumentError, match=r"line 1, column \d+: <Say> has no attribute colour"):
        parse(b'<Response><Say colour="red">Hello</Say></Response>')
