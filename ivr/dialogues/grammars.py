"""What a caller is expected to say where the answers are few, so that less is misrecognised."""

from __future__ import annotations

from config.language import lexicon
from ivr.dialogues.vocabulary import State, expected


def grammar_for(language: str, state: State) -> tuple[str, ...]:
    """Phrases to expect in a state; empty for free speech."""
    name = expected(state)
    if name is None:
        return ()
    phrases = lexicon(language).expected
    return phrases[name] + phrases["person"]
