"""Every attribute of a verb: its default and its limits."""

from __future__ import annotations

from typing import Any

import pytest
from pytest import param

from tests.simulator.conformance.documents import check

row = pytest.mark.row


@pytest.mark.row("rule.unknown.value")
@pytest.mark.parametrize(
    ("element", "name", "default", "allowed", "refused"),
    [
        param(
            "Say",
            "voice",
            "man",
            "man|woman|alice|Polly.Joanna-Neural|Google.en-US-Standard-C",
            "tenor|Polly.|",
            marks=row("verb.Say.voice"),
        ),
        param(
            "Say",
            "language",
            "en-US",
            "en|de-DE|cmn-Hans-CN",
            "!|english|",
            marks=row("verb.Say.language"),
        ),
        param("Say", "loop", 1, "0|1|1000", "-1|1001|often", marks=row("verb.Say.loop")),
        param("Play", "loop", 1, "0|3|1000", "-1|1001", marks=row("verb.Play.loop")),
        param("Play", "digits", "", "0123456789*#|wW1", "x|+1", marks=row("verb.Play.digits")),
        param("Pause", "length", 1, "0|1|300", "-1|soon", marks=row("verb.Pause.length")),
        param(
            "Gather",
            "input",
            ("dtmf",),
            "dtmf|speech|dtmf speech",
            "song|DTMF",
            marks=row("verb.Gather.input"),
        ),
        param(
            "Gather",
            "action",
            None,
            "/next|https://a.example/",
            "ftp://a.example/",
            marks=row("verb.Gather.action"),
        ),
        param("Gather", "method", "POST", "GET|POST|post", "PUT", marks=row("verb.Gather.method")),
        param("Gather", "timeout", 5, "0|1|120", "-1|auto", marks=row("verb.Gather.timeout")),
        param(
            "Gather",
            "speechTimeout",
            None,
            "auto|1|2.5",
            "0|-1|never",
            marks=row("verb.Gather.speechTimeout"),
        ),
        param(
            "Gather", "maxSpeechTime", 60, "1|600", "0|601", marks=row("verb.Gather.maxSpeechTime")
        ),
        param(
            "Gather", "finishOnKey", "#", "0|9|*|#|", "12|x", marks=row("verb.Gather.finishOnKey")
        ),
        param("Gather", "numDigits", None, "1|100", "0|-1|all", marks=row("verb.Gather.numDigits")),
        param(
            "Gather",
            "partialResultCallback",
            None,
            "/partial",
            "ftp://a.example/",
            marks=row("verb.Gather.partialResultCallback"),
        ),
        param(
            "Gather",
            "partialResultCallbackMethod",
            "POST",
            "GET|POST",
            "PUT",
            marks=row("verb.Gather.partialResultCallbackMethod"),
        ),
        param(
            "Gather",
            "language",
            "en-US",
            "de-DE|en-GB",
            "!!|english",
            marks=row("verb.Gather.language"),
        ),
        param(
            "Gather",
            "hints",
            (),
            "yes, no",
            "a" * 101 + "|" + ",".join(["x"] * 501),
            marks=row("verb.Gather.hints"),
        ),
        param(
            "Gather",
            "profanityFilter",
            True,
            "true|false|TRUE",
            "maybe|",
            marks=row("verb.Gather.profanityFilter"),
        ),
        param(
            "Gather",
            "speechModel",
            "",
            "default|phone_call|googlev2_telephony_short",
            None,
            marks=row("verb.Gather.speechModel"),
        ),
        param("Gather", "enhanced", False, "true|false", "yes", marks=row("verb.Gather.enhanced")),
        param("Gather", "bargeIn", True, "true|false", "yes", marks=row("verb.Gather.bargeIn")),
        param(
            "Gather",
            "actionOnEmptyResult",
            False,
            "true|false",
            "yes",
            marks=row("verb.Gather.actionOnEmptyResult"),
        ),
        param("Gather", "debug", False, "true|false", "yes", marks=row("verb.Gather.debug")),
        param(
            "Record", "action", None, "/next", "ftp://a.example/", marks=row("verb.Record.action")
        ),
        param("Record", "method", "POST", "GET|POST", "PUT", marks=row("verb.Record.method")),
        param("Record", "timeout", 5, "0|1|600", "-1|soon", marks=row("verb.Record.timeout")),
        param(
            "Record",
            "finishOnKey",
            "1234567890*#",
            "1|59#|",
            "x",
            marks=row("verb.Record.finishOnKey"),
        ),
        param(
            "Record", "maxLength", 3600, "2|14400", "1|0|14401", marks=row("verb.Record.maxLength")
        ),
        param("Record", "playBeep", True, "true|false", "loud", marks=row("verb.Record.playBeep")),
        param(
            "Record",
            "trim",
            "trim-silence",
            "trim-silence|do-not-trim",
            "yes",
            marks=row("verb.Record.trim"),
        ),
        param(
            "Record",
            "recordingStatusCallback",
            None,
            "/told",
            "ftp://a.example/",
            marks=row("verb.Record.recordingStatusCallback"),
        ),
        param(
            "Record",
            "recordingStatusCallbackMethod",
            "POST",
            "GET|POST",
            "PUT",
            marks=row("verb.Record.recordingStatusCallbackMethod"),
        ),
        param(
            "Record",
            "recordingStatusCallbackEvent",
            ("completed",),
            "completed|in-progress completed absent",
            "done|['completed']",
            marks=row("verb.Record.recordingStatusCallbackEvent"),
        ),
        param(
            "Record", "transcribe", False, "true|false", "yes", marks=row("verb.Record.transcribe")
        ),
        param(
            "Record",
            "transcribeCallback",
            None,
            "/text",
            "ftp://a.example/",
            marks=row("verb.Record.transcribeCallback"),
        ),
        param("Dial", "action", None, "/next", "ftp://a.example/", marks=row("verb.Dial.action")),
        param("Dial", "method", "POST", "GET|POST", "PUT", marks=row("verb.Dial.method")),
        param("Dial", "timeout", 30, "5|600", "4|601", marks=row("verb.Dial.timeout")),
        param(
            "Dial", "hangupOnStar", False, "true|false", "*", marks=row("verb.Dial.hangupOnStar")
        ),
        param("Dial", "timeLimit", 14400, "1|14400", "0|14401", marks=row("verb.Dial.timeLimit")),
        param(
            "Dial",
            "record",
            "do-not-record",
            "do-not-record|record-from-answer|record-from-ringing|record-from-answer-dual|record-from-ringing-dual|true|false",
            "yes",
            marks=row("verb.Dial.record"),
        ),
        param(
            "Dial",
            "trim",
            "do-not-trim",
            "trim-silence|do-not-trim",
            "yes",
            marks=row("verb.Dial.trim"),
        ),
        param(
            "Dial",
            "recordingTrack",
            "both",
            "both|inbound|outbound",
            "left",
            marks=row("verb.Dial.recordingTrack"),
        ),
        param(
            "Dial",
            "recordingStatusCallback",
            None,
            "/told",
            "ftp://a.example/",
            marks=row("verb.Dial.recordingStatusCallback"),
        ),
        param(
            "Dial",
            "recordingStatusCallbackMethod",
            "POST",
            "GET|POST",
            "PUT",
            marks=row("verb.Dial.recordingStatusCallbackMethod"),
        ),
        param(
            "Dial",
            "recordingStatusCallbackEvent",
            ("completed",),
            "completed|in-progress absent",
            "done",
            marks=row("verb.Dial.recordingStatusCallbackEvent"),
        ),
        param(
            "Dial",
            "answerOnBridge",
            False,
            "true|false",
            "yes",
            marks=row("verb.Dial.answerOnBridge"),
        ),
        param(
            "Dial",
            "ringTone",
            "automatic",
            "automatic|us|us-old|de|jp|za",
            "xx|DE",
            marks=row("verb.Dial.ringTone"),
        ),
        param("Dial", "sequential", False, "true|false", "yes", marks=row("verb.Dial.sequential")),
        param(
            "Dial", "referUrl", None, "/refer", "ftp://a.example/", marks=row("verb.Dial.referUrl")
        ),
        param("Dial", "referMethod", "POST", "GET|POST", "PUT", marks=row("verb.Dial.referMethod")),
        param(
            "Enqueue", "action", None, "/next", "ftp://a.example/", marks=row("verb.Enqueue.action")
        ),
        param("Enqueue", "method", "POST", "GET|POST", "PUT", marks=row("verb.Enqueue.method")),
        param(
            "Enqueue",
            "waitUrl",
            None,
            "/wait",
            "ftp://a.example/",
            marks=row("verb.Enqueue.waitUrl"),
        ),
        param(
            "Enqueue",
            "waitUrlMethod",
            "POST",
            "GET|POST",
            "PUT",
            marks=row("verb.Enqueue.waitUrlMethod"),
        ),
        param(
            "Enqueue",
            "maxQueueSize",
            1000,
            "1|5000",
            "0|5001",
            marks=row("verb.Enqueue.maxQueueSize"),
        ),
        param("Redirect", "method", "POST", "GET|POST", "PUT", marks=row("verb.Redirect.method")),
        param(
            "Reject", "reason", "rejected", "rejected|busy", "no", marks=row("verb.Reject.reason")
        ),
        param(
            "Connect", "action", None, "/next", "ftp://a.example/", marks=row("verb.Connect.action")
        ),
        param("Connect", "method", "POST", "GET|POST", "PUT", marks=row("verb.Connect.method")),
        param("Start", "action", None, "/next", "ftp://a.example/", marks=row("verb.Start.action")),
        param("Start", "method", "POST", "GET|POST", "PUT", marks=row("verb.Start.method")),
        param("Refer", "action", None, "/next", "ftp://a.example/", marks=row("verb.Refer.action")),
        param("Refer", "method", "POST", "GET|POST", "PUT", marks=row("verb.Refer.method")),
    ],
)
def test_an_attribute_of_a_verb_has_its_default_and_its_limits(
    element: str, name: str, default: Any, allowed: str, refused: str | None
) -> None:
    check(element, name, default, allowed, refused)
