"""Whether what the line hears while it speaks is the caller, noise, or its own voice. Pure."""

from __future__ import annotations

import re

from config.language import lexicon

_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_ECHO_WORDS = 3


def says_nothing(text: str, language: str) -> bool:
    """Whether there is no word in it that a caller could mean as an answer.

    Breath and line noise come out of the recogniser as short words of the language
    (performance.md, section 3).
    """
    fillers = lexicon(language).completeness.fillers
    return all(word in fillers for word in _words(text))


def interrupts(text: str, said: str, language: str) -> bool:
    """Whether words heard while `said` is being spoken should stop it.

    Words that stand in it in the same order may be its echo; they must go on to be more.
    """
    return not says_nothing(text, language) and not _stands_in(text, said)


def is_echo(text: str, said: str) -> bool:
    """Whether a whole utterance is a piece of `said` that came back; an answer is shorter."""
    return len(_words(text)) >= _ECHO_WORDS and _stands_in(text, said)


def _stands_in(text: str, said: str) -> bool:
    piece, whole = _words(text), _words(said)
    return any(whole[at : at + len(piece)] == piece for at in range(len(whole)))


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.lower())
