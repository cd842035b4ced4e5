"""When an answer is complete, so that a short silence may end it. Pure."""

from __future__ import annotations

from config.city import City
from ivr.understanding.category import category
from ivr.understanding.intents import problem_or_place, wants_person, yes_no
from places.in_words import place
from places.spoken_numbers import tokens

_CONFIRMS = frozenset({"read_back", "confirm"})
_HANGING = frozenset(
    "and at the on of a an in to by near um uh is are was it's i my there's north south east west "
    "number corner because or with so but for from block between".split()
)
_FEWEST_WORDS = 4
_CLEAR = 0.6


def finished(question: str, partial_text: str, *, city: City, language: str = "en") -> bool:
    """Whether words heard so far already answer a question, so that a short pause ends them.

    question: the state's name of `ivr.dialogues.hotline`. False means: be patient.
    """
    words = partial_text.lower().split()
    if not words:
        return False
    if wants_person(partial_text, language):
        return True
    if question in _CONFIRMS:
        return yes_no(partial_text, language) is not None
    if words[-1] in _HANGING or tokens(words)[-1].house is not None:
        return False
    if question.startswith("ask_problem"):
        clear = category(city, partial_text, language).score >= _CLEAR
        return clear and len(words) >= _FEWEST_WORDS
    if question == "ask_place":
        return place(city, partial_text).problem is None
    if question == "what_is_wrong":
        return problem_or_place(partial_text, language) is not None
    return False
