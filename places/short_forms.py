"""How a city writes directions and kinds of street, and how people say them."""

from __future__ import annotations

DIRECTIONS = {"N": "North", "S": "South", "E": "East", "W": "West"}
KINDS = {
    "ST": "Street", "AVE": "Avenue", "BLVD": "Boulevard", "RD": "Road", "DR": "Drive",
    "PL": "Place", "CT": "Court", "PKWY": "Parkway", "TER": "Terrace", "LN": "Lane",
    "PLZ": "Plaza", "WAY": "Way", "SQ": "Square", "ROW": "Row", "HWY": "Highway",
    "CRES": "Crescent",
}  # fmt: skip
LONG_FORMS = {**DIRECTIONS, **KINDS}
"""Short form, as in `streets.csv`: the word."""


def by_word(long_forms: dict[str, str]) -> dict[str, str]:
    """The short form of each word and of itself, in lower case as a recogniser writes them."""
    return {said.lower(): short for short, long in long_forms.items() for said in (short, long)}
