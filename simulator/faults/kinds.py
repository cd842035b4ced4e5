"""Every kind of fault with its parameters: what a plan may say, and what a page may offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.faults.fault_parameters import Parameter

CALLBACKS = frozenset(
    {"status", "recording", "stream", "conference", "message", "detection", "transcription"}
)
"""Purposes of requests whose answers steer nothing: only these are reordered."""
PURPOSES = (
    "voice", "fallback", "status", "recording", "stream", "conference", "announcement", "detection",
    "message", "sms", "transcription",
)  # fmt: skip
"""What a request to the application is for."""

MOMENTS = {
    "before_answer": "once the application has been asked, while it rings",
    "answered": "once it is answered",
    "awaiting": "while the answer to a request is awaited; of and route say which",
    "verb": "while a verb of the document runs; verb says which",
    "turn": "when the caller has spoken or pressed keys for the n-th time; number says which",
    "stream_opening": "while the media socket opens",
    "streaming": "while the media socket is open",
    "recording": "while it is being recorded",
    "queue": "while waiting in a queue",
    "ringing_agent": "while somebody else's telephone rings for the caller",
    "connected": "while talking to another person",
    "conference": "while in a conference",
}
"""When a caller may hang up, and what each means."""
VERBS = ("any", "Say", "Play", "Pause", "Gather", "Record", "Enqueue", "Dial", "Connect")


@dataclass(frozen=True)
class Kind:
    """One kind of fault, in its section of the plan."""

    section: str
    name: str
    says: str
    parameters: tuple[Parameter, ...]

    @property
    def by_name(self) -> dict[str, Parameter]:
        """Its parameters."""
        return {one.name: one for one in self.parameters}

    def shown(self) -> dict[str, Any]:
        """Plain values for a page."""
        parameters = [one.shown() for one in self.parameters]
        return {"fault": self.name, "says": self.says, "parameters": parameters}


_DAY_S = 86_400.0


def _seconds(says: str, least: float = 1.0, most: float = 3.0, name: str = "seconds") -> Parameter:
    return Parameter(name, says, "range", (least, most), 0.0, _DAY_S, "s")


def _share(of: str) -> Parameter:
    return Parameter("share", f"how many {of} it strikes", "number", 1.0, 0.0, 1.0)


def _of(says: str, choices: tuple[str, ...]) -> Parameter:
    return Parameter("of", says, "choices", (), choices=choices)


def _times(says: str) -> Parameter:
    return Parameter("times", says, "whole", 2, 1, 100)


_REQUESTS = (_share("requests"), _of("only requests for these purposes; none: all", PURPOSES))
_REORDERED = (
    _share("callbacks"),
    _of("only callbacks for these purposes; none: all", tuple(sorted(CALLBACKS))),
)
_FETCHES = (_share("recordings"), _times("fetches that it spoils"))
_SOCKETS = (_share("media sockets"),)
_WAY = _of("inbound: to the application, outbound: from it; none: both", ("inbound", "outbound"))
_FRAMES = (*_SOCKETS, _WAY)


def _ms(says: str, least: float, most: float) -> Parameter:
    return Parameter("ms", says, "range", (least, most), 0.0, 60_000.0, "ms")


KINDS = (
    Kind("webhooks", "delayed", "The request is sent late.", (*_REQUESTS, _seconds("how late"))),
    Kind(
        "webhooks",
        "repeated",
        "The same request is sent again, byte for byte.",
        (*_REQUESTS, _times("how often it is sent in all")),
    ),
    Kind(
        "webhooks",
        "reordered",
        "A callback is overtaken by those that follow it.",
        (*_REORDERED, _seconds("how late it comes")),
    ),
    Kind(
        "webhooks",
        "lost",
        "The request is never sent: a lost question is a failed connection.",
        _REQUESTS,
    ),
    Kind("webhooks", "bad_signature", "The request is signed with another key.", _REQUESTS),
    Kind(
        "recordings",
        "late",
        "A recording and its callback come late.",
        (_share("calls"), _seconds("how late")),
    ),
    Kind("recordings", "missing", "A recording is answered with 404 for a while.", _FETCHES),
    Kind("recordings", "short", "A recording breaks off half-way.", _FETCHES),
    Kind("recordings", "corrupt", "A recording is no sound file.", _FETCHES),
    Kind(
        "media",
        "cut",
        "The media socket drops as on a broken exchange.",
        (*_SOCKETS, _seconds("after how long")),
    ),
    Kind(
        "media",
        "lost",
        "Frames never come.",
        (
            *_FRAMES,
            Parameter("frames", "how many of its frames are lost", "number", 0.05, 0.0, 1.0),
            Parameter("in_a_row", "how many are lost together", "whole", 1, 1, 500),
        ),
    ),
    Kind("media", "late", "All frames come late.", (*_FRAMES, _ms("how late", 200, 400))),
    Kind(
        "media",
        "jittered",
        "Frames come late, each by its own time, in their order.",
        (*_FRAMES, _ms("how late", 0, 100)),
    ),
    Kind(
        "media",
        "noise",
        "The sound has noise.",
        (
            *_FRAMES,
            Parameter(
                "snr_db", "level of a telephone voice over it", "range", (15.0, 15.0), -20, 60, "dB"
            ),
        ),
    ),
    Kind("rest", "429", "A REST request is refused: too many.", (_share("requests"),)),
    Kind("rest", "500", "A REST request ends in an error of the carrier.", (_share("requests"),)),
    Kind(
        "callers",
        "hangs_up",
        "The caller puts the receiver down at a moment of the call.",
        (
            _share("calls"),
            Parameter("at", "the moment", "choice", "answered", choices=tuple(MOMENTS)),
            _seconds("how long after it began", 0.0, 0.0),
            Parameter("number", "at the how-manieth time it comes", "whole", 1, 1, 1000),
            Parameter("verb", "at verb: which", "choice", "any", choices=VERBS),
            _of("at awaiting: only requests for these purposes; none: all", PURPOSES),
            Parameter("route", "at awaiting: path of the address, * for any part", "text", ""),
        ),
    ),
    Kind(
        "carrier",
        "outage",
        "Nothing is delivered for a while: REST answers 503, new calls fail, sockets are cut.",
        (
            _seconds("how long after the plan began", 30.0, 30.0, name="after"),
            _seconds("how long it lasts", 20.0, 20.0),
            Parameter("drops_calls", "whether calls on the line end", "yes", False),
        ),
    ),
)
"""All of them, in the order in which a page shows them."""

SECTIONS: Mapping[str, tuple[Kind, ...]] = {
    section: tuple(kind for kind in KINDS if kind.section == section)
    for section in dict.fromkeys(kind.section for kind in KINDS)
}


def described() -> dict[str, Any]:
    """All kinds as plain values: sections, their faults, and the parameters of each."""
    sections = [
        {"section": name, "kinds": [kind.shown() for kind in kinds]}
        for name, kinds in SECTIONS.items()
    ]
    return {"sections": sections, "moments": MOMENTS}
