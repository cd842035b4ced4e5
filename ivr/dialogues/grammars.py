"""What a caller is expected to say where the answers are few, so that less is misrecognised."""

from __future__ import annotations

from ivr.dialogues.vocabulary import Confirm, Menu, State

_PERSON = {"en": ("agent", "operator", "a person"), "ko": ("상담원",)}
_YES_NO = {
    "en": (
        *("yes", "yeah", "yep", "no", "nope", "correct", "right", "wrong", "that's right"),
        *("that is right", "yes it is", "yes that's right", "no it isn't", "that's wrong"),
        *("not right", "that is wrong", "okay", "sure"),
    ),
    "ko": ("네", "예", "아니요", "아니", "맞아요", "맞습니다", "틀려요"),
}
_WHAT = {
    "en": ("the problem", "problem", "the place", "place", "the address", "both"),
    "ko": ("문제", "장소", "위치"),
}


def grammar_for(language: str, state: State) -> tuple[str, ...]:
    """Phrases to expect in a state; empty for free speech."""
    table = {Confirm: _YES_NO, Menu: _WHAT}.get(type(state))
    if table is None or language not in table:
        return ()
    return table[language] + _PERSON.get(language, ())
