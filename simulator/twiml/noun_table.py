"""The table of nouns: what stands inside verbs, with Twilio's defaults and limits.

Names are those of the `twilio` package 9.13.0, defaults those of Twilio's pages.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.relay.protocol import INPUTS, open_to
from simulator.twiml.element import RECORDING_CALLBACK, REQUIRED, Attribute, Element
from simulator.twiml.values import (
    BOOLEAN,
    CALL_SID,
    METHOD,
    REGION,
    RELAY_TIMEOUT,
    SEND_DIGITS,
    SOCKET_URL,
    TEXT,
    URL,
    Kind,
    at_most,
    events_of,
    integer,
    one_of,
)
from simulator.twiml.verb_table import TRIM

_TRACK = one_of("inbound_track", "outbound_track", "both_tracks")
_STREAM = {
    "url": Attribute(SOCKET_URL, REQUIRED),
    "name": Attribute(TEXT, ""),
    "track": Attribute(_TRACK, "inbound_track"),
    "statusCallback": Attribute(URL),
    "statusCallbackMethod": Attribute(METHOD, "POST"),
}
_CALLED = {
    "url": Attribute(URL),
    "method": Attribute(METHOD, "POST"),
    "statusCallback": Attribute(URL),
    "statusCallbackMethod": Attribute(METHOD, "POST"),
    "statusCallbackEvent": Attribute(
        events_of("initiated", "ringing", "answered", "completed"), ("completed",)
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
_OPEN_TO = Kind(f"one of {', '.join(INPUTS)}, true, false", open_to)
_RELAY_EVENTS = ("speaker-events", "tokens-played")
_SPEAKS = {
    name: Attribute(TEXT, "")
    for name in (
        "ttsProvider",
        "voice",
        "transcriptionProvider",
        "speechModel",
        "hints",
        "asrSmartFormat",
        "ttsTextNormalization",
        "ttsLanguageTextNormalization",
    )
}
"""How a provider speaks and understands; here one voice and one recogniser serve them all."""
_RELAY_TUNING = {
    name: Attribute(TEXT, "")
    for name in (
        "profanityFilter",
        "backgroundNoiseReduction",
        "deepgramSmartFormat",
        "elevenlabsTextNormalization",
        "elevenlabsLanguageTextNormalization",
        "eotThreshold",
        "eagerEotThreshold",
        "turnDetection",
        "echoPromptFiltering",
        "customerName",
    )
}
"""Without effect: what a provider would do of itself, or what only other products see."""
_ROOM_EVENTS = events_of(
    "start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"
)

ELEMENTS: Mapping[str, Element] = {
    "Number": Element(
        attributes={**_CALLED, **_DETECTION, "sendDigits": Attribute(SEND_DIGITS, "")},
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
    "Refer-Sip": Element(text=True),
    "Application": Element(
        attributes={
            **_CALLED,
            "customerId": Attribute(at_most(256)),
            "copyParentTo": Attribute(BOOLEAN, False),
        },
        children=("ApplicationSid", "Parameter"),
        text=True,
    ),
    "ApplicationSid": Element(text=True),
    "Conference": Element(
        attributes={
            "muted": Attribute(BOOLEAN, False),
            "beep": Attribute(one_of("true", "false", "onEnter", "onExit"), "true"),
            "startConferenceOnEnter": Attribute(BOOLEAN, True),
            "endConferenceOnExit": Attribute(BOOLEAN, False),
            "participantLabel": Attribute(at_most(128), ""),
            "jitterBufferSize": Attribute(one_of("off", "small", "medium", "large"), "large"),
            "waitUrl": Attribute(URL),
            "waitMethod": Attribute(METHOD, "POST"),
            "maxParticipants": Attribute(integer(2, 250), 250),
            "record": Attribute(
                one_of("do-not-record", "record-from-start", "true", "false"), "do-not-record"
            ),
            "trim": Attribute(TRIM, "trim-silence"),
            "region": Attribute(REGION, ""),
            "coach": Attribute(CALL_SID, ""),
            "statusCallback": Attribute(URL),
            "statusCallbackMethod": Attribute(METHOD, "POST"),
            "statusCallbackEvent": Attribute(_ROOM_EVENTS, ("start", "end")),
            **RECORDING_CALLBACK,
            "eventCallbackUrl": Attribute(URL),
        },
        text=True,
        not_emulated=frozenset({"recordingConfigurationId"}),
    ),
    "Queue": Element(
        attributes={"url": Attribute(URL), "method": Attribute(METHOD, "POST")},
        text=True,
        not_emulated=frozenset({"reservationSid", "postWorkActivitySid"}),
    ),
    "Stream": Element(attributes=_STREAM, children=("Parameter",), not_emulated=_STREAM_ELSEWHERE),
    "ConversationRelay": Element(
        attributes={
            **_SPEAKS,
            **_RELAY_TUNING,
            "url": Attribute(SOCKET_URL, REQUIRED),
            "language": Attribute(TEXT, "en-US"),
            "ttsLanguage": Attribute(TEXT, ""),
            "transcriptionLanguage": Attribute(TEXT, ""),
            "welcomeGreeting": Attribute(TEXT, ""),
            "welcomeGreetingInterruptible": Attribute(_OPEN_TO, "any"),
            "interruptible": Attribute(_OPEN_TO, "any"),
            "interruptSensitivity": Attribute(one_of("high", "medium", "low"), "high"),
            "reportInputDuringAgentSpeech": Attribute(_OPEN_TO, "none"),
            "ignoreBackchannel": Attribute(BOOLEAN, False),
            "preemptible": Attribute(BOOLEAN, False),
            "dtmfDetection": Attribute(BOOLEAN, False),
            "partialPrompts": Attribute(BOOLEAN, False),
            "partialPromptOnHangup": Attribute(BOOLEAN, False),
            "speechTimeout": Attribute(RELAY_TIMEOUT),
            "events": Attribute(events_of(*_RELAY_EVENTS), ()),
            "debug": Attribute(events_of("debugging", *_RELAY_EVENTS), ()),
        },
        children=("Language", "Parameter"),
        not_emulated=frozenset(
            {
                "intelligenceService",
                "conversationConfiguration",
                "includeInPrompt",
                "applicationReconnect",
            }
        ),
    ),
    "Language": Element(attributes={**_SPEAKS, "code": Attribute(TEXT, REQUIRED)}),
    "Stop-Stream": Element(
        attributes={**_STREAM, "url": Attribute(SOCKET_URL, "")}, not_emulated=_STREAM_ELSEWHERE
    ),
    "Recording": Element(
        attributes={
            **RECORDING_CALLBACK,
            "trim": Attribute(TRIM, "do-not-trim"),
            "track": Attribute(one_of("inbound", "outbound", "both"), "both"),
            "channels": Attribute(one_of("mono", "dual"), "dual"),
        },
        not_emulated=frozenset({"recordingConfigurationId"}),
    ),
    "Transcription": Element(
        attributes={
            "name": Attribute(TEXT, ""),
            "track": Attribute(_TRACK, "both_tracks"),
            "statusCallbackUrl": Attribute(URL),
            "statusCallbackMethod": Attribute(METHOD, "POST"),
            "languageCode": Attribute(TEXT, "en-US"),
            "partialResults": Attribute(BOOLEAN, False),
            "inboundTrackLabel": Attribute(TEXT, ""),
            "outboundTrackLabel": Attribute(TEXT, ""),
            "transcriptionEngine": Attribute(TEXT, "google"),
            "profanityFilter": Attribute(BOOLEAN, True),
            "speechModel": Attribute(TEXT, "telephony"),
            "hints": Attribute(TEXT, ""),
            "enableAutomaticPunctuation": Attribute(BOOLEAN, True),
        },
        not_emulated=frozenset(
            {
                "intelligenceService",
                "conversationConfiguration",
                "conversationId",
                "enableProviderData",
            }
        ),
    ),
    "Parameter": Element(
        attributes={"name": Attribute(TEXT, REQUIRED), "value": Attribute(TEXT, REQUIRED)}
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
}
