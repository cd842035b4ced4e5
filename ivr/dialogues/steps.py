"""What the engine returns: where the caller is, what to say, what to do. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.dialogues.vocabulary import Draft

ONLY_KEYS = "only_keys"
"""Value of the draft: nobody recognises speech on this call, so questions go by the keypad."""
ASKED_ABOUT_EMERGENCY = "asked_about_emergency"
"""Value of the draft: the caller was asked once whether anyone is in danger."""
EMERGENCY = "emergency"
"""Value of the draft: the words that told of an emergency, and its kind if it is known."""
INTERRUPTED = "interrupted"
"""Value of the draft: the state and the words that a question came in between of."""


@dataclass(frozen=True)
class Prompt:
    """A prompt to speak: its key, and values for slots that are not in the draft.

    With `when`, it is spoken only if that value of the draft is set once effects have run.
    """

    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    when: str | None = None


@dataclass(frozen=True)
class Effect:
    """Something to do outside the conversation, by name, with what it needs."""

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a caller is: the state that waits for them, failures there, and the draft."""

    state: str
    failures: int
    draft: Draft


@dataclass(frozen=True)
class Step:
    """One move of a call: say these prompts, run these effects, then wait in this place."""

    place: Place
    says: tuple[Prompt, ...] = ()
    effects: tuple[Effect, ...] = ()
