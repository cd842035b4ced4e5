"""The carrier's error codes for values and children that an element does not take.

Twilio, "Error and warning dictionary". What is not here is 12200, a violation of the schema.
"""

from __future__ import annotations

SCHEMA = 12200

_VALUES = {
    "Dial": {
        "method": 13210,
        "timeout": 13212,
        "hangupOnStar": 13213,
        "callerId": 13214,
        "timeLimit": 13216,
        "record": 13217,
        "sequential": 13218,
        "answerOnBridge": 13219,
        "ringTone": 13220,
        "recordingTrack": 13622,
    },
    "Number": {"method": 13221, "sendDigits": 13222},
    "Conference": {
        "muted": 13230,
        "endConferenceOnExit": 13231,
        "startConferenceOnEnter": 13232,
        "waitUrl": 13233,
        "waitMethod": 13234,
        "beep": 13235,
        "trim": 13239,
    },
    "Sip": {"method": 13241},
    "Gather": {
        "finishOnKey": 13310,
        "method": 13312,
        "timeout": 13313,
        "numDigits": 13314,
        "input": 13326,
        "speechTimeout": 13327,
        "maxSpeechTime": 13328,
        "partialResultCallbackMethod": 13329,
        "hints": 13330,
        "language": 13331,
        "bargeIn": 13332,
        "profanityFilter": 13333,
        "speechModel": 13334,
        "actionOnEmptyResult": 13338,
    },
    "Play": {"loop": 13410, "digits": 13430},
    "Say": {"loop": 13510, "voice": 13511, "language": 13512},
    "Record": {
        "method": 13610,
        "timeout": 13611,
        "maxLength": 13612,
        "finishOnKey": 13613,
        "transcribe": 13614,
        "playBeep": 13616,
        "trim": 13699,
        "transcribeCallback": 13257,
    },
    "Redirect": {"method": 13710},
    "Reject": {"reason": 13810},
    "Pause": {"length": 13910},
    "Enqueue": {"method": 14201, "waitUrl": 14202, "action": 14203, "waitUrlMethod": 14206},
    "Queue": {"method": 14210, "url": 14211},
}
_ANYWHERE = {"recordingStatusCallback": 13256, "recordingStatusCallbackEvent": 13621}
_CHILDREN = {"Gather": 13320, "Dial": 13215, "Start": 14300}


def code_of_value(element: str, attribute: str, text: str) -> int:
    """The code of a value that an attribute does not take."""
    if (element, attribute) == ("Gather", "finishOnKey") and len(text) > 1:
        return 13311
    return _VALUES.get(element, {}).get(attribute) or _ANYWHERE.get(attribute, SCHEMA)


def code_of_child(parent: str) -> int:
    """The code of an element that is TwiML and may not stand there."""
    return _CHILDREN.get(parent, SCHEMA)
