"""What a call would understand of a text, as plain values: behind `swiftline understand`."""

from __future__ import annotations

from typing import Any

from config.city import City
from ivr.understanding.emergencies import emergency


def understood(city: City, text: str, language: str, *, kind: str) -> dict[str, Any]:
    """What exactly a call would understand. Raises ValueError for an unknown kind.

    kind: `emergency`: `emergency` (yes, unsure, no), `kind`, `why` (the words that tell of it).
    """
    if kind != "emergency":
        raise ValueError(f"nothing is understood as {kind}; there is emergency")
    found = emergency(city, text, language)
    return {"emergency": found.certainty.value, "kind": found.kind, "why": list(found.why)}
