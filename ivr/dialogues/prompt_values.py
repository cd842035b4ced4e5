"""Values for the slots of prompts: what is in the draft, as it is said aloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.city import City
from places.wording import spoken_place
from voice.prompts import spoken_number


def for_prompt(city: City, language: str, draft: Mapping[str, Any]) -> dict[str, str]:
    """Everything a prompt may speak of now; a prompt takes what it has slots for."""
    values: dict[str, str] = {}
    if draft.get("category"):
        values["category"] = city.category(draft["category"]).spoken_name(language)
    if draft.get("place"):
        values["place"] = spoken_place(draft["place"], language)
    if draft.get("number"):
        values["number"] = spoken_number(draft["number"])
    for name in ("department", "deadline"):
        if draft.get(name):
            values[name] = str(draft[name])
    return values
