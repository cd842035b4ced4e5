"""Recognised words of both channels as one conversation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from asr.words import Word

_PAUSE_S = 0.6
"""A pause of one speaker that starts a new turn when the other spoke meanwhile."""
_LONG_PAUSE_S = 2.0
"""A pause that starts a new turn in any case."""
_NOBODY_NAMED = ("caller", "line")
"""Whose a channel is while no leg says otherwise."""


@dataclass(frozen=True)
class Voice:
    """Who spoke on a channel from one second of the recording to another.

    speaker: `caller` or `agent`. staff_id: who of ours it was.
    """

    channel: int
    speaker: str
    start_s: float
    end_s: float
    staff_id: int | None = None


@dataclass(frozen=True)
class Said:
    """One word and who said it: `caller`, `line` or `agent`, and who of ours. Times in seconds."""

    channel: int
    speaker: str
    word: str
    start_s: float
    end_s: float
    confidence: float
    staff_id: int | None = None


@dataclass(frozen=True)
class Turn:
    """What one speaker said until another spoke or a pause came."""

    speaker: str
    start_s: float
    words: tuple[Said, ...]
    staff_id: int | None = None


def conversation(
    channels: Sequence[Sequence[Word]], *, voices: Sequence[Voice]
) -> tuple[Said, ...]:
    """Every word in the order it began.

    Where `voices` names nobody, the first channel is the caller's and the second the line's.
    """
    words = chain.from_iterable(
        (_said(word, channel, voices) for word in heard) for channel, heard in enumerate(channels)
    )
    return tuple(sorted(words, key=lambda word: (word.start_s, word.channel)))


def in_turns(said: Iterable[Said], *, breaks_s: Sequence[float] = ()) -> tuple[Turn, ...]:
    """The words as turns, ordered by when each began; no turn goes on across a break.

    A channel's words stay together until a pause, so that somebody who talks into the
    other's sentence does not tear it into single words.
    """
    turns: list[list[Said]] = []
    latest: dict[int, list[Said]] = {}
    for word in said:
        current = latest.get(word.channel)
        if current is None or _begins_anew(current[-1], word, turns[-1] is current, breaks_s):
            current = []
            turns.append(current)
            latest[word.channel] = current
        current.append(word)
    return tuple(
        Turn(words[0].speaker, words[0].start_s, tuple(words), words[0].staff_id) for words in turns
    )


def voice_at(
    voices: Sequence[Voice], channel: int, *, start_s: float, end_s: float
) -> Voice | None:
    """Whose word it is that lies between those seconds: who spoke in its middle."""
    middle_s = (start_s + end_s) / 2
    return next(
        (v for v in voices if v.channel == channel and v.start_s <= middle_s <= v.end_s), None
    )


def as_text(said: Iterable[Said]) -> str:
    """The words of the conversation, turn by turn, for a search."""
    return " ".join(word.word for turn in in_turns(said) for word in turn.words)


def _said(word: Word, channel: int, voices: Sequence[Voice]) -> Said:
    voice = voice_at(voices, channel, start_s=word.start_s, end_s=word.end_s)
    return Said(
        channel=channel,
        speaker=voice.speaker if voice else _NOBODY_NAMED[channel],
        staff_id=voice.staff_id if voice else None,
        word=word.word,
        start_s=round(word.start_s, 3),
        end_s=round(word.end_s, 3),
        confidence=round(word.confidence, 3),
    )


def _begins_anew(last: Said, word: Said, is_latest: bool, breaks_s: Sequence[float]) -> bool:
    if (last.speaker, last.staff_id) != (word.speaker, word.staff_id):
        return True
    if any(last.start_s < at_s <= word.start_s for at_s in breaks_s):
        return True
    return word.start_s - last.end_s > (_LONG_PAUSE_S if is_latest else _PAUSE_S)
