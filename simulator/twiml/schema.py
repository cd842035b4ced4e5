"""What a voice document may hold: every element by name, and what is refused by name.

`verb_table`, `noun_table` and `ssml` say what each element holds. What is real TwiML but not
emulated here stands in `NOT_EMULATED` and `NOT_EMULATED_IN` and is refused as such.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.twiml import noun_table, ssml, verb_table
from simulator.twiml.element import REQUIRED, Attribute, Element

__all__ = [
    "NOT_EMULATED",
    "NOT_EMULATED_IN",
    "RENAMED",
    "REQUIRED",
    "RESPONSE",
    "VERBS",
    "VOICE",
    "WAIT_VERBS",
    "Attribute",
    "Element",
]

VOICE: Mapping[str, Element] = {
    **verb_table.ELEMENTS,
    **noun_table.ELEMENTS,
    **ssml.ELEMENTS,
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
    "Refer",
    "Echo",
    "Sms",
    "Redirect",
    "Reject",
    "Hangup",
)

WAIT_VERBS = ("Say", "Play", "Pause", "Gather", "Redirect", "Leave", "Hangup")
"""What a queue's wait document may hold."""

RESPONSE = Element(children=VERBS)

NOT_EMULATED = frozenset(
    {
        "Pay",
        "Prompt",
        "Autopilot",
        "Sim",
        "WhatsApp",
        "ConversationRelaySession",
        "AiSession",
        "Room",
        "Conversation",
        "VirtualAgent",
        "Siprec",
        "Task",
        "Uri",
        "Headers",
        "Header",
        "Config",
    }
)

NOT_EMULATED_IN = frozenset({("Response", "Queue"), ("Transcription", "Parameter")})
"""Elements that are emulated elsewhere, and not below this parent."""

RENAMED = {("Stop", "Stream"): "Stop-Stream", ("Refer", "Sip"): "Refer-Sip"}
"""Elements that have other attributes below this parent."""
