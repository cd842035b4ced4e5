"""Whether a caller tells of somebody in danger: patterns of a language and learned examples. Pure.

The patterns know what denies an emergency and what puts it in the past; the examples know what
no pattern was written for. `emergency_model.py` weighs both. Without a model for the language, or
an encoder on this platform, the patterns decide alone. A city adds words of its own, and a
language without patterns has the city's words alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from config.city import City
from config.language import lexicon
from ivr.understanding.emergency_model import EmergencyModel, emergency_model
from ivr.understanding.emergency_patterns import (
    SURE,
    UNSURE,
    Evidence,
    evidence,
    read_patterns,
)
from ivr.understanding.homophones import respelled
from ivr.understanding.phrases import BARRIER, line


class Certainty(StrEnum):
    """Act at once, ask one question, or go on."""

    YES = "yes"
    UNSURE = "unsure"
    NO = "no"


@dataclass(frozen=True)
class Emergency:
    """What was decided, the kind that weighs most, and the caller's words that tell of it."""

    certainty: Certainty
    kind: str | None = None
    why: tuple[str, ...] = ()


NONE = Emergency(Certainty.NO)

_FEW = 4
"""Words: so few that the patterns call open, such as "there is smoke", leave it open."""


def read_emergencies(language: str) -> None:
    """Read what tells emergencies in a language now, so that no caller waits for it or its error.

    Raises ConfigError or PatternError.
    """
    read_patterns(language)
    emergency_model(language)


def emergency(city: City, text: str, language: str) -> Emergency:
    """Whether the words tell of somebody in danger.

    Raises ConfigError or PatternError if a file of the language is broken.
    """
    own = _by_the_citys_words(city, text, language)
    found = evidence(text, language)
    if own is not None or found is None:
        return own or NONE
    model = emergency_model(language)
    if model is None:
        return _by_patterns(found)
    return _by_both(model, text, language, found)


def _by_the_citys_words(city: City, text: str, language: str) -> Emergency | None:
    own = city.emergencies.get(language)
    if own is None:
        return None
    spaced = lexicon(language).writing.spaced
    plain, edge = (f" {line(text, {})}", " ") if spaced else (text, "")
    for harmless in own.unless:
        plain = plain.replace(f"{edge}{harmless}{edge}", f"{edge}{BARRIER}{edge}")
    said = tuple(word for word in own.words if f"{edge}{word}{edge}" in plain)
    return Emergency(Certainty.YES, "city", said) if said else None


def _by_patterns(found: Evidence) -> Emergency:
    """One sure match is enough, and so are two unsure ones that share no word."""
    told = found.told()
    weight = sum(match.weight for match in told)
    if weight < UNSURE:
        return NONE
    certainty = Certainty.YES if weight >= SURE else Certainty.UNSURE
    return Emergency(certainty, told[0].kind, tuple(match.words for match in told))


def _by_both(model: EmergencyModel, text: str, language: str, found: Evidence) -> Emergency:
    judged = model.judge(text, found)
    if judged.score < model.asks_from:
        return NONE
    certainty = Certainty.YES if judged.score >= model.sure_from else Certainty.UNSURE
    told = found.told()
    # A recogniser cannot hear how a word is spelled: "a whole and the road" is a hole in it.
    other = respelled(text, language)
    is_open_by_spelling = certainty is Certainty.UNSURE and not told and other != text
    if is_open_by_spelling and model.judge(other, found).score < model.asks_from:
        return NONE
    if len(text.split()) <= _FEW and _by_patterns(found).certainty is Certainty.UNSURE:
        certainty = Certainty.UNSURE
    if told:
        return Emergency(certainty, told[0].kind, tuple(match.words for match in told))
    return Emergency(certainty, judged.kind, (model.clause(judged.words),))
