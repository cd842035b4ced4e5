"""The states of a call that we place, and of a recorded answer."""

from __future__ import annotations

from enum import StrEnum


class OutboundState(StrEnum):
    """How far a call that we want to place has come."""

    WANTED = "wanted"
    ASKED = "asked"
    """Asked of the carrier, whose answer is not known yet."""
    PLACED = "placed"
    REFUSED = "refused"


class TurnSoundState(StrEnum):
    """Whether a recorded answer has been recognised."""

    WAITING = "waiting"
    HEARD = "heard"
