"""What recognition gives: words with seconds and confidence."""

from __future__ import annotations

from dataclasses import dataclass


class AsrError(Exception):
    """Recognition cannot work: the text says what was expected and what to do."""


@dataclass(frozen=True)
class Word:
    """One recognised word; seconds count from the start of its sound, confidence is 0 to 1."""

    word: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class Heard:
    """One utterance; an empty text means that nothing was understood."""

    text: str
    words: tuple[Word, ...] = ()

    @property
    def confidence(self) -> float:
        """Mean of the words' confidences, 0 without words."""
        return sum(w.confidence for w in self.words) / len(self.words) if self.words else 0.0


@dataclass(frozen=True)
class Transcript:
    """A whole recording: words of each channel in order of time."""

    duration_s: float
    channels: tuple[tuple[Word, ...], ...]

    @property
    def text(self) -> str:
        """Every word of every channel, by time."""
        words = sorted((w for channel in self.channels for w in channel), key=lambda w: w.start_s)
        return " ".join(word.word for word in words)
