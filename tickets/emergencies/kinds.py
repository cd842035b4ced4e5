"""The kinds of danger that callers tell of, as people read them. Pure."""

from __future__ import annotations

UNKNOWN = "unknown"

KINDS = {
    "breathing": "Somebody cannot breathe",
    "collapse": "Somebody collapsed",
    "bleeding": "Somebody is bleeding",
    "fire": "Fire or smoke",
    "gas": "Smell of gas",
    "drowning": "Somebody is drowning",
    "violence": "Violence",
    "weapon": "Somebody has a weapon",
    "suicide": "Somebody may take their life",
    "missing_child": "A child is missing",
    "trapped": "Somebody is trapped",
    "wires_down": "Wires are down",
    "crash": "Crash with people hurt",
    "poisoning": "Poisoning",
    "call_for_help": "Call for help",
}
"""The kinds of danger that the line tells apart, as people read them."""


def kind_name(kind: str) -> str:
    """A kind in words, also one that a city or language added."""
    return KINDS.get(kind, "Somebody may be in danger")
