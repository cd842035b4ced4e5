"""Short answers: yes and no, the wish for a person, a choice of a menu. Pure.

The words are the language's (`config/languages/<language>/lexicon.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from config.language import lexicon
from config.lexicon import Lexicon, YesNo

_SPACE = re.compile(r"\s")


def yes_no(text: str, language: str) -> bool | None:
    """True for yes, False for no, None when the words say neither or both."""
    words = lexicon(language)
    if words.writing.spaced:
        return _yes_no_by_words(_plain(text), words.yes_no)
    return _yes_no_by_parts(_SPACE.sub("", text), words.yes_no)


def _yes_no_by_words(plain: str, answers: YesNo) -> bool | None:
    words = plain.split()
    if not words or _any(answers.unsure, plain):
        return None
    if _any(answers.no_sounds, plain) or _any(answers.denials, plain):
        return False
    head = words if len(words) <= answers.longest else words[:1]
    no = [word for word in head if word in answers.no]
    yes = [word for word in head if word in answers.yes]
    if no and yes:
        return _both(words, no, answers)
    if no:
        return False
    return True if yes or _any(answers.yes_openings, plain) else None


def _both(words: list[str], no: list[str], answers: YesNo) -> bool | None:
    """ "yes but it is wrong" is a no, "no it's on the right" too; "no that's right" is neither."""
    if words[0] in answers.no:
        return None if words[-1] in answers.yes else False
    return False if set(no) & set(answers.corrections) else None


def _yes_no_by_parts(plain: str, answers: YesNo) -> bool | None:
    """Where words carry endings: a denial counts, but for a text that begins with a yes."""
    if any(word in plain for word in answers.no):
        return None if plain.startswith(answers.undecided_openings) else False
    return True if any(word in plain for word in answers.yes) else None


def wants_person(text: str, language: str) -> bool:
    """Whether the caller asks for a person, rather than telling of one."""
    return _any(lexicon(language).person, _plain(text))


def choice(menu: str, text: str, language: str) -> str | None:
    """The key of a menu that the words mean; None when they mean none, or several.

    menu: its name in the lexicon's `choices`.
    """
    words = lexicon(language)
    meant = [
        key for key, said in words.choices[menu].items() if _is_named(said, _plain(text), words)
    ]
    return meant[0] if len(meant) == 1 else None


def _is_named(said: Iterable[str], plain: str, words: Lexicon) -> bool:
    if words.writing.spaced:
        return re.search(rf"\b(?:{'|'.join(map(re.escape, said))})\b", plain) is not None
    return any(word in plain for word in said)


def _any(patterns: Iterable[str], plain: str) -> bool:
    return any(re.search(pattern, plain) for pattern in patterns)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+(?:'\w+)?", text.lower().replace("’", "'")))
