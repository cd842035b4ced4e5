"""The speech markup that <Say> may hold, and how long its pauses are.

Elements and attributes are those of the `twilio` package. The length of a `strength` is a guess
made after Amazon Polly's words for it ("the length of a comma", "of a sentence", "of a paragraph").
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.twiml.element import REQUIRED, Attribute, Element
from simulator.twiml.values import (
    BREAK_TIME,
    LANGUAGE,
    PITCH,
    RATE,
    TEXT,
    VOLUME,
    one_of,
)

STRENGTH_S = {
    "none": 0.0,
    "x-weak": 0.0,
    "weak": 0.15,
    "medium": 0.3,
    "strong": 0.6,
    "x-strong": 1.0,
}
SPELLED = ("characters", "spell-out", "digits", "telephone")
"""What `interpret-as` reads letter by letter."""
READ_AS_IS = (
    "cardinal",
    "number",
    "ordinal",
    "fraction",
    "unit",
    "date",
    "time",
    "address",
    "expletive",
)
SSML = ("break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w")

ELEMENTS: Mapping[str, Element] = {
    "break": Element(
        attributes={
            "strength": Attribute(one_of(*STRENGTH_S), "medium"),
            "time": Attribute(BREAK_TIME),
        }
    ),
    "emphasis": Element(
        attributes={"level": Attribute(one_of("strong", "moderate", "reduced"))},
        children=SSML,
        text=True,
    ),
    "lang": Element(
        attributes={"xml:lang": Attribute(LANGUAGE, REQUIRED)}, children=SSML, text=True
    ),
    "p": Element(children=SSML, text=True),
    "s": Element(children=SSML, text=True),
    "phoneme": Element(
        attributes={
            "alphabet": Attribute(one_of("ipa", "x-sampa", "x-amazon-jyutping", "x-amazon-pinyin")),
            "ph": Attribute(TEXT, REQUIRED),
        },
        text=True,
    ),
    "prosody": Element(
        attributes={
            "volume": Attribute(VOLUME),
            "rate": Attribute(RATE),
            "pitch": Attribute(PITCH),
        },
        children=SSML,
        text=True,
    ),
    "say-as": Element(
        attributes={
            "interpret-as": Attribute(one_of(*SPELLED, *READ_AS_IS), REQUIRED),
            "format": Attribute(TEXT),
        },
        text=True,
    ),
    "sub": Element(attributes={"alias": Attribute(TEXT, REQUIRED)}, text=True),
    "w": Element(attributes={"role": Attribute(TEXT)}, children=SSML, text=True),
}
