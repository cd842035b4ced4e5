"""The table of verbs, nouns and attributes, with Twilio's defaults.

Names are those of the `twilio` package 9.13.0, defaults those of Twilio's verb pages. What is real
TwiML but not emulated here stands in `NOT_EMULATED` and is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.twiml.values import (
    BOOLEAN,
    GATHER_INPUT,
    HINTS,
    KEY_ROW,
    LANGUAGE,
    METHOD,
    ONE_KEY,
    SOCKET_URL,
    SOME_KEYS,
    SPEECH_TIMEOUT,
    TEXT,
    URL,
    Kind,
    integer,
    one_of,
    some_of,
)

REQUIRED = object()
"""Default of an attribute that must be there."""


@dataclass(frozen=True)
class Attribute:
    """What an attribute may hold, and its value when it is not there."""

    kind: Kind
    default: Any = None


@dataclass(frozen=True)
class Element:
    """What an element may hold."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    children: tuple[str, ...] = ()
    text: bool = False
    is_apart: bool = False
    """Whether its text is no part of what its parent says."""
    not_emulated: frozenset[str] = frozenset()
    """Real attributes that would change what happens here, and do not."""
    least_children: int = 0
    most_children: int | None = None


_ACTION = {"action": Attribute(URL), "method": Attribute(METHOD, "POST")}
_RECORDING_EVENTS = some_of("in-progress", "completed", "absent")
_RECORDING_CALLBACK = {
    "recordingStatusCallback": Attribute(URL),
    "recordingStatusCallbackMethod": Attribute(METHOD, "POST"),
    "recordingStatusCallbackEvent": Attribute(_RECORDING_EVENTS, ("completed",)),
}
_STREAM = {
    "url": Attribute(SOCKET_URL, REQUIRED),
    "name": Attribute(TEXT, ""),
    "track": Attribute(one_of("inbound_track", "outbound_track", "both_tracks"), "inbound_track"),
    "statusCallback": Attribute(URL),
    "statusCallbackMethod": Attribute(METHOD, "POST"),
}
DIAL_RECORD = (
    "do-not-record",
    "record-from-answer",
    "record-from-ringing",
    "record-from-answer-dual",
    "record-from-ringing-dual",
)
_CALLED = {
    "url": Attribute(URL),
    "method": Attribute(METHOD, "POST"),
    "statusCallback": Attribute(URL),
    "statusCallbackMethod": Attribute(METHOD, "POST"),
    "statusCallbackEvent": Attribute(
        some_of("initiated", "ringing", "answered", "completed"), ("completed",)
    ),
}
_DETECTION = {
    "machineDetection": Attribute(one_of("Enable", "DetectMessageEnd")),
    "machineDetectionTimeout": Attribute(integer(1, 120), 30),
    "machineDetectionSpeechThreshold": Attribute(integer(1000, 6000), 2400),
    "machineDetectionSpeechEndThreshold": Attribute(integer(500, 5000), 1200),
    "machineDetectionSilenceTimeout": Attribute(integer(2000, 10_000), 5000),
    "amdStatusCallback": Attribute(URL),
    "amdStatusCallbackMethod": Attribute(METHOD, "POST"),
}
_STREAM_ELSEWHERE = frozenset({"connectorName", "audioFormat", "sampleRate"})
_SSML = ("break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w")
_SAY_IN = ("Say", "Play", "Pause")
VOICE: Mapping[str, Element] = {
    "Say": Element(
        attributes={
            "voice": Attribute(TEXT, "man"),
            "language": Attribute(LANGUAGE, "en-US"),
            "loop": Attribute(integer(0, 1000), 1),
        },
        children=_SSML,
        text=True,
    ),
    "Play": Element(
        attributes={
            "loop": Attribute(integer(0, 1000), 1),
            "digits": Attribute(KEY_ROW, ""),
        },
        text=True,
    ),
    "Pause": Element(attributes={"length": Attribute(integer(0), 1)}),
    "Gather": Element(
        attributes={
            "input": Attribute(GATHER_INPUT, ("dtmf",)),
            **_ACTION,
            "timeout": Attribute(integer(0), 5),
            "finishOnKey": Attribute(ONE_KEY, "#"),
            "numDigits": Attribute(integer(1)),
            "actionOnEmptyResult": Attribute(BOOLEAN, False),
            "language": Attribute(LANGUAGE, "en-US"),
            "bargeIn": Attribute(BOOLEAN, True),
            "debug": Attribute(BOOLEAN, False),
            "speechTimeout": Attribute(SPEECH_TIMEOUT),
            "maxSpeechTime": Attribute(integer(1, 600), 60),
            "partialResultCallback": Attribute(URL),
            "partialResultCallbackMethod": Attribute(METHOD, "POST"),
            "hints": Attribute(HINTS, ()),
            "profanityFilter": Attribute(BOOLEAN, True),
            "speechModel": Attribute(TEXT, ""),
            "enhanced": Attribute(BOOLEAN, False),
        },
        children=_SAY_IN,
    ),
    "Record": Element(
        attributes={
            **_ACTION,
            "timeout": Attribute(integer(0), 5),
            "finishOnKey": Attribute(SOME_KEYS, "1234567890*#"),
            "maxLength": Attribute(integer(1, 14400), 3600),
            "playBeep": Attribute(BOOLEAN, True),
            "trim": Attribute(one_of("trim-silence", "do-not-trim"), "trim-silence"),
            **_RECORDING_CALLBACK,
        },
        not_emulated=frozenset({"transcribe", "transcribeCallback", "recordingConfigurationId"}),
    ),
    "Enqueue": Element(
        attributes={
            **_ACTION,
            "waitUrl": Attribute(URL),
            "waitUrlMethod": Attribute(METHOD, "POST"),
            "maxQueueSize": Attribute(integer(1, 5000), 1000),
        },
        text=True,
        not_emulated=frozenset({"workflowSid"}),
    ),
    "Leave": Element(),
    "Dial": Element(
        attributes={
            **_ACTION,
            "timeout": Attribute(integer(5, 600), 30),
            "timeLimit": Attribute(integer(1, 14400), 14400),
            "hangupOnStar": Attribute(BOOLEAN, False),
            "callerId": Attribute(TEXT),
            "answerOnBridge": Attribute(BOOLEAN, False),
            "sequential": Attribute(BOOLEAN, False),
            "ringTone": Attribute(TEXT, "automatic"),
            "record": Attribute(one_of(*DIAL_RECORD, "true", "false"), "do-not-record"),
            "trim": Attribute(one_of("trim-silence", "do-not-trim"), "do-not-trim"),
            "recordingTrack": Attribute(one_of("both", "inbound", "outbound"), "both"),
            **_RECORDING_CALLBACK,
        },
        children=("Number", "Client", "Sip", "Queue", "Conference"),
        text=True,
        most_children=10,
        not_emulated=frozenset(
            {"recordingConfigurationId", "referUrl", "referMethod", "events", "passports"}
        ),
    ),
    "Number": Element(
        attributes={**_CALLED, **_DETECTION, "sendDigits": Attribute(TEXT, "")},
        text=True,
        not_emulated=frozenset({"byoc"}),
    ),
    "Client": Element(attributes=_CALLED, children=("Identity", "Parameter"), text=True),
    "Identity": Element(text=True),
    "Sip": Element(
        attributes={
            **_CALLED,
            **_DETECTION,
            "username": Attribute(TEXT, ""),
            "password": Attribute(TEXT, ""),
        },
        text=True,
    ),
    "Conference": Element(
        attributes={
            "muted": Attribute(BOOLEAN, False),
            "beep": Attribute(one_of("true", "false", "onEnter", "onExit"), "true"),
            "startConferenceOnEnter": Attribute(BOOLEAN, True),
            "endConferenceOnExit": Attribute(BOOLEAN, False),
            "participantLabel": Attribute(TEXT, ""),
            "jitterBufferSize": Attribute(one_of("off", "small", "medium", "large"), "large"),
            "waitUrl": Attribute(URL),
            "waitMethod": Attribute(METHOD, "POST"),
            "maxParticipants": Attribute(integer(2, 250), 250),
            "record": Attribute(
                one_of("do-not-record", "record-from-start", "true", "false"), "do-not-record"
            ),
            "trim": Attribute(one_of("trim-silence", "do-not-trim"), "trim-silence"),
            "region": Attribute(TEXT, ""),
            "coach": Attribute(TEXT, ""),
            "statusCallback": Attribute(URL),
            "statusCallbackMethod": Attribute(METHOD, "POST"),
            "statusCallbackEvent": Attribute(
                some_of(
                    "start",
                    "end",
                    "join",
                    "leave",
                    "mute",
                    "hold",
                    "modify",
                    "speaker",
                    "announcement",
                ),
                ("start", "end"),
            ),
            **_RECORDING_CALLBACK,
        },
        text=True,
        not_emulated=frozenset({"recordingConfigurationId", "eventCallbackUrl"}),
    ),
    "Queue": Element(
        attributes={"url": Attribute(URL), "method": Attribute(METHOD, "POST")},
        text=True,
        not_emulated=frozenset({"reservationSid", "postWorkActivitySid"}),
    ),
    "Connect": Element(attributes=_ACTION, children=("Stream",), least_children=1, most_children=1),
    "Start": Element(attributes=_ACTION, children=("Stream", "Recording"), least_children=1),
    "Stop": Element(children=("Stop-Stream",), least_children=1),
    "Stream": Element(attributes=_STREAM, children=("Parameter",), not_emulated=_STREAM_ELSEWHERE),
    "Stop-Stream": Element(attributes={**_STREAM, "url": Attribute(SOCKET_URL, "")}),
    "Parameter": Element(
        attributes={"name": Attribute(TEXT, REQUIRED), "value": Attribute(TEXT, REQUIRED)}
    ),
    "Recording": Element(
        attributes={
            **_RECORDING_CALLBACK,
            "trim": Attribute(one_of("trim-silence", "do-not-trim"), "do-not-trim"),
            "track": Attribute(one_of("inbound", "outbound", "both"), "both"),
            "channels": Attribute(one_of("mono", "dual"), "dual"),
        },
        not_emulated=frozenset({"recordingConfigurationId"}),
    ),
    "Message": Element(
        attributes={
            "to": Attribute(TEXT, ""),
            "from": Attribute(TEXT, ""),
            "action": Attribute(URL),
            "method": Attribute(METHOD, "POST"),
            "statusCallback": Attribute(URL),
        },
        children=("Body", "Media"),
        text=True,
    ),
    "Body": Element(text=True),
    "Media": Element(text=True, is_apart=True),
    "Redirect": Element(attributes={"method": Attribute(METHOD, "POST")}, text=True),
    "Reject": Element(attributes={"reason": Attribute(one_of("rejected", "busy"), "rejected")}),
    "Hangup": Element(),
    "break": Element(
        attributes={
            "strength": Attribute(
                one_of("none", "x-weak", "weak", "medium", "strong", "x-strong"), "medium"
            ),
            "time": Attribute(TEXT),
        }
    ),
    "emphasis": Element(
        attributes={"level": Attribute(one_of("strong", "moderate", "reduced"))},
        children=_SSML,
        text=True,
    ),
    "lang": Element(
        attributes={"xml:lang": Attribute(LANGUAGE, REQUIRED)}, children=_SSML, text=True
    ),
    "p": Element(children=_SSML, text=True),
    "s": Element(children=_SSML, text=True),
    "phoneme": Element(
        attributes={
            "alphabet": Attribute(one_of("ipa", "x-sampa", "x-amazon-jyutping", "x-amazon-pinyin")),
            "ph": Attribute(TEXT, REQUIRED),
        },
        text=True,
    ),
    "prosody": Element(
        attributes={
            "volume": Attribute(TEXT),
            "rate": Attribute(TEXT),
            "pitch": Attribute(TEXT),
        },
        children=_SSML,
        text=True,
    ),
    "say-as": Element(
        attributes={"interpret-as": Attribute(TEXT, REQUIRED), "format": Attribute(TEXT)},
        text=True,
    ),
    "sub": Element(attributes={"alias": Attribute(TEXT, REQUIRED)}, text=True),
    "w": Element(attributes={"role": Attribute(TEXT)}, text=True),
}

VERBS = (
    "Say",
    "Play",
    "Pause",
    "Gather",
    "Record",
    "Enqueue",
    "Leave",
    "Dial",
    "Connect",
    "Start",
    "Stop",
    "Redirect",
    "Reject",
    "Hangup",
)

WAIT_VERBS = ("Say", "Play", "Pause", "Gather", "Redirect", "Leave", "Hangup")
"""What a queue's wait document may hold."""

RESPONSE = Element(children=VERBS)

NOT_EMULATED = frozenset(
    {
        "Refer",
        "Pay",
        "Prompt",
        "Echo",
        "Sms",
        "Autopilot",
        "Sim",
        "Application",
        "WhatsApp",
        "ConversationRelay",
        "ConversationRelaySession",
        "AiSession",
        "Room",
        "Conversation",
        "VirtualAgent",
        "Siprec",
        "Transcription",
    }
)

RENAMED = {("Stop", "Stream"): "Stop-Stream"}
"""Elements that have other attributes below this parent."""
