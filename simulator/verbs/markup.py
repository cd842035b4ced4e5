"""What the speech markup of a <Say> comes to: runs of words and the rests between them.

`break` is a rest, `lang` another language, `say-as` may spell, `sub` says its alias, `prosody`
changes the volume. Emphasis, phonemes, rate and pitch are read as plain words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from simulator.twiml.parser import Verb
from simulator.twiml.ssml import SPELLED, STRENGTH_S

_VOLUME_DB = {
    "x-soft": -12.0,
    "soft": -6.0,
    "default": 0.0,
    "medium": 0.0,
    "loud": 6.0,
    "x-loud": 12.0,
}


@dataclass(frozen=True)
class Run:
    """Words said in one go. gain_db: how much louder; None: not heard at all."""

    words: str
    language: str
    gain_db: float | None = 0.0


@dataclass(frozen=True)
class Rest:
    """Silence."""

    seconds: float


def runs_of(verb: Verb) -> tuple[Run | Rest, ...]:
    """The runs and rests of a <Say>, in order; none when it says nothing."""
    joined: list[Run | Rest] = []
    for part in _walk(verb, Run("", verb["language"])):
        last = joined[-1] if joined else None
        if (
            isinstance(part, Run)
            and isinstance(last, Run)
            and replace(last, words=part.words) == part
        ):
            joined[-1] = replace(last, words=f"{last.words} {part.words}")
        else:
            joined.append(part)
    return tuple(joined)


def _walk(verb: Verb, how: Run) -> Iterator[Run | Rest]:
    for part in verb.parts:
        if isinstance(part, str):
            words = " ".join(part.split())
            if words:
                yield replace(how, words=words)
        elif part.name == "break":
            yield Rest(part["time"] if part["time"] is not None else STRENGTH_S[part["strength"]])
        elif part.name == "sub":
            yield replace(how, words=part["alias"])
        elif part.name == "say-as" and part["interpret-as"] in SPELLED:
            yield replace(how, words=" ".join(part.text.replace(" ", "")))
        else:
            yield from _walk(part, _inside(part, how))


def _inside(part: Verb, how: Run) -> Run:
    """How the words inside an element are said."""
    if part.name == "lang":
        return replace(how, language=part["xml:lang"])
    if part.name == "prosody" and part["volume"]:
        return replace(how, gain_db=_gain_db(part["volume"]))
    return how


def _gain_db(volume: str) -> float | None:
    if volume == "silent":
        return None
    known = _VOLUME_DB.get(volume)
    return known if known is not None else float(volume.removesuffix("dB"))
