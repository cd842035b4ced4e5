"""When the words of an answer are complete, so that a short silence may end it. Pure."""

from __future__ import annotations

from config.language import lexicon
from ivr.dialogues.vocabulary import Ask, Confirm, Context, Menu, State
from ivr.understanding.intents import wants_person
from places.spoken_numbers import tokens


def is_complete(state: State, context: Context, text: str) -> bool:
    """Whether the words heard so far answer the question of `state`. False: wait longer."""
    words = text.lower().split()
    if not words:
        return False
    if wants_person(text, context.language):
        return True
    match state:
        case Confirm():
            if state.is_complete is not None:
                return state.is_complete(context, text)
            return state.understand(context, text) is not None
        case Ask() | Menu() if _breaks_off(words, context.language):
            return False
        case Ask():
            return state.is_complete is not None and state.is_complete(context, text)
        case Menu():
            if state.is_complete is not None:
                return state.is_complete(context, text)
            return state.words(context, text) is not None
    return False


def _breaks_off(words: list[str], language: str) -> bool:
    """A number at the end may go on, too: a street follows it."""
    hanging = lexicon(language).completeness.hanging
    return words[-1] in hanging or tokens(words, language)[-1].house is not None
