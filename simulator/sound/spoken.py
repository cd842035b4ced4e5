"""Sound whose words are known, from the mouth of a scripted person to whoever hears it.

The frames of a person's sentence carry it along, through bridges and rooms, for as long as they are
passed on unchanged; what is mixed with another voice or with a tone is plain sound again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class Sentence:
    """One sentence as it is said once."""

    text: str


class Spoken(bytes):
    """20 ms of a sentence, as mu-law. `share`: how much of its speech is said with this frame."""

    sentence: Sentence
    share: float

    @classmethod
    def of(cls, frame: bytes, sentence: Sentence, share: float) -> Spoken:
        """The same frame, with what is said in it."""
        made = cls(frame)
        made.sentence, made.share = sentence, share
        return made
