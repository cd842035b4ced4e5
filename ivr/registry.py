"""The dialogues that calls may run, by name, each with its effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.services import Services
from ivr.dialogues.dialogue import Dialogue, DialogueError
from ivr.dialogues.hotline import HOTLINE
from ivr.dialogues.vocabulary import effects
from ivr.effects import HOTLINE_EFFECTS, Effect


@dataclass(frozen=True)
class Entry:
    """A dialogue and what its effects do. DialogueError names an effect that has no code."""

    dialogue: Dialogue
    effects: Mapping[str, Effect]

    def __post_init__(self) -> None:
        for state in self.dialogue.states:
            for name in effects(state):
                if name not in self.effects:
                    raise DialogueError(f"{state.name} has the effect {name}, which has no code")


class Dialogues:
    """Every dialogue of a process. A name that stands in a call's row must stay known."""

    def __init__(self, *entries: Entry) -> None:
        self._entries = {entry.dialogue.name: entry for entry in entries}

    def named(self, name: str) -> Entry:
        """The dialogue of that name. Raises DialogueError."""
        if name not in self._entries:
            known = ", ".join(self._entries)
            raise DialogueError(f"no dialogue is called {name}; expected one of {known}")
        return self._entries[name]

    @property
    def all(self) -> tuple[Dialogue, ...]:
        """The dialogues, in the order given."""
        return tuple(entry.dialogue for entry in self._entries.values())


SHIPPED = Dialogues(Entry(HOTLINE, HOTLINE_EFFECTS))


def dialogues_of(services: Services) -> Dialogues:
    """The dialogues of a process: those that ship, unless it was built with others."""
    return services.get(Dialogues) if services.has(Dialogues) else SHIPPED
