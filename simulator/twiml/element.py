"""What a table of TwiML says of an element: attributes with their defaults, children, text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.twiml.values import METHOD, URL, Kind, events_of

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


ACTION = {"action": Attribute(URL), "method": Attribute(METHOD, "POST")}
RECORDING_CALLBACK = {
    "recordingStatusCallback": Attribute(URL),
    "recordingStatusCallbackMethod": Attribute(METHOD, "POST"),
    "recordingStatusCallbackEvent": Attribute(
        events_of("in-progress", "completed", "absent"), ("completed",)
    ),
}
