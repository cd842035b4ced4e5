"""The table of verbs, with Twilio's defaults and limits.

Names are those of the `twilio` package 9.13.0, defaults those of Twilio's verb pages.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.sound.ring_tones import COUNTRIES
from simulator.twiml.element import ACTION, RECORDING_CALLBACK, Attribute, Element
from simulator.twiml.ssml import SSML
from simulator.twiml.values import (
    BOOLEAN,
    GATHER_INPUT,
    HINTS,
    KEY_ROW,
    LANGUAGE,
    METHOD,
    ONE_KEY,
    SOME_KEYS,
    SPEECH_TIMEOUT,
    TEXT,
    URL,
    VOICE_NAME,
    integer,
    one_of,
)

TRIM = one_of("trim-silence", "do-not-trim")
DIAL_RECORD = (
    "do-not-record",
    "record-from-answer",
    "record-from-ringing",
    "record-from-answer-dual",
    "record-from-ringing-dual",
)
LONGEST_TRANSCRIBED_S = 119.0
"""What <Record transcribe="true"> lasts at most where no maxLength is given: below 120."""

ELEMENTS: Mapping[str, Element] = {
    "Say": Element(
        attributes={
            "voice": Attribute(VOICE_NAME, "man"),
            "language": Attribute(LANGUAGE, "en-US"),
            "loop": Attribute(integer(0, 1000), 1),
        },
        children=SSML,
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
            **ACTION,
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
        children=("Say", "Play", "Pause"),
    ),
    "Record": Element(
        attributes={
            **ACTION,
            "timeout": Attribute(integer(0), 5),
            "finishOnKey": Attribute(SOME_KEYS, "1234567890*#"),
            "maxLength": Attribute(integer(2, 14400), 3600),
            "playBeep": Attribute(BOOLEAN, True),
            "trim": Attribute(TRIM, "trim-silence"),
            "transcribe": Attribute(BOOLEAN, False),
            "transcribeCallback": Attribute(URL),
            **RECORDING_CALLBACK,
        },
        not_emulated=frozenset({"recordingConfigurationId"}),
    ),
    "Dial": Element(
        attributes={
            **ACTION,
            "timeout": Attribute(integer(5, 600), 30),
            "timeLimit": Attribute(integer(1, 14400), 14400),
            "hangupOnStar": Attribute(BOOLEAN, False),
            "callerId": Attribute(TEXT),
            "answerOnBridge": Attribute(BOOLEAN, False),
            "sequential": Attribute(BOOLEAN, False),
            "ringTone": Attribute(one_of("automatic", *COUNTRIES), "automatic"),
            "record": Attribute(one_of(*DIAL_RECORD, "true", "false"), "do-not-record"),
            "trim": Attribute(TRIM, "do-not-trim"),
            "recordingTrack": Attribute(one_of("both", "inbound", "outbound"), "both"),
            "referUrl": Attribute(URL),
            "referMethod": Attribute(METHOD, "POST"),
            **RECORDING_CALLBACK,
        },
        children=("Number", "Client", "Sip", "Queue", "Conference", "Application"),
        text=True,
        most_children=10,
        not_emulated=frozenset({"recordingConfigurationId", "events", "passports"}),
    ),
    "Enqueue": Element(
        attributes={
            **ACTION,
            "waitUrl": Attribute(URL),
            "waitUrlMethod": Attribute(METHOD, "POST"),
            "maxQueueSize": Attribute(integer(1, 5000), 1000),
        },
        text=True,
        not_emulated=frozenset({"workflowSid"}),
    ),
    "Leave": Element(),
    "Connect": Element(
        attributes=ACTION,
        children=("Stream", "ConversationRelay"),
        least_children=1,
        most_children=1,
    ),
    "Start": Element(
        attributes=ACTION, children=("Stream", "Recording", "Transcription"), least_children=1
    ),
    "Stop": Element(children=("Stop-Stream", "Transcription"), least_children=1),
    "Refer": Element(attributes=ACTION, children=("Refer-Sip",), least_children=1, most_children=1),
    "Echo": Element(),
    "Sms": Element(
        attributes={
            "to": Attribute(TEXT, ""),
            "from": Attribute(TEXT, ""),
            **ACTION,
            "statusCallback": Attribute(URL),
        },
        text=True,
    ),
    "Redirect": Element(attributes={"method": Attribute(METHOD, "POST")}, text=True),
    "Reject": Element(
        attributes={"reason": Attribute(one_of("rejected", "busy"), "rejected")},
        children=("Parameter",),
    ),
    "Hangup": Element(children=("Parameter",)),
}
